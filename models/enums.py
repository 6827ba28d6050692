"""The closed vocabularies of the product: every stored word, once, with what it is called on screen.

The values are stored in the database and sent over the API, so they never change; the Chinese words on screen may.
State families are named here once: other code asks for the family and never rebuilds it.
"""

from enum import StrEnum


class Word(StrEnum):
    """A stored word that knows what citizens call it. Define members as `NAME = "value", "屏幕上的词"`."""

    zh: str

    def __new__(cls, value: str, zh: str) -> "Word":
        member = str.__new__(cls, value)
        member._value_ = value
        member.zh = zh
        return member


class PlaceKind(Word):
    """Nodes of the place tree, from the root down. A parent must stand higher in this order than its child."""

    DISTRICT = "district", "区"
    STREET = "street", "街道/镇"
    COMMUNITY = "community", "社区/村"
    GRID = "grid", "网格"
    ESTATE = "estate", "小区"
    BUILDING = "building", "楼栋/院坝"

    @property
    def depth(self) -> int:
        """0 for a district … 5 for a building."""
        return list(PlaceKind).index(self)


class Role(Word):
    """What a person may be appointed to. An appointment (person × role × place × term) is the only source of rights."""

    HEAD = "head", "楼栋长"
    GRID = "grid", "网格员"
    COMMUNITY = "community", "社区居委会"
    STREET = "street", "街道"
    DISTRICT = "district", "区"
    DEPARTMENT = "department", "职能部门"
    OPERATOR = "operator", "运维"


# The kinds of place a role can be appointed to (an operator sees no business data and stands on a district).
ROLE_PLACES: dict[Role, PlaceKind] = {
    Role.HEAD: PlaceKind.BUILDING,
    Role.GRID: PlaceKind.GRID,
    Role.COMMUNITY: PlaceKind.COMMUNITY,
    Role.STREET: PlaceKind.STREET,
    Role.DISTRICT: PlaceKind.DISTRICT,
    Role.DEPARTMENT: PlaceKind.DISTRICT,
    Role.OPERATOR: PlaceKind.DISTRICT,
}
OFFICE_ROLES = frozenset(Role) - {Role.HEAD}


class SessionKind(Word):
    """Which door a signed-in session came through."""

    MINIPROGRAM = "miniprogram", "小程序"
    CONSOLE = "console", "网页工作台"
    PAGE = "page", "微信里打开的网页"


class Tenancy(Word):
    """How a household lives in its door."""

    OWNER = "owner", "自住"
    RENTED = "rented", "出租"
    PUBLIC = "public", "公租/单位房"
    VACANT = "vacant", "空置"
    OTHER = "other", "其他"


class Relation(Word):
    """A resident's relation to the household's contact person."""

    SELF = "self", "本人"
    SPOUSE = "spouse", "配偶"
    CHILD = "child", "子女"
    PARENT = "parent", "父母"
    TENANT = "tenant", "租户"
    RELATIVE = "relative", "亲属"
    OTHER = "other", "其他"


class IssueCategory(Word):
    """What is broken, in the words of a stairwell. Two levels with questions come with the triage rules."""

    LEAK = "leak", "漏水渗水"
    POWER = "power", "停电用电"
    LIFT = "lift", "电梯"
    SEWER = "sewer", "下水堵塞"
    LIGHTING = "lighting", "楼道照明"
    CLEANING = "cleaning", "卫生垃圾"
    CLUTTER = "clutter", "楼道堆物"
    FIRE_SAFETY = "fire_safety", "消防安全"
    PARKING = "parking", "停车占道"
    NOISE = "noise", "噪音扰民"
    NEIGHBOUR = "neighbour", "邻里纠纷"
    SECURITY = "security", "门禁治安"
    GREENERY = "greenery", "绿化树木"
    PETS = "pets", "宠物"
    CARE = "care", "老人困难帮扶"
    ERRAND = "errand", "代办事项"
    OTHER = "other", "其他"


class Channel(Word):
    """How an issue reached us."""

    SCAN = "scan", "扫码"
    MINIPROGRAM = "miniprogram", "小程序"
    HEAD = "head", "楼栋长代报"
    PHONE = "phone", "电话"
    PAPER = "paper", "书面"
    LEDGER = "ledger", "台账导入"
    OPEN311 = "open311", "其他系统"


class Anonymity(Word):
    """How much of the reporter is known, chosen by the reporter. Handlers are told of nobody in any of the three."""

    OPEN = "open", "可以联系我"  # handlers may open the phone that was left, with a reason
    HIDDEN = "hidden", "对办理人员保密"  # sealed: two people and a reason open it, and the reporter is told
    NONE = "none", "不留身份"  # nothing is stored: only the claim code


