"""The life of a month (design §6): draft → public notice with appeals → sealed by a second person → published.

A sealed month never changes; what was wrong in it is put right by a correction, the next version, on the same way.
"""

from dataclasses import dataclass
from datetime import datetime

from models.enums import FIXED_MONTHS, MonthState, Word
from server.rules.calendar import SHANGHAI, Month, WorkCalendar, bounds, notice_ends, say_month
from server.rules.decision import Refusal

NOTICE_WORKDAYS = 5


class MonthMove(Word):
    """Everything that can happen to a month."""

    CLOSE = "close", "生成草稿"
    REDRAFT = "redraft", "重新生成草稿"
    OPEN_NOTICE = "open_notice", "开始公示"
    SEAL = "seal", "封存"
    PUBLISH = "publish", "公布"
    CORRECT = "correct", "另出更正版"


@dataclass(frozen=True, slots=True)
class MonthFacts:
    """Where a community's month stands, by its newest version; `state` None before it was first closed.

    `open_appeals`: not yet decided.
    """

    month: Month
    state: MonthState | None = None
    version: int = 1
    notice_opened_by: int | None = None
    notice_ends_at: datetime | None = None
    open_appeals: int = 0


@dataclass(frozen=True, slots=True)
class MonthStep:
    """What becomes of the month, in which version. `notice_ends_at` (UTC) is set when the notice opens."""

    to_state: MonthState
    reason: str
    notice_ends_at: datetime | None = None
    version: int = 1


# The road has no branches: each move leads to one state. What is not written here does not happen. A correction leaves
# the version it begins at where it is: it is the next version that is a draft.
_ROAD: dict[MonthMove, tuple[frozenset[MonthState | None], MonthState]] = {
    MonthMove.CLOSE: (frozenset({None}), MonthState.DRAFT),
    MonthMove.REDRAFT: (frozenset({MonthState.DRAFT}), MonthState.DRAFT),
    MonthMove.OPEN_NOTICE: (frozenset({MonthState.DRAFT}), MonthState.NOTICE),
    MonthMove.SEAL: (frozenset({MonthState.NOTICE}), MonthState.SEALED),
    MonthMove.PUBLISH: (frozenset({MonthState.SEALED}), MonthState.PUBLISHED),
    MonthMove.CORRECT: (FIXED_MONTHS, MonthState.DRAFT),
}
_DRAFTING = frozenset({MonthMove.CLOSE, MonthMove.REDRAFT, MonthMove.CORRECT})

_INSTEAD: dict[MonthState | None, str] = {
    None: "请等这个月结束，先生成草稿。",
    MonthState.DRAFT: "可以重新生成草稿，或者开始公示。",
    MonthState.NOTICE: "公示期间分数不改；有疑问请申诉，公示结束后由另一个人封存。",
    MonthState.SEALED: "封存的月份不再更改；可以公布。确有错误，另出更正版，两版都能查看。",
    MonthState.PUBLISHED: "已公布的月份不再更改。确有错误，另出更正版，两版都能查看。",
}


def decide_month(
    facts: MonthFacts, move: MonthMove, actor_id: int | None, now: datetime, calendar: WorkCalendar, why: str = ""
) -> MonthStep | Refusal:
    """What the move leads to, or why it cannot be made and what to do instead (design §6). `now` is aware.

    `actor_id` is None for the clock and the terminal, which may draft but never open a notice, seal or publish. `why`:
    the reason of a correction; without one there is none.
    """
    name = say_month(facts.month)
    before, after = _ROAD[move]
    if facts.state not in before:
        now_is = f"是“{facts.state.zh}”" if facts.state else "还没有草稿"
        return Refusal("wrong_state", f"{name}现在{now_is}，不能{move.zh}。{_INSTEAD[facts.state]}")
    if actor_id is None and move not in _DRAFTING:
        return Refusal("needs_a_person", f"{move.zh}要由人来决定，系统不会自动做。")
    if move is MonthMove.CLOSE and now < bounds(facts.month)[1]:
        return Refusal("month_not_over", f"{name}还没有过完，请从下个月1日起再生成草稿。")
    if move is MonthMove.SEAL and (refusal := _seal(facts, actor_id, now)):
        return refusal
    if move is MonthMove.CORRECT and not why.strip():
        return Refusal("reason_needed", "另出更正版要写明理由：哪里错了、怎么发现的。楼栋长会看到这个理由。")
    version = facts.version + 1 if move is MonthMove.CORRECT else facts.version
    ends_at = notice_ends(now, NOTICE_WORKDAYS, calendar) if move is MonthMove.OPEN_NOTICE else None
    return MonthStep(after, _reason(say_version(facts.month, version), move, ends_at), ends_at, version)


def say_version(month: Month, version: int) -> str:
    """A month in words, and which correction of it: "2026年10月", "2026年10月第2版（更正）"."""
    return say_month(month) + (f"第{version}版（更正）" if version > 1 else "")


def _seal(facts: MonthFacts, actor_id: int | None, now: datetime) -> Refusal | None:
    if actor_id == facts.notice_opened_by:
        return Refusal("second_person", "封存要由另一个人来做：您是开始公示的人，请同事或者街道来封存。")
    if facts.notice_ends_at is None or now < facts.notice_ends_at:
        ends = f"要公示到{_say_end(facts.notice_ends_at)}，" if facts.notice_ends_at else ""
        return Refusal("notice_running", f"公示还没有结束，{ends}请到时再封存。")
    if facts.open_appeals:
        return Refusal("appeals_open", f"还有{facts.open_appeals}件申诉没有答复，请先答复完再封存。")
    return None


def _reason(name: str, move: MonthMove, ends_at: datetime | None) -> str:
    until = f"{NOTICE_WORKDAYS}个工作日，到{_say_end(ends_at)}为止"
    reasons = {
        MonthMove.CLOSE: f"{name}的得分草稿已生成，请核对后开始公示。",
        MonthMove.REDRAFT: f"{name}的得分草稿已重新生成。",
        MonthMove.OPEN_NOTICE: f"{name}的得分开始公示{until}，有疑问可以申诉。",
        MonthMove.SEAL: f"{name}的得分已由另一个人核对封存，不再更改。",
        MonthMove.PUBLISH: f"{name}的得分已公布。",
        MonthMove.CORRECT: f"{name}的草稿已生成，请核对、公示、封存、公布；公布以前，原来的结果仍然有效。",
    }
    return reasons[move]


def _say_end(ends_at: datetime | None) -> str:
    """The last moment in words: a notice ends at 24:00 of a day, which is the next day's midnight."""
    if ends_at is None:
        return ""
    local = ends_at.astimezone(SHANGHAI)
    if (local.hour, local.minute) == (0, 0):
        day = local.date().fromordinal(local.toordinal() - 1)
        return f"{day.month}月{day.day}日24点"
    return f"{local.month}月{local.day}日{local.hour}点{local.minute:02d}分"
