"""The shipped topics about living together, and what others answer for. Ours; a place edits its own copy."""

from models.enums import IssueCategory, Level, Triage
from server.rules.book import Ask, Helper, HelperKind, Question, Topic
from server.rules.book_topics_building import HOW_MANY, STOPPED, THREE_DAYS, words

C, BIG, PRIVATE = IssueCategory, Triage.BIG, Triage.PRIVATE
WHEN = Question("多在什么时候？", options=("白天", "晚上10点前", "夜里", "整天"))
MEDIATORS = Helper(HelperKind.NEIGHBOURS, "人民调解员", "请双方坐下来说一说")
VOLUNTEERS = Helper(HelperKind.VOLUNTEERS, "社区志愿者", "上门看望、陪办、代买代取")
MARKET = Helper(HelperKind.MARKET, "社区推荐的上门服务", "收费的活，先问价再做")

TOPICS: tuple[Topic, ...] = (
    # --- 卫生垃圾
    Topic(
        "rubbish",
        C.CLEANING,
        "垃圾没清、乱扔",
        words("垃圾 垃圾桶 垃圾站 垃圾房 垃圾分类 乱扔 乱倒 建筑垃圾 装修垃圾 没人打扫 没人清理"),
        responsible=("物业服务企业（小区内）", "环卫部门（市政道路）"),
        questions=(Question("是什么垃圾？", options=("生活垃圾", "装修垃圾", "大件家具", "别的")),),
        after_photo=True,
    ),
    Topic(
        "dirty",
        C.CLEANING,
        "楼道、院子脏",
        words("楼道+脏 脏乱差 脏乱 卫生差 环境卫生 小广告 保洁 打扫 卫生+无人管 楼道+卫生"),
        after_photo=True,
    ),
    Topic(
        "smell",
        C.CLEANING,
        "油烟、臭味、灰尘",
        words("油烟 臭味 恶臭 异味 臭气 刺鼻 气味难闻 粉尘 灰尘 扬尘 废气 烟道 烧烤+烟 烟熏 焚烧 油漆味 油漆气味"),
        BIG,
        first=Level.COMMUNITY,
        department="生态环境部门",
        responsible=("城市管理部门（餐饮油烟）", "生态环境部门（企业排放）"),
        questions=(Question("从哪里来？", options=("饭店、烧烤店", "邻居家", "工厂、工地", "垃圾、下水")),),
    ),
    Topic(
        "pests",
        C.CLEANING,
        "老鼠、蚊虫、白蚁",
        words("老鼠 蟑螂 蚊虫 蚊子 白蚁 蚊蝇 消杀 鼠患 马蜂"),
    ),
    # --- 停车占道
    Topic(
        "car_blocking",
        C.PARKING,
        "车堵着出不去",
        words("堵住+车 挡住+车 车+挡住 堵门 挡道 出不去 堵住出口 堵车库 挪车 堵住路口"),
        urgent=True,
        responsible=("交警（122，挪车）",),
    ),
    Topic(
        "car_wild",
        C.PARKING,
        "乱停、占道",
        words(
            "乱停 违停 违章停车 占道停车 停车+占道 占用车位 "
            "人行道+停 路边停车 停满了车 停车秩序 占用消防+车 乱停车 停放"
        ),
        responsible=("物业服务企业（小区内）", "交警部门（市政道路）"),
    ),
    Topic(
        "car_fee",
        C.PARKING,
        "车位、停车费",
        words("车位 停车费 停车收费 停车位 停车难 租车位 地下停车 人防车位 停车场 停车库 车库+收费"),
        department="发展改革（价格）部门",
        responsible=("物业服务企业", "业主委员会"),
        questions=(Question("是哪方面？", options=("车位不够", "收费", "只卖不租", "别的")),),
    ),
    Topic(
        "street_stalls",
        C.PARKING,
        "摆摊、占道经营",
        words("占道经营 摆摊 流动摊贩 店外经营 占道摆 夜市 出店经营 马路市场 夜宵摊"),
        BIG,
        first=Level.COMMUNITY,
        department="城市管理部门",
    ),
    # --- 噪音扰民
    Topic(
        "noise_home",
        C.NOISE,
        "邻居家的声音",
        words(
            "楼上+吵 楼上+噪音 邻居+噪音 邻居+吵 邻居+扰民 弹琴 钢琴 "
            "跑跳 拖桌椅 半夜+扰民 业主+噪音 楼上+跳 打麻将+吵 住户+噪音 音响"
        ),
        PRIVATE,
        questions=(WHEN, Question("和邻居说过吗？", Ask.YES_NO)),
        helpers=(MEDIATORS,),
        responsible=("派出所（深夜可打110）",),
    ),
    Topic(
        "noise_renovation",
        C.NOISE,
        "装修的声音",
        words("装修+噪音 装修+吵 装修扰民 装修+扰民 电钻 装修时间 装修+休息"),
        questions=(WHEN,),
        responsible=("物业服务企业（装修管理）",),
    ),
    Topic(
        "noise_site",
        C.NOISE,
        "工地施工",
        words("工地 夜间施工 施工噪音 施工+扰民 深夜施工 通宵施工 施工+噪音 打桩 搅拌站 渣土车 施工+休息 搅拌厂"),
        BIG,
        first=Level.COMMUNITY,
        department="生态环境部门",
        questions=(WHEN,),
    ),
    Topic(
        "noise_shop",
        C.NOISE,
        "店铺、歌厅、广场舞",
        words(
            "ktv 歌厅 酒吧 广场舞 烧烤店 夜宵店 门店+噪音 商铺+噪音 "
            "店铺+噪音 店+扰民 音乐+扰民 喇叭 饭店+噪音 娱乐场所 唱歌 酒店+噪音 会所+扰民"
        ),
        BIG,
        first=Level.COMMUNITY,
        department="公安部门",
        responsible=("派出所（110）", "城市管理部门"),
        questions=(WHEN,),
    ),
    Topic(
        "noise_machine",
        C.NOISE,
        "水泵、机器、道路",
        words(
            "水泵+噪音 低频噪音 低频+噪 机器+噪音 设备+噪音 空调外机 变压器 "
            "高架+噪音 道路+噪音 高速+噪音 火车+噪音 机器轰鸣 设备+轰鸣 车辆+噪音 厂+噪音"
        ),
        department="生态环境部门",
    ),
    Topic("noise_other", C.NOISE, "别的声音", words("噪音 噪声 扰民 太吵 很吵 吵得 吵醒"), questions=(WHEN,)),
    # --- 邻里纠纷
    Topic(
        "mediate",
        C.NEIGHBOUR,
        "想请人调解",
        words("邻居 邻里 调解 纠纷 隔壁 吵架 对门"),
        PRIVATE,
        helpers=(MEDIATORS,),
        responsible=("人民调解委员会",),
    ),
    Topic(
        "throwing",
        C.NEIGHBOUR,
        "高空抛物",
        words("高空抛物 高空坠物 楼上扔 往下扔 抛物"),
        urgent=True,
        department="公安部门",
        responsible=("派出所（110）",),
    ),
    Topic(
        "wall_knocked",
        C.NEIGHBOUR,
        "敲墙、改结构",
        words("承重墙 破坏结构 改变结构 拆墙 砸墙 破墙 房屋结构 私自改造 擅自改 墙+开裂"),
        BIG,
        urgent=True,
        first=Level.COMMUNITY,
        department="住房和城乡建设部门",
        questions=(Question("现在还在敲吗？", Ask.YES_NO),),
    ),
    # --- 绿化树木
    Topic(
        "tree_danger",
        C.GREENERY,
        "树要倒、断枝",
        words("树+倒 树枝+断 枯树 树+砸 大树+倾斜 树+危险"),
        urgent=True,
        after_photo=True,
    ),
    Topic(
        "tree_trim",
        C.GREENERY,
        "树挡窗、要修剪",
        words("修剪 树+挡 树枝 遮挡阳光 树木遮挡 树+采光 树叶 杨絮 飘絮 飞絮"),
        after_photo=True,
    ),
    Topic(
        "green_lost",
        C.GREENERY,
        "绿地被毁、没人管",
        words("毁绿 绿化 绿地 草坪 绿化带 种菜 砍树 砍伐 花坛"),
        department="园林绿化部门",
        after_photo=True,
    ),
    # --- 宠物
    Topic(
        "dog",
        C.PETS,
        "遛狗、狗叫、粪便",
        words("遛狗 养狗 狗+拴绳 狗绳 狗叫 狗屎 犬吠 大型犬 烈性犬 宠物 狗+粪便 养犬 狗吠"),
        questions=(Question("是哪一样？", options=("不拴绳", "叫声", "粪便", "烈性犬")),),
        responsible=("公安部门（犬只管理）",),
    ),
    Topic("stray", C.PETS, "流浪猫狗", words("流浪猫 流浪狗 野狗 野猫 流浪犬"), responsible=("公安部门（犬只收容）",)),
    Topic(
        "bitten",
        C.PETS,
        "咬了人",
        words("狗咬 咬伤 被狗 狗+咬 狗伤人"),
        urgent=True,
        emergency="medical",
        responsible=("派出所（110）",),
    ),
    Topic("poultry", C.PETS, "养鸡养鸭", words("养鸡 养鸭 鸡鸭 家禽 养鸽 公鸡"), responsible=("城市管理部门",)),
    # --- 老人困难帮扶
    Topic(
        "elder_missing",
        C.CARE,
        "老人联系不上",
        words("老人+联系不上 独居老人+没人 老人+走失 老人+不开门 走失 几天没见"),
        urgent=True,
        emergency="police",
        questions=(Question("最后一次见到是什么时候？", Ask.TEXT),),
    ),
    Topic(
        "elder_help",
        C.CARE,
        "老人、病人要帮手",
        words("独居老人 孤寡老人 老人+照顾 空巢 卧床 瘫痪 行动不便 助餐 养老服务 老年食堂 居家养老 老人+帮助"),
        PRIVATE,
        helpers=(VOLUNTEERS, MARKET),
    ),
    Topic(
        "hardship",
        C.CARE,
        "生活困难、低保",
        words("低保 困难补助 生活困难 救助 贫困 残疾 特困 家庭困难 临时救助 失独"),
        BIG,
        first=Level.COMMUNITY,
        department="民政部门",
    ),
    # --- 代办事项
    Topic(
        "papers",
        C.ERRAND,
        "证明、手续",
        words("居住证明 开证明 办手续 居住证 户口迁 落户 医保卡 社保卡 身份证 老年证 代办"),
        PRIVATE,
        helpers=(VOLUNTEERS,),
        responsible=("街道便民服务中心",),
        questions=(Question("要办什么？", Ask.TEXT),),
    ),
    Topic(
        "small_repair",
        C.ERRAND,
        "家里小修、代买",
        words("代买 代取 家里+修 通马桶 换灯泡 修水龙头 搬东西"),
        PRIVATE,
        helpers=(VOLUNTEERS, MARKET),
    ),
    # --- 其他
    Topic(
        "water_out",
        C.OTHER,
        "停水、水压、水质",
        words("停水 没水 水压 水质 自来水 二次供水 水费 水黄 供水 水表"),
        urgent=True,
        department="水务部门",
        responsible=("供水公司", "物业服务企业（二次供水）"),
        questions=(HOW_MANY, STOPPED),
    ),
    Topic(
        "gas",
        C.OTHER,
        "燃气（通气、管道）",
        words("天然气 燃气 煤气 通气 液化气 燃气管道"),
        BIG,
        first=Level.COMMUNITY,
        department="住房和城乡建设（燃气）部门",
        responsible=("燃气公司",),
    ),
    Topic(
        "heating",
        C.OTHER,
        "供暖",
        words("供暖 暖气 集中供热 采暖 不热"),
        BIG,
        urgent=True,
        first=Level.COMMUNITY,
        responsible=("供热公司",),
    ),
    Topic(
        "house_danger",
        C.OTHER,
        "外墙、房屋要掉要塌",
        words("外墙脱落 墙皮脱落 瓷砖脱落 脱落 危房 房屋开裂 裂缝 沉降 倾斜 塌陷 坍塌 地面下沉 墙体开裂"),
        BIG,
        urgent=True,
        first=Level.COMMUNITY,
        department="住房和城乡建设部门",
        after_photo=True,
    ),
    Topic(
        "unlawful_building",
        C.OTHER,
        "违章搭建",
        words("违建 违章搭建 违法搭建 违章建筑 私自搭建 乱搭乱建 违规搭建 违法建筑 加盖 私搭乱建 阳光房 住改商"),
        BIG,
        first=Level.COMMUNITY,
        department="城市管理部门",
        questions=(Question("还在建吗？", Ask.YES_NO),),
    ),
    Topic(
        "estate_company",
        C.OTHER,
        "物业服务、物业费",
        words(
            "物业费 物业+不作为 物业公司 物业管理 物业服务 物业收费 "
            "物业+乱收费 没有物业 物业合同 物业+不管 保安 物业+投诉"
        ),
        first=Level.COMMUNITY,
        department="住房和城乡建设（物业）部门",
        responsible=("物业服务企业", "业主委员会"),
        questions=(Question("是哪方面？", options=("不管事", "收费", "换物业", "账目")),),
    ),
    Topic(
        "owners",
        C.OTHER,
        "业委会、维修资金",
        words("业委会 业主委员会 业主大会 维修资金 维修基金 公共收益 物业维修金 筹备组"),
        first=Level.COMMUNITY,
        department="住房和城乡建设（物业）部门",
    ),
    Topic(
        "developer",
        C.OTHER,
        "开发商、房产证、交房",
        words(
            "开发商 房产证 产权证 不动产证 不动产权 交房 虚假宣传 延期交房 "
            "逾期交房 质量问题 办证 购房合同 烂尾 商品房 规划变更 房开"
        ),
        BIG,
        first=Level.COMMUNITY,
        department="住房和城乡建设部门",
        responsible=("开发建设单位", "不动产登记中心"),
    ),
    Topic(
        "renewal",
        C.OTHER,
        "老旧改造、拆迁",
        words("老旧小区改造 旧城改造 提质改造 拆迁 征收 安置房 棚改 回迁 棚户区 小区改造 老旧小区"),
        BIG,
        first=Level.COMMUNITY,
        department="住房和城乡建设部门",
    ),
    Topic(
        "facilities",
        C.OTHER,
        "路面、健身器材、设施",
        words(
            "健身器材 路面+破 路面坑 坑洼 道路破损 无障碍 坡道 "
            "扶手 信号+差 快递柜 护栏 路面+损坏 健身设施 没有信号 晾衣"
        ),
        after_photo=True,
        ordinary=THREE_DAYS,
    ),
    Topic(
        "city",
        C.OTHER,
        "学校、公交、规划",
        words(
            "学区 入学 幼儿园 公交 红绿灯 斑马线 地铁 规划 小学 中学 招生 天桥 学位 公交站 信号塔 基站 高压线 变电站"
        ),
        BIG,
        first=Level.COMMUNITY,
        responsible=("12345政务服务热线",),
    ),
)