class Triage(Word):
    """The three kinds of matter (三事分流); all three are followed up."""

    BIG = "big", "大事"  # the government's: departments, street, district
    SMALL = "small", "小事"  # the committee's: the community solves it with the estate
    PRIVATE = "private", "私事"  # one's own: neighbours, volunteers, the market help


class IssueState(Word):
    """Where an issue stands (design: "How an issue lives")."""

    REPORTED = "reported", "待受理"
    ACCEPTED = "accepted", "已受理"
    IN_PROGRESS = "in_progress", "办理中"
    RESOLVED = "resolved", "已办结待确认"
    REOPENED = "reopened", "还没好，重新办理"
    CONFIRMED = "confirmed", "已销号"
    CLOSED_SILENT = "closed_silent", "无回音结束"
    DECLINED = "declined", "不予受理"
    DUPLICATE = "duplicate", "已并案"
    WITHDRAWN = "withdrawn", "已撤回"


OPEN_STATES = frozenset({IssueState.REPORTED, IssueState.ACCEPTED, IssueState.IN_PROGRESS, IssueState.REOPENED})
AWAITING_REPORTER = frozenset({IssueState.RESOLVED})
ENDED_STATES = frozenset(IssueState) - OPEN_STATES - AWAITING_REPORTER


class Level(Word):
    """Who has the issue in hand, from the nearest to the farthest."""

    HEAD = "head", "楼栋长"
    GRID = "grid", "网格"
    COMMUNITY = "community", "社区"
    STREET = "street", "街道"
    DEPARTMENT = "department", "职能部门"
    DISTRICT = "district", "区"

    @property
    def height(self) -> int:
        """0 for the head … 5 for the district."""
        return _HEIGHT[self]


_HEIGHT = {level: height for height, level in enumerate(Level)}


class Move(Word):
    """Everything that can happen to an issue; each leaves one event on its timeline."""

    REPORT = "report", "上报"
    ACCEPT = "accept", "受理"
    START = "start", "开始办理"
    NOTE = "note", "进展说明"
    RESOLVE = "resolve", "办结"
    CONFIRM = "confirm", "确认解决"
    RATE = "rate", "回访评价"
    REOPEN = "reopen", "还没好"
    DECLINE = "decline", "不予受理"
    JOIN = "join", "并案"
    WITHDRAW = "withdraw", "撤回"
    PASS_UP = "pass_up", "吹哨上报"
    CLOSE_SILENT = "close_silent", "无回音结束"
    IMPORT = "import", "台账导入"
    SIGN_IN = "sign_in", "签收"
    CONTACT = "contact", "联系上报人"
    TRIAGE = "triage", "三事分流"
    FOLLOW_UP = "follow_up", "跟进"
    ASSIGN = "assign", "交办"
    SUSPEND = "suspend", "暂缓办理"
    RESUME = "resume", "恢复办理"
    ASK_EXTENSION = "ask_extension", "申请延期"
    GRANT_EXTENSION = "grant_extension", "同意延期"
    REFUSE_EXTENSION = "refuse_extension", "不同意延期"
    WHISTLE = "whistle", "吹哨部门"
    REPORT_BACK = "report_back", "部门反馈"
    PUSH_BACK = "push_back", "退回"
    URGE = "urge", "催办"
    RATE_DEPARTMENT = "rate_department", "评价部门"
    CALL_OFF = "call_off", "撤销吹哨"
    SPLIT = "split", "拆分"


class TurnEnd(Word):
    """How a level's turn with an issue ended."""

    RESOLVED = "resolved", "办结"
    PASSED_UP = "passed_up", "吹哨上报"
    ESCALATED = "escalated", "到时间自动上报"
    WHISTLED = "whistled", "吹哨部门"
    PUSHED_BACK = "pushed_back", "退回"
    ASSIGNED = "assigned", "交办"
    REPORTED_BACK = "reported_back", "部门反馈"
    ENDED = "ended", "结束"


class WhistleEnd(Word):
    """How a department's answer to a whistle ended."""

    REPORTED = "reported", "已反馈"
    PUSHED_BACK = "pushed_back", "已退回"
    CALLED_OFF = "called_off", "已撤销"


class CommonState(Word):
    """A problem that many buildings share (共性问题) on its way to being a project."""

    WATCHED = "watched", "持续关注"
    PROJECT = "project", "已立项"
    DONE = "done", "已完成"
    DROPPED = "dropped", "不立项"


class Satisfaction(Word):
    """The reporter's third answer on the return visit."""

    SATISFIED = "satisfied", "满意"
    FAIRLY = "fairly", "基本满意"
    UNSATISFIED = "unsatisfied", "不满意"


class StarAspect(Word):
    """The four things the star book looks at in a building."""

    STAIRWELL = "stairwell", "楼道环境"
    SAFETY = "safety", "安全"
    CARE = "care", "关爱帮扶"
    NEIGHBOURS = "neighbours", "政策宣传与邻里"


