"""Who may do what (design §4 "Rights").

A permission is written `subject:action` in lower case with `_` inside a word, and carries the Chinese verb phrase shown
when it is refused. Keep the members alphabetised. A permission says *what*; *where* (which buildings, whose reports)
is asked of `core.access` and answered with 404.
"""

from collections.abc import Iterable

from models.enums import Role, Word
from server.rules.decision import Decision


class Permission(Word):
    """Every right a route can name, `subject:action`."""

    API_KEY_READ = "api_key:read", "查看接口密钥"
    API_KEY_WRITE = "api_key:write", "管理接口密钥"
    APPOINTMENT_END = "appointment:end", "结束任职"
    APPOINTMENT_READ = "appointment:read", "查看任职"
    APPOINTMENT_WRITE = "appointment:write", "办理任职"
    AUDIT_READ = "audit:read", "查看操作记录"
    BOOK_READ = "book:read", "查看办事规则"
    BOOK_WRITE = "book:write", "修改办事规则"
    CODE_READ = "code:read", "查看楼道码"
    CODE_ROTATE = "code:rotate", "更换楼道码"
    COMMON_READ = "common:read", "查看共性问题"
    COMMON_WRITE = "common:write", "登记共性问题"
    DEDUCTION_WRITE = "deduction:write", "登记扣分"
    DEPARTMENT_READ = "department:read", "查看职能部门"
    DEPARTMENT_WRITE = "department:write", "登记职能部门"
    DUTY_READ = "duty:read", "查看履职记录"
    DUTY_RECORD = "duty:record", "登记履职"
    DUTY_VERIFY = "duty:verify", "核实履职记录"
    FIGURE_READ = "figure:read", "查看办理情况统计"
    HOUSEHOLD_EXPORT = "household:export", "导出住户名册"
    HOUSEHOLD_READ = "household:read", "查看住户"
    HOUSEHOLD_REVEAL = "household:reveal", "查看住户的完整号码"
    HOUSEHOLD_WRITE = "household:write", "登记住户"
    INBOX_READ = "inbox:read", "查看自己的消息"
    INSPECTION_READ = "inspection:read", "查看检查记录"
    INSPECTION_WRITE = "inspection:write", "登记检查"
    INVITATION_ACCEPT = "invitation:accept", "接受邀请"
    INVITATION_READ = "invitation:read", "查看邀请"
    INVITATION_WRITE = "invitation:write", "邀请楼栋长"
    ISSUE_ACCEPT = "issue:accept", "受理诉求"
    ISSUE_ASSIGN = "issue:assign", "交办诉求"
    ISSUE_CONFIRM = "issue:confirm", "确认自己上报的诉求已解决"
    ISSUE_CONTACT = "issue:contact", "登记已联系上报人"
    ISSUE_DECLINE = "issue:decline", "决定不予受理"
    ISSUE_EXPORT = "issue:export", "导出诉求台账"
    ISSUE_EXPORT_TEXT = "issue:export_text", "导出带原文的台账"
    ISSUE_EXTEND = "issue:extend", "申请延期"
    ISSUE_EXTENSION = "issue:extension", "审批延期"
    ISSUE_FOLLOW_UP = "issue:follow_up", "跟进私事"
    ISSUE_IMPORT = "issue:import", "导入诉求台账"
    ISSUE_JOIN = "issue:join", "合并重复的诉求"
    ISSUE_LIST = "issue:list", "查看诉求列表"
    ISSUE_NOTE = "issue:note", "写进展说明"
    ISSUE_PASS_UP = "issue:pass_up", "吹哨上报"
    ISSUE_PUSH_BACK = "issue:push_back", "退回诉求"
    ISSUE_RATE = "issue:rate", "评价自己上报的诉求"
    ISSUE_RATE_DEPARTMENT = "issue:rate_department", "评价职能部门"
    ISSUE_READ = "issue:read", "查看诉求"
    ISSUE_READ_OWN = "issue:read_own", "查看自己上报的诉求"
    ISSUE_REOPEN = "issue:reopen", "告诉我们还没好"
    ISSUE_REPORT = "issue:report", "上报诉求"
    ISSUE_REPORT_BACK = "issue:report_back", "反馈办理结果"
    ISSUE_RESOLVE = "issue:resolve", "办结诉求"
    ISSUE_SIGN_IN = "issue:sign_in", "签收诉求"
    ISSUE_SPLIT = "issue:split", "拆分并案的诉求"
    ISSUE_START = "issue:start", "开始办理诉求"
    ISSUE_SUSPEND = "issue:suspend", "暂缓办理诉求"
    ISSUE_TRIAGE = "issue:triage", "三事分流"
    ISSUE_URGE = "issue:urge", "催办"
    ISSUE_VISIT = "issue:visit", "登记电话回访"
    ISSUE_WHISTLE = "issue:whistle", "吹哨部门"
    ISSUE_WITHDRAW = "issue:withdraw", "撤回自己上报的诉求"
    ME_PHONE = "me:phone", "留下或收回自己的手机号"
    ME_READ = "me:read", "查看自己的身份"
    MODERATION_DECIDE = "moderation:decide", "决定内容能不能公开"
    MODERATION_READ = "moderation:read", "查看待审核的内容"
    MONTH_CLOSE = "month:close", "生成考核月草稿"
    MONTH_OPEN_NOTICE = "month:open_notice", "开始公示"
    MONTH_PUBLISH = "month:publish", "公布考核月"
    MONTH_READ = "month:read", "查看考核月"
    MONTH_SEAL = "month:seal", "封存考核月"
    NOTICE_WRITE = "notice:write", "给楼栋长发通知"
    OUTBOX_READ = "outbox:read", "查看微信消息的发送情况"
    PHOTO_READ = "photo:read", "查看照片"
    PHOTO_WRITE = "photo:write", "上传照片"
    PLACE_IMPORT = "place:import", "批量导入地点"
    PLACE_READ = "place:read", "查看地点"
    PLACE_WRITE = "place:write", "登记地点"
    RANKING_EXPORT = "ranking:export", "导出排名"
    RANKING_READ = "ranking:read", "查看排名"
    REPORTER_ASK = "reporter:ask", "申请查看上报人"
    REPORTER_DECIDE = "reporter:decide", "审批查看上报人"
    REVIEW_READ = "review:read", "查看调整评议"
    SCORE_READ = "score:read", "查看各楼栋的得分"
    SCORE_READ_OWN = "score:read_own", "查看自己楼栋的得分"
    SESSION_END = "session:end", "退出登录"
    TEMPLATE_READ = "template:read", "查看回复模板"
    TEMPLATE_WRITE = "template:write", "管理回复模板"


