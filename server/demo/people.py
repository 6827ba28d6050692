"""Who lives and works in the demonstration community. All of it is invented."""

from models.enums import IssueCategory as C
from models.enums import Relation, Role, Satisfaction, Tenancy

PASSWORD = "louzhang-demo"  # noqa: S105 -- printed on purpose: it opens the demonstration only

# kind, code, name, code of the parent
PLACES = [
    ("district", "demo", "示范区", ""),
    ("street", "demo-01", "南湖街道", "demo"),
    ("community", "demo-01-01", "桂花社区", "demo-01"),
    ("grid", "demo-01-01-g1", "第一网格", "demo-01-01"),
    ("grid", "demo-01-01-g2", "第二网格", "demo-01-01"),
    ("estate", "demo-01-01-e1", "桂花苑", "demo-01-01-g1"),
    ("estate", "demo-01-01-e2", "湖滨里", "demo-01-01-g2"),
    *((("building"), f"demo-01-01-b{n}", f"桂花苑{n}栋", "demo-01-01-e1") for n in range(1, 5)),
    *((("building"), f"demo-01-01-b{n}", f"湖滨里{n - 4}栋", "demo-01-01-e2") for n in range(5, 9)),
]

# user name, name, role, code of the place
STAFF = [
    ("shequ", "周敏", Role.COMMUNITY, "demo-01-01"),
    ("shequ2", "郑凯", Role.COMMUNITY, "demo-01-01"),
    ("wangge", "孙丽", Role.GRID, "demo-01-01-g1"),
    ("wangge2", "吴强", Role.GRID, "demo-01-01-g2"),
    ("jiedao", "何静", Role.STREET, "demo-01"),
    ("quji", "马超", Role.DISTRICT, "demo"),
    *((f"louzhang{n}", name, Role.HEAD, f"demo-01-01-b{n}")
      for n, name in enumerate(("李秀兰", "王建国", "陈桂英", "刘志强", "杨玉梅", "赵德明", "黄淑芬"), 1)),
]  # fmt: skip

# door, tenancy, [(name, phone, relation)], the first one being the contact; for every building with a head
HOUSEHOLDS: list[tuple[str, Tenancy, list[tuple[str, str | None, Relation]]]] = [
    ("101", Tenancy.OWNER, [("张小明", "13800000101", Relation.SELF), ("曾丽华", None, Relation.SPOUSE)]),
    ("102", Tenancy.RENTED, [("单文杰", "13800000102", Relation.TENANT)]),
    ("201", Tenancy.OWNER, [("欧阳雪", "13800000201", Relation.SELF), ("林子轩", None, Relation.CHILD)]),
    ("202", Tenancy.OWNER, [("仇大海", "13800000202", Relation.SELF)]),
    ("301", Tenancy.PUBLIC, [("解春花", None, Relation.SELF)]),
    ("302", Tenancy.VACANT, []),
]

# what is said, what is done about it, and the reporter's answers (None: silence)
Answers = tuple[bool, bool, Satisfaction] | None
STORIES: list[tuple[C, str, str, str, Answers]] = [
    (
        C.LEAK,
        "三楼水管漏水，楼梯上都是水",
        "二单元三楼",
        "换了水管接头，试水两天不漏",
        (True, True, Satisfaction.SATISFIED),
    ),
    (C.LIGHTING, "楼道灯不亮，晚上看不见台阶", "一单元四楼", "换了声控灯", (True, True, Satisfaction.SATISFIED)),
    (C.LIFT, "电梯经常停在四楼不动", "二单元", "电梯公司换了接触器", (True, True, Satisfaction.FAIRLY)),
    (
        C.CLUTTER,
        "楼道里堆了旧家具，出不去人",
        "一单元二楼",
        "和住户说好，已清走",
        (True, False, Satisfaction.UNSATISFIED),
    ),
    (C.CLEANING, "垃圾桶满了三天没人收", "楼门口", "联系保洁，改为一天两次", (True, True, Satisfaction.SATISFIED)),
    (C.NOISE, "楼上半夜装修，孩子睡不着", "三单元", "上门劝导，约定八点后停工", (False, True, Satisfaction.FAIRLY)),
    (C.SECURITY, "单元门锁坏了，谁都能进", "一单元", "换了门禁锁", None),
]
# Which of the stories happen in which building, in the month that is published and in the one that is a draft.
HAPPENED = {
    1: [0, 1, 2, 4],
    2: [0, 1, 3, 4],
    3: [1, 2, 4, 5],
    4: [0, 3, 5],
    5: [0, 1, 2],
    6: [3, 5, 1],
    7: [4, 6],
    8: [1],
}
STARS = {
    1: (5, 5, 4, 5),
    2: (4, 4, 4, 3),
    3: (4, 5, 5, 4),
    4: (3, 3, 4, 4),
    5: (5, 4, 4, 4),
    6: (2, 3, 3, 3),
    7: (4, 4, 3, 4),
}
# Still being worked on: building, category, words, how far it went
OPEN = [
    (1, C.SEWER, "厨房下水往外冒水", "reported"),
    (2, C.PARKING, "消防通道停满了车", "accepted"),
    (3, C.LEAK, "屋顶渗水，卧室墙发霉", "passed_up"),
    (5, C.CARE, "隔壁独居老人两天没出门了", "in_progress"),
    (8, C.POWER, "半栋楼没电", "reported"),
]
