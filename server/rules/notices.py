"""The words of in-app messages (design §4 "Text"): plain, short, and never somebody's name."""

from datetime import datetime
from typing import NamedTuple

from models.enums import IssueCategory, Level, MessageKind, Move
from server.rules.amounts import show_points
from server.rules.calendar import SHANGHAI, Month, say_month
from server.rules.moves import Cause


class MessageText(NamedTuple):
    """An in-app message."""

    title: str
    body: str


def score_message(
    building_name: str,
    month: Month,
    total: int,
    rank: int | None,
    of: int,
    ranked: bool,
    best_hint: str = "",
) -> MessageText:
    """A head's monthly score: `total` in thousandths, `rank` among `of` ranked ones, `best_hint` from `explain`."""
    name = say_month(month)
    hint = f"想再提高：{best_hint}" if best_hint else ""
    open_it = "点开可以看每一项是怎么算出来的。"
    if not ranked or rank is None:
        title = f"{name}：数据不足，不参与排名"
        body = f"{building_name}{name}的数据还不够，不参与排名，也不算末位。{hint}{open_it}"
        return MessageText(title, body)
    points = show_points(total)
    title = f"{name}得分：{points}分"
    return MessageText(title, f"{building_name}{name}得{points}分，在参与排名的{of}栋楼里排第{rank}名。{hint}{open_it}")


def correction_title(title: str) -> str:
    """The title of a score that replaces one."""
    return f"更正：{title}"


def correction_sentence(why: str, was: str) -> str:
    """Why a month was corrected, and what it said before (`was`; "" when nothing had been published)."""
    why = why.strip().rstrip("。")
    before = f"更正以前是{was}{'' if was == '数据不足' else '分'}。" if was else ""
    return f"这个月的得分作了更正，理由：{why}。{before}"


def flag_sentence(holds: bool, *, held: bool) -> str:
    """Whether a building holds the red flag of a published month; `held`: until this correction."""
    if holds:
        return "本楼获得流动红旗。"
    return "更正以后，这个月的流动红旗不再属于本楼。" if held else ""


def review_message(building_name: str, reason: str, first_step: str) -> MessageText:
    """An appointment review the rule asks for, to the staff who decide. `first_step`: of the support plan."""
    step = f"帮扶计划第一步：{first_step}" if first_step else ""
    return MessageText(
        f"{building_name}：建议开一次调整评议", f"{building_name}{reason}{step}系统只作提示，是否调整由人来决定。"
    )


OPEN_IT = "点开查看和办理。"


def new_issue_message(building_name: str, category: IssueCategory, level: Level) -> MessageText:
    """Something new was reported, to whoever has it first. Neither the reporter nor what they wrote is in it."""
    whose = "您的楼栋" if level is Level.HEAD else f"{level.zh}这一级"
    return MessageText(
        f"{building_name}有新诉求：{category.zh}", f"有人上报了{category.zh}方面的问题，由{whose}先办理。{OPEN_IT}"
    )


def passed_up_message(building_name: str, category: IssueCategory, level: Level, *, reopened: bool) -> MessageText:
    """It came up to a level: by a whistle or the clock, or because the reporter said "not yet"."""
    if reopened:
        return MessageText(
            f"{building_name}的诉求还没好：{category.zh}", f"上报人说还没好，现在由{level.zh}重新办理。{OPEN_IT}"
        )
    return MessageText(
        f"{building_name}的诉求转到{level.zh}：{category.zh}", f"这件诉求已经吹哨上报，现在由{level.zh}办理。{OPEN_IT}"
    )


def overdue_soon_message(building_name: str, category: IssueCategory, due_at: datetime) -> MessageText:
    """It should be done within a day, to whoever has it in hand."""
    return MessageText(
        f"{building_name}有诉求快到期：{category.zh}",
        f"应在{_minute(due_at)}之前办好。办不了的，请早些吹哨上报。{OPEN_IT}",
    )


_PROGRESS: dict[Move, str] = {
    Move.PASS_UP: "已经吹哨上报，现在由{level}办理。",
    Move.SUSPEND: "暂缓办理，里面写了到什么时候。",
    Move.RESUME: "已经恢复办理，由{level}办理。",
    Move.WHISTLE: "已经吹哨，请职能部门来办。",
    Move.JOIN: "与另一件相同的诉求并在一起办理，结果会一并告诉您。",
    Move.SPLIT: "改为单独办理，由{level}先办。",
}


def progress_sentence(move: Move, level: Level, *, reopened: bool) -> str:
    """What a reporter is told of a move; empty for moves nobody is told of."""
    if reopened and move in (Move.REOPEN, Move.RATE):
        return f"有上报人说还没好，现在由{level.zh}重新办理。"
    return _PROGRESS.get(move, "").format(level=level.zh)


def progress_message(category: IssueCategory, what: str, *, joined: bool) -> MessageText:
    """How it goes, to whoever reported it, or reported the same (`joined`). Nothing of what the handler wrote."""
    which = "您上报的问题与另一件并在一起办理，那一件" if joined else ""
    return MessageText(f"您上报的{category.zh}有新进展", f"{which}{what}点开查看。")