_P = Permission

# Anybody who is signed in, with or without an appointment: their own reports, messages and session.
EVERYONE: frozenset[Permission] = frozenset(
    {
        _P.INBOX_READ,
        _P.INVITATION_ACCEPT,
        _P.ISSUE_CONFIRM,
        _P.ISSUE_RATE,
        _P.ISSUE_READ_OWN,
        _P.ISSUE_REOPEN,
        _P.ISSUE_REPORT,
        _P.ISSUE_WITHDRAW,
        _P.ME_PHONE,
        _P.ME_READ,
        _P.PHOTO_READ,
        _P.PHOTO_WRITE,
        _P.SESSION_END,
    }
)

_READ_ISSUES = frozenset({_P.ISSUE_LIST, _P.ISSUE_NOTE, _P.ISSUE_READ})
_WORK_ISSUES = _READ_ISSUES | {
    _P.ISSUE_ACCEPT,
    _P.ISSUE_CONTACT,
    _P.ISSUE_EXTEND,
    _P.ISSUE_FOLLOW_UP,
    _P.ISSUE_RESOLVE,
    _P.ISSUE_SIGN_IN,
    _P.ISSUE_START,
    _P.ISSUE_SUSPEND,
    _P.ISSUE_TRIAGE,
}
# Whoever commands others: hands down, sends back, urges, decides about more time, reads the figures.
_COMMAND = frozenset(
    {
        _P.BOOK_READ,
        _P.COMMON_READ,
        _P.DEPARTMENT_READ,
        _P.FIGURE_READ,
        _P.ISSUE_ASSIGN,
        _P.ISSUE_EXTENSION,
        _P.ISSUE_PUSH_BACK,
        _P.ISSUE_SPLIT,
        _P.ISSUE_URGE,
        _P.TEMPLATE_READ,
    }
)
_HOUSEHOLDS = frozenset({_P.HOUSEHOLD_READ, _P.HOUSEHOLD_REVEAL, _P.HOUSEHOLD_WRITE})
_RESULTS = frozenset({_P.INSPECTION_READ, _P.MONTH_READ, _P.PLACE_READ, _P.RANKING_READ})
_APPOINT = frozenset({_P.APPOINTMENT_END, _P.APPOINTMENT_READ, _P.APPOINTMENT_WRITE})
# Declining ends a citizen's request: paid staff answer for that; a volunteer head passes it up instead.
_STREET = (
    _WORK_ISSUES
    | _COMMAND
    | _RESULTS
    | _APPOINT
    | {
        _P.API_KEY_READ,
        _P.BOOK_WRITE,
        _P.COMMON_WRITE,
        _P.ISSUE_DECLINE,
        _P.ISSUE_EXPORT,
        _P.ISSUE_EXPORT_TEXT,
        _P.ISSUE_IMPORT,
        _P.ISSUE_JOIN,
        _P.ISSUE_PASS_UP,
        _P.ISSUE_RATE_DEPARTMENT,
        _P.ISSUE_WHISTLE,
        _P.MODERATION_DECIDE,
        _P.MODERATION_READ,
        _P.MONTH_SEAL,
        _P.NOTICE_WRITE,
        _P.PLACE_IMPORT,
        _P.PLACE_WRITE,
        _P.RANKING_EXPORT,
        _P.REPORTER_ASK,
        _P.REPORTER_DECIDE,
        _P.REVIEW_READ,
        _P.SCORE_READ,
        _P.TEMPLATE_WRITE,
    }
)

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.HEAD: _WORK_ISSUES
    | _HOUSEHOLDS
    | _RESULTS
    | {
        _P.BOOK_READ,
        _P.COMMON_READ,
        _P.TEMPLATE_READ,
        _P.CODE_READ,
        _P.DUTY_READ,
        _P.DUTY_RECORD,
        _P.ISSUE_JOIN,
        _P.ISSUE_PASS_UP,
        _P.SCORE_READ_OWN,
    },
    Role.GRID: _WORK_ISSUES
    | _COMMAND
    | _HOUSEHOLDS
    | _RESULTS
    | {
        _P.CODE_READ,
        _P.DUTY_READ,
        _P.INSPECTION_WRITE,
        _P.ISSUE_DECLINE,
        _P.ISSUE_JOIN,
        _P.ISSUE_PASS_UP,
        _P.SCORE_READ,
    },
    # The community runs the ledger and the month. It does not bulk-import places: that is the street's and district's.
    Role.COMMUNITY: (_STREET - {_P.PLACE_IMPORT})
    | _HOUSEHOLDS
    | {
        _P.CODE_READ,
        _P.CODE_ROTATE,
        _P.DEDUCTION_WRITE,
        _P.DUTY_READ,
        _P.DUTY_VERIFY,
        _P.HOUSEHOLD_EXPORT,
        _P.INSPECTION_WRITE,
        _P.INVITATION_READ,
        _P.INVITATION_WRITE,
        _P.ISSUE_VISIT,
        _P.MONTH_CLOSE,
        _P.MONTH_OPEN_NOTICE,
        _P.MONTH_PUBLISH,
    },
    # Street and district see no household at all (least data), and nobody far away rewrites a community's month.
    Role.STREET: _STREET,
    Role.DISTRICT: (
        _STREET
        - {
            _P.ISSUE_IMPORT,
            _P.ISSUE_PASS_UP,
            _P.ISSUE_RATE_DEPARTMENT,
            _P.MODERATION_DECIDE,
            _P.MODERATION_READ,
            _P.MONTH_SEAL,
            _P.REVIEW_READ,
        }
    )
    | {_P.API_KEY_WRITE, _P.DEPARTMENT_WRITE, _P.OUTBOX_READ},
    # A department sees only what it was whistled to, and answers by reporting back; the street or community settles it.
    Role.DEPARTMENT: frozenset(
        {
            *_READ_ISSUES,
            _P.BOOK_READ,
            _P.DEPARTMENT_READ,
            _P.ISSUE_CONTACT,
            _P.ISSUE_PUSH_BACK,
            _P.ISSUE_REPORT_BACK,
            _P.ISSUE_SIGN_IN,
            _P.TEMPLATE_READ,
        }
    ),
    # The operator keeps the machine running and sees no business data.
    Role.OPERATOR: frozenset({_P.AUDIT_READ, _P.OUTBOX_READ}),
}

