"""The rule book we ship: fits housing estates, holds wherever a place has published none of its own.

Its numbers of time are those of 吹哨报到 (sign in within an hour, contact within 24, report within 5 working days), gentler
for heads, who are volunteers. Words are few and readable: each was tried against real messages (docs/rules.md).
"""

from models.enums import IssueCategory, Triage
from server.rules.book import DEFAULT_CLOCKS, Emergency, Kind, RuleBook
from server.rules.book_topics_building import TOPICS as BUILDING
from server.rules.book_topics_building import words
from server.rules.book_topics_living import TOPICS as LIVING

C = IssueCategory

# A category's own words count for half: they place a text that no topic fits.
_WORDS: dict[IssueCategory, str] = {
    C.LEAK: "漏水 渗水 渗漏",
    C.POWER: "用电 供电 电力",
    C.LIFT: "电梯",
    C.SEWER: "污水 排水",
    C.LIGHTING: "照明 路灯",
    C.CLEANING: "卫生 垃圾",
    C.CLUTTER: "杂物 堆放",
    C.FIRE_SAFETY: "消防 火灾",
    C.PARKING: "停车 车位",
    C.NOISE: "噪音 噪声 扰民",
    C.NEIGHBOUR: "邻居 邻里",
    C.SECURITY: "治安 安保",
    C.GREENERY: "绿化 树木",
    C.PETS: "宠物 养狗",
    C.CARE: "独居老人 困难老人",
    C.ERRAND: "代办",
}
_TRIAGE = {C.NEIGHBOUR: Triage.PRIVATE, C.CARE: Triage.PRIVATE, C.ERRAND: Triage.PRIVATE}

EMERGENCIES = (
    Emergency(
        "fire",
        "着火",
        "119",
        "先离开，再打119。不要坐电梯，不要回去拿东西。",
        words("着火 起火 失火 火灾 冒烟 烧起来 冒火 爆炸 火苗"),
        words("消防演练 火灾隐患 火灾事故隐患 火灾报警 火灾探测 火灾风险 起火风险 火灾逃生 自然起火 冒烟囱 火灾发生"),
    ),
    Emergency(
        "gas",
        "燃气泄漏",
        "119",
        "关阀门，开窗，不要开关电器，到屋外再打119和燃气公司的抢修电话。",
        words(
            "燃气味 煤气味 燃气泄漏 煤气泄漏 燃气+泄漏 闻到燃气 闻到煤气 煤气中毒 燃气泄露 煤气泄露 漏煤气 漏燃气 天然气+泄漏"
        ),
        words("泄漏报警器 泄露报警器 泄漏报警 泄露报警 泄漏隐患"),
    ),
    Emergency(
        "medical",
        "有人受伤、昏倒",
        "120",
        "有人受伤、昏倒、喘不上气，马上打120，说清小区、几栋、几单元、几楼。",
        words("昏倒 晕倒 昏迷 没有呼吸 叫不醒 大出血 心脏病发作 有人受伤 触电 溺水 摔伤了 坠楼 摔下楼 从楼上掉下来"),
        words("触电危险 触电风险 触电隐患 触电事故隐患 小孩+坠楼风险"),
    ),
    Emergency(
        "police",
        "有人行凶、轻生、被困、走失",
        "110",
        "有危险先躲开，再打110。有人要跳楼，也打110，不要刺激他。",
        words("跳楼 轻生 自杀 持刀 拿刀 砍人 抢劫 打人了 正在打人 家暴 入室盗窃 有人行凶 走失了 绑架"),
        words("楼盘跳楼 跳楼价 抢劫式"),
    ),
    Emergency(
        "lift",
        "困在电梯里",
        "119",
        "按轿厢里的报警铃，不要扒门。没人答应就打119。",
        words("困在电梯 电梯+被困 电梯困人 关在电梯里 困在里面+电梯"),
    ),
)
HEDGES = words(
    "担心 害怕 生怕 就怕 防止 避免 以免 免得 容易 极易 万一 如果 假如 一旦 要是 可能 会引发 会引起 会导致 会造成 会发生 将引发 威胁 "
    "随时 曾经 去年 前年 上次 上个月 发生过 预防 杜绝 没有 隐患 一直没 差点"
)
URGENT = words("正在漏 喷水 马上要 快要倒 出不去 裸露 漏电 危在旦夕 已经砸 孕妇 轮椅出不去 停了三天 发烧 婴儿")
BIG = words("全小区 整个小区 多栋楼 几百户 上千户 全体业主 开发商 违法 违规审批 多次投诉 12345 污染")

STANDARD = RuleBook(
    kinds=tuple(Kind(c, c.zh, _TRIAGE.get(c, Triage.SMALL), words(_WORDS.get(c, ""))) for c in C),
    topics=(*BUILDING, *LIVING),
    emergencies=EMERGENCIES,
    hedges=HEDGES,
    urgent_words=URGENT,
    big_words=BIG,
    clocks=DEFAULT_CLOCKS,
)