def assigned_message(building_name: str, category: IssueCategory) -> MessageText:
    """It was handed down, or to one colleague."""
    return MessageText(f"{building_name}有诉求交给您办：{category.zh}", f"上级把这件诉求交给您办理。{OPEN_IT}")


def pushed_back_message(building_name: str, category: IssueCategory) -> MessageText:
    """A superior sent back what was passed up, to whoever has it again."""
    return MessageText(
        f"{building_name}的诉求被退回：{category.zh}", f"上级退回了这件诉求，请看理由，继续办理。{OPEN_IT}"
    )


def urged_message(building_name: str, category: IssueCategory) -> MessageText:
    """The reporter or a superior asks for it, to whoever has it in hand."""
    return MessageText(f"{building_name}的诉求有人催办：{category.zh}", f"请尽快办理，并写一句进展。{OPEN_IT}")


def extension_asked_message(building_name: str, category: IssueCategory) -> MessageText:
    """More time is asked for, to whoever decides."""
    return MessageText(f"{building_name}的诉求申请延期：{category.zh}", "请看理由，决定同意不同意。点开查看。")


def extension_granted_message(building_name: str, category: IssueCategory) -> MessageText:
    """More time was given, to whoever has it in hand."""
    return MessageText(f"{building_name}的诉求同意延期：{category.zh}", "上级同意延期，新的期限点开可以看到。")


def extension_refused_message(building_name: str, category: IssueCategory) -> MessageText:
    """More time was not given, to whoever has it in hand."""
    return MessageText(
        f"{building_name}的诉求不同意延期：{category.zh}", f"上级不同意延期，请按原来的期限办理。{OPEN_IT}"
    )


def clock_message(building_name: str, category: IssueCategory, level: Level, cause: Cause, at: datetime) -> MessageText:
    """What the clock tells whoever has it in hand, and the level above when something was missed. `at`: the moment."""
    if cause is Cause.SOON:
        return overdue_soon_message(building_name, category, at)
    if cause is Cause.FOLLOW_UP:
        return MessageText(
            f"{building_name}有一件私事该跟进了：{category.zh}", f"请问一问办得怎么样，并登记跟进。{OPEN_IT}"
        )
    if cause is Cause.RESUMED:
        return MessageText(f"{building_name}有诉求暂缓到期：{category.zh}", f"暂缓的日期到了，请接着办理。{OPEN_IT}")
    return MessageText(
        f"{building_name}的诉求{cause.zh}：{category.zh}",
        f"现在由{level.zh}办理，应在{_minute(at)}之前{_DO[cause]}。请尽快办理。{OPEN_IT}",
    )


_DO = {Cause.SIGN_IN: "签收", Cause.CONTACT: "联系上报人", Cause.DUE: "办好"}


def _minute(moment: datetime) -> str:
    local = moment.astimezone(SHANGHAI)
    return f"{local.month}月{local.day}日{local:%H:%M}"


def resolved_message(category: IssueCategory, *, joined: bool) -> MessageText:
    """It is said to be done, to whoever reported it, or reported the same (`joined`)."""
    if joined:
        return MessageText(
            f"您上报的{category.zh}已经办好，请确认",
            "您上报的问题与另一件并在一起办理，办理人员说已经办好。请点开看看：解决了请说一声，还没好请告诉我们。",
        )
    return MessageText(
        f"您上报的{category.zh}已办结，请确认", "办理人员说已经办好。请点开看看：解决了请确认，还没好请告诉我们。"
    )


MINE = "请到“我报过的事”里看。"
_HUSHED: dict[MessageKind, MessageText] = {
    MessageKind.RESOLVED: MessageText(
        "您保密上报的一件事已办结，请确认", f"办理人员说已经办好。解决了请确认，还没好请告诉我们。{MINE}"
    ),
    MessageKind.REVEALED: MessageText(
        "有人获准查看您是谁", f"您保密上报的一件事，有工作人员申请查看您是谁，另一个人同意了。谁、为什么，{MINE}"
    ),
}


def hushed_message(kind: MessageKind) -> MessageText:
    """What a hidden reporter is told: that there is something, and not about what. The row must not say which issue."""
    return _HUSHED.get(kind, MessageText("您保密上报的一件事有新进展", MINE))


def appeal_message(building_name: str, month: Month, accepted: bool) -> MessageText:
    """An appeal against a score was decided. Nobody can appeal yet: the words stand ready for the door."""
    name = say_month(month)
    if accepted:
        return MessageText(f"{name}得分申诉成立", f"{building_name}{name}的申诉成立，得分已经更正。点开可以看理由。")
    return MessageText(f"{name}得分申诉没有成立", f"{building_name}{name}的申诉没有成立，得分不变。点开可以看理由。")


def office_notice(place_name: str, title: str, text: str) -> MessageText:
    """What the office tells the heads of a place, in its own words."""
    return MessageText(title, f"{text}\n——{place_name}")