# Each level appoints the next one down; an appointment is ended by any level above it.
APPOINTS: dict[Role, frozenset[Role]] = {
    Role.COMMUNITY: frozenset({Role.HEAD, Role.GRID}),
    Role.STREET: frozenset({Role.COMMUNITY}),
    Role.DISTRICT: frozenset({Role.STREET, Role.DEPARTMENT, Role.OPERATOR}),
}
ENDS: dict[Role, frozenset[Role]] = {
    Role.COMMUNITY: APPOINTS[Role.COMMUNITY],
    Role.STREET: APPOINTS[Role.COMMUNITY] | APPOINTS[Role.STREET],
    Role.DISTRICT: frozenset(Role) - {Role.DISTRICT},
}


def may(roles: Iterable[Role], permission: Permission) -> Decision:
    """Whether a signed-in person whose live appointments are `roles` (may be empty) holds `permission` (design §4).

    Says nothing about the place: the caller still fetches rows through `core.access`.
    """
    held = frozenset(roles)
    if permission in EVERYONE:
        return Decision(True, f"登录以后就可以{permission.zh}。")
    for role in Role:
        if role in held and permission in GRANTS[role]:
            return Decision(True, f"您是{role.zh}，可以{permission.zh}。")
    return Decision(False, f"{permission.zh}由{_named(roles_with(permission))}办理；{_you_are(held)}")


