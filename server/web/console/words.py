"""What the console's pages say: the menu, the sentence after a form, times and points as people read them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from markupsafe import Markup

from models.enums import OPEN_STATES, CheckState, IssueState, Word
from server.core import clock
from server.core.access import Actor
from server.places.queries import building_label
from server.rules.calendar import SHANGHAI, say_month, show_month
from server.rules.permissions import EVERYONE, Permission
from server.web.console.forms import once


class Entry(NamedTuple):
    """A word of the menu. `families` are the parts of addresses by which a page knows where it stands."""

    label: str
    endpoint: str
    families: tuple[str, ...]
    needs: Permission


MENU = (
    Entry("今日", "console.home", ("",), Permission.ME_READ),
    Entry("诉求", "console.issues", ("issues",), Permission.ISSUE_LIST),
    Entry("吹哨", "console.whistles", ("whistles", "departments"), Permission.DEPARTMENT_READ),
    Entry("共性问题", "console.commons", ("commons",), Permission.COMMON_READ),
    Entry("内容审核", "console.moderation", ("moderation",), Permission.MODERATION_READ),
    Entry("身份查看", "console.openings", ("openings",), Permission.REPORTER_DECIDE),
    Entry("住户", "console.households", ("households",), Permission.HOUSEHOLD_READ),
    Entry("地点", "console.places", ("places", "api-keys"), Permission.PLACE_READ),
    Entry("办事规则", "console.rulebook", ("rulebook",), Permission.BOOK_READ),
    Entry("任职", "console.posts", ("posts",), Permission.APPOINTMENT_READ),
    Entry("考核", "console.months", ("months", "inspections", "deductions", "duties"), Permission.MONTH_READ),
    Entry("消息", "console.inbox", ("inbox",), Permission.INBOX_READ),
    Entry("发送", "console.deliveries", ("deliveries",), Permission.OUTBOX_READ),
)

# The sentence shown after a form; the address carries only the key, so nobody can put words into our mouth.
DONE = {
    "accept": "已受理。",
    "start": "已开始办理。",
    "note": "说明已写进办理过程，上报人也能看到。",
    "resolve": "已办结，等上报人确认。",
    "decline": "已写明不予受理的理由和负责单位。",
    "join": "已并案，结果会一并告诉上报人。",
    "split": "已拆分出来，按新的诉求办理，上报人会收到消息。",
    "not_again": "已取消“再次出现”的标记。",
    "common": "共性问题已登记，相关的上报人在自己的页面上能看到。",
    "common_saved": "已保存。",
    "common_added": "已加入。",
    "common_removed": "已移出。",
    "pass_up": "已吹哨上报。",
    "visit": "回访结果已登记。",
    "whistle": "已吹哨，部门会马上收到消息。",
    "whistle_sign_in": "已签收。",
    "whistle_contact": "已登记联系上报人。",
    "whistle_report_back": "已反馈，吹哨的一方会核实后答复上报人。",
    "whistle_push_back": "已退回，理由对方能看到。",
    "whistle_urge": "已催办，部门会收到消息。",
    "whistle_call_off": "已撤销这次吹哨。",
    "whistle_rate_department": "评价已记下。",
    "department": "部门已登记，可以吹哨和任命了。",
    "sign_in": "已签收。",
    "contacted": "已登记联系上报人。",
    "triage": "三事分流已定下。",
    "follow_up": "跟进已登记。",
    "assign": "已交办。",
    "hand_over": "已交给同事。",
    "push_back": "已退回下级。",
    "suspend": "已暂缓，上报人会看到原因和日期。",
    "resume": "已恢复办理。",
    "ask_extension": "延期申请已交上级决定。",
    "grant_extension": "已同意延期。",
    "refuse_extension": "已写明不同意延期的理由。",
    "urge": "已催办。",
    "opening_asked": "已申请，等另一个人审批。",
    "opening_granted": "已同意，申请的人 24 小时内可以查看，上报人会收到消息。",
    "opening_refused": "已记下不同意，申请的人和上报人都会看到理由。",
    "shown": "已经可以公开。",
    "withheld": "已经不公开。",
    "read": "已记为看过。",
    "place": "已登记。",
    "saved": "已保存。",
    "imported": "已导入。",
    "inspected": "检查表已保存。",
    "deducted": "扣分已登记。",
    "undeducted": "扣分已撤销。",
    "decided": "已记下您的意见，楼栋长会收到消息。",
    "duty": "已登记，等社区核实。",
    "month_close": "得分草稿已生成，请核对。",
    "month_redraft": "草稿已按现在的情况重新生成。",
    "month_open_notice": "已开始公示，楼栋长会收到自己的得分。",
    "month_seal": "已封存，谁也不能再改。",
    "month_publish": "已公布，流动红旗生效。",
    "month_correct": "更正版的草稿已生成。请改好有关的登记，重新生成草稿，核对后开始公示。",
    "household": "已登记这一户，请添加住的人。",
    "resident": "已添加。",
    "moved_out": "已记为搬出。",
    "ended": "任职已结束，权限马上失效。",
    "uninvited": "邀请已撤回，邀请码作废。",
    "rotated": "已换发新码，旧码已经失效。请打印新海报张贴。",
    "revoked": "楼道码已停用。",
    "notified": "通知已发给在任的楼栋长。",
    "key_revoked": "密钥已停用，对方系统马上不能再用。",
    "rulebook": "新的一版规则已经生效，从现在起上报的事都按它办。",
    "retried": "已排队再试，请过几分钟刷新看结果。",
}


def may(actor: Actor, permission: Permission) -> bool:
    """Whether any post of the actor includes the permission: for menus and buttons; the view still asks."""
    return permission in EVERYONE or bool(actor.posts_granting(permission))


def nav(actor: Actor) -> tuple[Entry, ...]:
    """The menu of somebody with these posts."""
    return tuple(entry for entry in MENU if may(actor, entry.needs))


def when(moment: datetime | None) -> Markup:
    """A moment as people say it; the year only when it is another one."""
    if moment is None:
        return Markup("—")
    local, today = moment.astimezone(SHANGHAI), clock.now().astimezone(SHANGHAI)
    year = f"{local.year}年" if local.year != today.year else ""
    text = f"{year}{local.month}月{local.day}日 {local.hour:02d}:{local.minute:02d}"
    return Markup('<time datetime="{}">{}</time>').format(local.isoformat(timespec="minutes"), text)


def day(moment: datetime | None) -> str:
    """The day of a moment."""
    if moment is None:
        return "—"
    local = moment.astimezone(SHANGHAI)
    return f"{local.year}年{local.month}月{local.day}日"


def last_day(end: datetime) -> str:
    """The last day of a term: one that ends at midnight ended the day before."""
    return day(end - timedelta(microseconds=1))


def tone(state: IssueState) -> str:
    """How a state's mark looks: waiting for us, in work, waiting for the reporter, well ended, otherwise ended."""
    if state is IssueState.REOPENED:
        return "alert"
    if state in OPEN_STATES:
        return "todo" if state is IssueState.REPORTED else "doing"
    if state is IssueState.RESOLVED:
        return "waiting"
    return "good" if state is IssueState.CONFIRMED else "quiet"


def check_tone(state: CheckState) -> str:
    """How the mark of a content check looks."""
    return {CheckState.PASSED: "good", CheckState.WITHHELD: "alert"}.get(state, "waiting")


def pairs(members: Iterable[Word]) -> list[tuple[str, str]]:
    """Words as the options of a choice."""
    return [(str(word), word.zh) for word in members]


HELPERS: dict[str, Any] = {
    "building_label": building_label,
    "permission": Permission,
    "pairs": pairs,
    "may": may,
    "when": when,
    "day": day,
    "last_day": last_day,
    "tone": tone,
    "check_tone": check_tone,
    "once": once,
    "say_month": say_month,
    "show_month": show_month,
}
