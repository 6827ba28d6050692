"""The shipped topics about the building and its installations. Ours, for housing estates; a place edits its own copy."""

from models.enums import IssueCategory, Level, Triage
from server.rules.book import Ask, Question, Topic
from server.rules.clocks import Clocks, Span, Unit

C = IssueCategory
WHERE_FROM = Question("水从哪里来？", options=("楼上人家", "屋顶或外墙", "公共水管", "说不清"))
STOPPED = Question("停了多久？", options=("刚停", "半天以内", "一天以上"))
HOW_MANY = Question("影响多少人家？", options=("只有我家", "一个单元", "整栋或更多"))
INSIDE = Question("现在有人困在里面吗？", Ask.YES_NO)
THREE_DAYS = Clocks(report=Span(3, Unit.WORKDAYS))


def words(text: str) -> tuple[str, ...]:
    """Words written with blanks between them."""
    return tuple(text.split())


TOPICS: tuple[Topic, ...] = (
    # --- 漏水渗水
    Topic(
        "leak_upstairs",
        C.LEAK,
        "楼上往下漏",
        words("楼上+漏水 楼上+渗水 往下漏水 漏到楼下 天花板+漏水 天花板+渗水 卫生间+渗水 卫生间+漏水 厨房+漏水"),
        Triage.PRIVATE,
        responsible=("楼上住户（谁家漏水谁家修）", "物业服务企业（协助查漏）"),
        questions=(Question("现在还在漏吗？", Ask.YES_NO), Question("和楼上说过吗？", Ask.YES_NO)),
    ),
    Topic(
        "leak_roof",
        C.LEAK,
        "屋顶、外墙漏",
        words(
            "屋顶+漏 楼顶+漏 屋面+漏 顶楼+漏 天台+漏 外墙+渗 外墙+漏 "
            "外墙渗水 墙体+渗水 墙面+渗水 下雨+漏水 下雨+渗水 房屋漏水 防水层"
        ),
        department="住房和城乡建设部门",
        responsible=("开发建设单位（保修期内）", "物业服务企业（可申请维修资金）"),
        questions=(Question("房子在保修期内吗？", options=("在", "过了", "不知道")),),
        after_photo=True,
    ),
    Topic(
        "leak_pipe",
        C.LEAK,
        "公共水管漏水",
        words("水管+漏 水管爆 爆管 水管破裂 管道漏水 水管+滴水 公共+漏水 车库+渗水 车库+漏水 地库+漏水 地下室+漏水"),
        urgent=True,
        responsible=("物业服务企业", "供水公司（水表以前）"),
        questions=(Question("水大不大？", options=("滴水", "流水", "喷水")),),
        after_photo=True,
    ),
    # --- 停电用电
    Topic(
        "power_out",
        C.POWER,
        "停电",
        words("停电 没电了 断电 跳闸 没有电 电力不足 频繁停电"),
        urgent=True,
        responsible=("供电公司（95598）", "物业服务企业（小区内线路）"),
        questions=(HOW_MANY, STOPPED),
    ),
    Topic(
        "power_wire",
        C.POWER,
        "电线裸露、私拉",
        words(
            "电线裸露 线头裸露 电线+裸露 私拉电线 私搭电线 私拉乱接 私拉+电线 "
            "电线+乱 飞线 电线老化 线路老化 漏电 电箱 配电箱 电表箱"
        ),
        urgent=True,
        questions=(Question("人够得着吗？", Ask.YES_NO),),
        after_photo=True,
    ),
    Topic(
        "power_charging",
        C.POWER,
        "充电桩",
        words("充电桩 充电设施 充电站 充电车棚 电瓶车充电 电动车充电点"),
        responsible=("物业服务企业", "供电公司（95598）"),
        questions=(Question("要什么？", options=("想装一个", "坏了", "收费问题")),),
    ),
    Topic(
        "power_supply",
        C.POWER,
        "电表、电费",
        words("电费 电表 一户一表 电价 用电+收费 合表"),
        Triage.BIG,
        first=Level.COMMUNITY,
        department="发展改革（能源）部门",
        responsible=("供电公司（95598）",),
    ),
    # --- 电梯
    Topic(
        "lift_trapped",
        C.LIFT,
        "有人被困",
        words("困在电梯 电梯困人 电梯+被困 关在电梯"),
        urgent=True,
        emergency="lift",
        questions=(INSIDE,),
        first=Level.HEAD,
    ),
    Topic(
        "lift_stopped",
        C.LIFT,
        "电梯停了",
        words("电梯+停运 电梯停了 电梯+停用 电梯+坏了 电梯坏 电梯+不能用 电梯+故障 电梯+报修 电梯维修 没有电梯用"),
        urgent=True,
        responsible=("物业服务企业", "电梯维保单位"),
        questions=(STOPPED, Question("有行动不便的人出不去吗？", Ask.YES_NO)),
    ),
    Topic(
        "lift_unsafe",
        C.LIFT,
        "异响、抖动、下坠",
        words(
            "电梯+异响 电梯+抖动 电梯+下坠 电梯+下滑 电梯坠落 电梯+坠落 "
            "电梯+夹 电梯+安全隐患 电梯+隐患 电梯事故 电梯质量 电梯门+关不上 电梯门"
        ),
        urgent=True,
        department="市场监督管理部门（特种设备）",
        responsible=("物业服务企业", "电梯维保单位"),
    ),
    Topic(
        "lift_add",
        C.LIFT,
        "加装、更换电梯",
        words("加装电梯 增设电梯 安装电梯 电梯加装 更换电梯 老旧电梯 装电梯"),
        Triage.BIG,
        first=Level.COMMUNITY,
        department="住房和城乡建设部门",
        questions=(Question("邻居们商量过吗？", options=("还没有", "商量过，没谈拢", "大家同意了")),),
    ),
    # --- 下水堵塞
    Topic(
        "sewer_blocked",
        C.SEWER,
        "堵了、往外冒",
        words("下水道 下水管 污水+冒 堵塞 管道堵 污水横流 污水外溢 粪便+冒 化粪池 返水 返臭 反臭 倒灌 马桶堵 污水管"),
        questions=(Question("堵在哪里？", options=("自己家里", "楼栋总管", "院子里的井", "说不清")),),
        responsible=("物业服务企业", "自己家里的支管由住户疏通"),
        after_photo=True,
    ),
    Topic(
        "sewer_flood",
        C.SEWER,
        "积水、内涝",
        words("积水 内涝 被淹 水淹 排水不畅 排水系统 雨污 排水管网 进水了"),
        urgent=True,
        department="住房和城乡建设（排水）部门",
        questions=(Question("水进屋、进车库了吗？", Ask.YES_NO),),
    ),
    Topic(
        "sewer_cover",
        C.SEWER,
        "井盖没了、坏了",
        words("井盖 窨井 下水井"),
        urgent=True,
        responsible=("井盖上写的单位", "物业服务企业（小区内）"),
        after_photo=True,
    ),
    # --- 楼道照明
    Topic(
        "light_stairs",
        C.LIGHTING,
        "楼道灯",
        words("楼道灯 楼+灯 声控灯 感应灯 走廊灯 楼梯灯 楼道+黑 楼道照明"),
        questions=(Question("几楼的灯？", Ask.TEXT),),
        after_photo=True,
    ),
    Topic(
        "light_yard",
        C.LIGHTING,
        "院子、路上的灯",
        words("路灯 小区+照明 照明设施 车库+灯 没有灯 灯不亮 灯坏"),
        responsible=("物业服务企业（小区内）", "城市照明管理部门（市政道路）"),
    ),
    Topic(
        "light_glare",
        C.LIGHTING,
        "灯太亮、光污染",
        words("光污染 灯光+刺眼 灯光扰民 广告灯 霓虹灯 灯光秀"),
        department="城市管理部门",
    ),
    # --- 消防安全
    Topic(
        "fire_bike",
        C.FIRE_SAFETY,
        "电动车进楼、飞线充电",
        words(
            "电动车+进楼 电动车+上楼 电瓶车+上楼 电瓶车+进楼 楼道+充电 "
            "飞线充电 电动车+楼道 电瓶车+楼道 电瓶+充电 进电梯+电动车"
        ),
        urgent=True,
        department="消防救援机构",
        questions=(Question("正在充电吗？", Ask.YES_NO),),
        after_photo=True,
    ),
    Topic(
        "fire_passage",
        C.FIRE_SAFETY,
        "消防通道被占、被锁",
        words("消防通道 消防车道 安全出口 疏散通道 逃生通道 消防门 防火门 消防登高"),
        department="消防救援机构",
        questions=(Question("被什么占的？", options=("车", "杂物", "锁上了", "盖了东西")),),
        after_photo=True,
        ordinary=THREE_DAYS,
    ),
    Topic(
        "fire_equipment",
        C.FIRE_SAFETY,
        "消防设施坏了、没有",
        words("灭火器 消火栓 消防栓 消防设施 消防设备 烟感 喷淋 消防+不合格 消防验收 消防水 消防+隐患 消防安全"),
        department="消防救援机构",
        responsible=("物业服务企业（公共消防设施）",),
        after_photo=True,
    ),
    # --- 门禁治安
    Topic(
        "door_lock",
        C.SECURITY,
        "门锁、门禁、对讲",
        words("门禁 单元门 门锁 对讲 刷脸 门卡 人脸识别 大门+坏"),
        questions=(Question("怎么坏的？", options=("锁不上", "打不开", "对讲没声音", "别的")),),
        after_photo=True,
    ),
    Topic(
        "door_camera",
        C.SECURITY,
        "监控摄像头",
        words("监控 摄像头"),
        questions=(Question("要什么？", options=("坏了", "想加装", "想调看", "照到我家了")),),
    ),
    Topic(
        "theft",
        C.SECURITY,
        "被偷、可疑的人",
        words("被盗 偷盗 盗窃 被偷了 小偷 可疑人员 陌生人 入室 偷电瓶 治安 失窃"),
        urgent=True,
        emergency="police",
        responsible=("派出所（110）",),
    ),
    Topic(
        "illegal",
        C.SECURITY,
        "赌博、传销、群租",
        words("赌博 聚赌 麻将馆 棋牌室 传销 卖淫 群租 吸毒 色情 出租房+治安 打隔断 日租房 民宿"),
        Triage.BIG,
        first=Level.COMMUNITY,
        department="公安部门",
        responsible=("派出所（110）",),
    ),
    # --- 楼道堆物
    Topic(
        "clutter_stairs",
        C.CLUTTER,
        "楼道、门口堆东西",
        words(
            "楼道+堆 走廊+堆 堆放杂物 堆杂物 堆物 楼梯+堆 "
            "楼道+杂物 楼道+鞋柜 公共空间+堆 公共区域+堆 纸箱+楼道 公共空间+摆放 堆满"
        ),
        questions=(Question("谁家的，知道吗？", options=("知道", "不知道", "没人要的")),),
        after_photo=True,
    ),
    Topic(
        "clutter_bikes",
        C.CLUTTER,
        "旧车、共享单车",
        words("僵尸车 废旧自行车 自行车+乱 共享单车 旧自行车 单车+堆 非机动车+乱停 电动车+乱停 电瓶车+乱停 自行车挡路"),
        after_photo=True,
    ),
    Topic(
        "clutter_occupied",
        C.CLUTTER,
        "公共地方被占",
        words(
            "占用公共 侵占公共 公共空间+占 公共区域+占 公共走廊 公共通道 "
            "占为己有 圈地 连廊 公摊+占 架空层 占用+绿地 公共面积"
        ),
        department="城市管理部门",
    ),
)