def roles_with(permission: Permission) -> frozenset[Role]:
    """The roles an appointment to which grants `permission`; all of them when everybody signed in holds it."""
    if permission in EVERYONE:
        return frozenset(Role)
    return frozenset(role for role in Role if permission in GRANTS[role])


def may_appoint(roles: Iterable[Role], to: Role) -> Decision:
    """Whether somebody with `roles` may appoint a person to the role `to`: each level appoints the next one down."""
    return _over(roles, to, APPOINTS, "任命")


def may_end(roles: Iterable[Role], of: Role) -> Decision:
    """Whether somebody with `roles` may end an appointment to the role `of` (any level above it may)."""
    return _over(roles, of, ENDS, "结束任职")


def _over(roles: Iterable[Role], target: Role, table: dict[Role, frozenset[Role]], act: str) -> Decision:
    held = frozenset(roles)
    entitled = frozenset(role for role, targets in table.items() if target in targets)
    if held & entitled:
        return Decision(True, f"您是{_named(held & entitled)}，可以给{target.zh}{act}。")
    who = _named(entitled) if entitled else "运维人员在服务器上"
    return Decision(False, f"{target.zh}的{act}由{who}办理；{_you_are(held)}")


def _named(roles: frozenset[Role]) -> str:
    return "、".join(role.zh for role in Role if role in roles)


def _you_are(roles: frozenset[Role]) -> str:
    return f"您现在的身份是{_named(roles)}。" if roles else "您现在没有任职。"
