"""What comes next in a month's life, and who does it, in words."""

from datetime import datetime

from models.enums import MonthState
from server.core import workdays
from server.rules.calendar import SHANGHAI, Month, bounds, say_month
from server.rules.months import NOTICE_WORKDAYS
from server.scores.queries import MonthView, VersionView


def can_close(month: Month, now: datetime) -> bool:
    """Whether the month is over."""
    return now >= bounds(month)[1]


def notice_running(view: MonthView, now: datetime) -> bool:
    """Whether the public notice is still open."""
    return view.state is MonthState.NOTICE and view.notice_ends_at is not None and now < view.notice_ends_at


def next_step(view: MonthView, now: datetime) -> str:
    """What comes next, who does it and from when; of a version that is being corrected, how far that has come."""
    later = [each for each in view.versions if each.version > view.version]
    if later:
        return _correction_step(later[-1], now)
    match view.state:
        case MonthState.DRAFT:
            return (
                f"请社区核对分数；没有问题就开始公示（{NOTICE_WORKDAYS} 个工作日）。"
                "公示以后不再接受新的检查、履职和扣分。"
            )
        case MonthState.NOTICE if notice_running(view, now):
            until = f"正在公示，到{notice_end(view)}为止。{_remark(view)}"
            return f"{until}到时由另一个人（不是开始公示的人，社区同事或者街道）封存。"
        case MonthState.NOTICE:
            return "公示已经结束。请另一个人（不是开始公示的人，社区同事或者街道）核对后封存。"
        case MonthState.SEALED:
            return "已封存，任何人都不能再改。请社区公布：流动红旗生效，每位楼栋长会收到自己的得分。"
        case _:
            return f"{say_month(view.month)}已公布，全部完成。"


def _correction_step(version: VersionView, now: datetime) -> str:
    """How far the correction of an older version has come, and what comes next."""
    name = f"第 {version.version} 版（更正）"
    if version.in_force:
        return f"这一版已经更正，以{name}为准；这一版原样保留，仍然可以查看。"
    match version.state:
        case MonthState.DRAFT:
            todo = "是草稿，请改好有关的登记、重新生成，核对后开始公示。"
        case MonthState.NOTICE if version.notice_ends_at and now < version.notice_ends_at:
            todo = f"正在公示，到{_say_end(version.notice_ends_at)}为止，到时由另一个人封存。"
        case MonthState.NOTICE:
            todo = "公示已经结束，请另一个人核对后封存。"
        case _:
            todo = "已封存，请社区公布。"
    return f"{name}{todo}公布以前，以这一版为准。"


def _remark(view: MonthView) -> str:
    """What has to be said about the notice's working days; mostly nothing."""
    if view.notice_opened_at is None or view.notice_ends_at is None:
        return ""
    return workdays.remark(view.notice_opened_at, view.notice_ends_at)


def notice_end(view: MonthView) -> str:
    """The last moment of the notice: one that ends at midnight ends at 24:00 of the day before."""
    return "" if view.notice_ends_at is None else _say_end(view.notice_ends_at)


def _say_end(ends_at: datetime) -> str:
    local = ends_at.astimezone(SHANGHAI)
    if (local.hour, local.minute) == (0, 0):
        day = local.date().fromordinal(local.toordinal() - 1)
        return f"{day.month}月{day.day}日24点"
    return f"{local.month}月{local.day}日{local.hour}点{local.minute:02d}分"