class DutyGroup(Word):
    """The three kinds of duty (三大类)."""

    POLICY = "policy", "政策宣讲带头人"
    HARMONY = "harmony", "睦邻友好守护人"
    SERVICE = "service", "服务民生贴心人"


class DutyState(Word):
    """A duty record on its way into the score."""

    SUBMITTED = "submitted", "待核实"
    ACCEPTED = "accepted", "已核实"
    REJECTED = "rejected", "未采纳"


class MonthState(Word):
    """The life of a community's month."""

    DRAFT = "draft", "草稿"
    NOTICE = "notice", "公示中"
    SEALED = "sealed", "已封存"
    PUBLISHED = "published", "已公布"


# A community's month still takes new facts (inspections, duties, deductions) until its public notice opens.
CHANGEABLE_MONTHS = frozenset({MonthState.DRAFT})
FIXED_MONTHS = frozenset({MonthState.SEALED, MonthState.PUBLISHED})


class Component(Word):
    """The parts of a building's monthly score."""

    SURVEY = "survey", "居民测评"
    STAR_BOOK = "star_book", "星级评定"
    CASE_HANDLING = "case_handling", "诉求办理"
    DUTIES = "duties", "履职记录"
    DEDUCTION = "deduction", "扣分"


class StandingState(Word):
    """Whether a building takes part in the month's ranking."""

    RANKED = "ranked", "参与排名"
    THIN = "thin", "数据不足，不参与排名"


class MessageKind(Word):
    """What a message is about."""

    NEW_ISSUE = "new_issue", "新诉求"
    PASSED_UP = "passed_up", "吹哨上报"
    OVERDUE_SOON = "overdue_soon", "快到期"
    RESOLVED = "resolved", "已办结，请确认"
    PROGRESS = "progress", "有新进展"
    URGED = "urged", "催办"
    REVEALED = "revealed", "身份被查看"
    SCORE = "score", "月度得分"
    APPEAL = "appeal", "申诉结果"
    NOTICE = "notice", "通知"


class OutboxKind(Word):
    """What the relay does after a commit, and for which row."""

    ISSUE_EVENT = "issue_event", "诉求有了新进展"  # an issue_events row: tell people, have its text checked
    MESSAGE = "message", "微信订阅消息"  # a messages row: send it through WeChat
    CONTENT_CHECK = "content_check", "内容审核"  # a content_checks row: ask for a verdict
    CODE_IMAGE = "code_image", "小程序码"  # a stairwell_codes row: have its mini-program code drawn


class CodeEnd(Word):
    """Why a stairwell code no longer works."""

    TORN = "torn", "海报被撕"
    DEFACED = "defaced", "海报被涂改"
    ABUSED = "abused", "被人冒用"
    CLOSED = "closed", "楼栋停用"
    OTHER = "other", "其他"


class GrantEnd(Word):
    """Why a grant for subscribe messages is over."""

    SPENT = "spent", "已用"
    REFUSED = "refused", "微信说没有订阅"
    WITHDRAWN = "withdrawn", "本人取消"


class CheckState(Word):
    """How the check of a text or photo stands."""

    WAITING = "waiting", "等待审核结果"
    QUEUED = "queued", "待人工审核"
    PASSED = "passed", "可以公开"
    WITHHELD = "withheld", "不公开"


class CheckedBy(Word):
    """Who gave a verdict."""

    WECHAT = "wechat", "微信内容安全"
    WORDS = "words", "敏感词表"
    PERSON = "person", "人工"


class HeldFor(Word):
    """Why a text or photo was not simply passed: what was found in it, or why nobody looked yet."""

    ADS = "ads", "广告"
    GAMBLING = "gambling", "赌博"
    FRAUD = "fraud", "诈骗"
    CONTACT = "contact", "拉人加微信、QQ"
    PERSONAL = "personal", "电话号码、证件号码"
    ABUSE = "abuse", "辱骂"
    VULGAR = "vulgar", "低俗"
    PORN = "porn", "色情"
    POLITICS = "politics", "时政"
    CRIME = "crime", "违法犯罪"
    COPYRIGHT = "copyright", "版权"
    LOCAL = "local", "本单位词表"
    OTHER = "other", "微信提示要看一看"
    UNCHECKED = "unchecked", "没有经过微信审核"
    LONG = "long", "太长，微信不审"
    AWAY = "away", "发的人已离开小程序，微信不审"
    LATE = "late", "两小时没等到微信的结果"
    UNREADABLE = "unreadable", "微信没有取到照片"
    FAILED = "failed", "微信没能审"


class PhotoUse(Word):
    """What a photo shows."""

    REPORT = "report", "问题照片"
    DONE = "done", "办结照片"
    EVIDENCE = "evidence", "佐证照片"
