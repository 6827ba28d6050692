"""Whether what residents write and photograph may be shown to others, and who is asked (docs/moderation.md).

Staff see everything at once; the public sees what passed. WeChat is asked where it can be; where it cannot, the word list
says what stands out and a person of the office decides. Nobody passes a text by being slow.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from models.enums import CheckedBy, CheckState, HeldFor, Word
from server.rules.decision import Refusal

ACTIVE = timedelta(hours=2)  # WeChat checks only what somebody wrote who was here since
PATIENCE = timedelta(hours=2)  # how long a verdict is waited for before a person is asked
LONGEST = 2500  # characters WeChat takes

H = HeldFor

# WeChat's numbers, see its page of msg_sec_check version 2.
_LABELS: dict[int, HeldFor] = {
    10001: H.ADS,
    20001: H.POLITICS,
    20002: H.PORN,
    20003: H.ABUSE,
    20006: H.CRIME,
    20008: H.FRAUD,
    20012: H.VULGAR,
    20013: H.COPYRIGHT,
}


class Route(Word):
    """Where a text or photo goes first."""

    WECHAT = "wechat", "微信审核"
    QUEUE = "queue", "人工审核"
    PASS = "pass", "不用审核"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known before anybody is asked. `seen_at`: when the author was last in the mini-program, if ever."""

    configured: bool
    seen_at: datetime | None
    photo: bool = False
    hits: tuple[HeldFor, ...] = ()
    length: int = 0
    ours: bool = False  # made of sentences we offered ourselves


@dataclass(frozen=True, slots=True)
class Routing:
    """Where it goes, what it is held for until then, and why."""

    route: Route
    label: HeldFor | None
    checked_by: CheckedBy | None
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a check stands after a verdict, and why."""

    state: CheckState
    label: HeldFor | None
    checked_by: CheckedBy | None
    reason: str


def is_active(seen_at: datetime | None, now: datetime) -> bool:
    """Whether WeChat would check what this person writes now."""
    return seen_at is not None and now - seen_at < ACTIVE


def route(facts: Facts, now: datetime) -> Routing:
    """Whom to ask about a text or photo."""
    if facts.ours:
        return Routing(Route.PASS, None, CheckedBy.WORDS, "只点了页面上现成的话，没有自己写的字。")
    if facts.configured and is_active(facts.seen_at, now):
        if facts.length <= LONGEST:
            return Routing(Route.WECHAT, None, None, "发的人两小时内用过小程序，由微信审核。")
        return Routing(Route.QUEUE, _first(facts.hits) or H.LONG, _words(facts.hits), "太长，微信不审，由人来看。")
    if facts.hits:
        return Routing(Route.QUEUE, _first(facts.hits), CheckedBy.WORDS, "碰到词表里的词，由人来看。")
    why = "照片" if facts.photo else "词表里没有碰到什么，但词表不够"
    return Routing(Route.QUEUE, H.UNCHECKED, None, f"微信审不了，{why}要由人看过才公开。")


def after_verdict(suggestion: str, label: int | None, hits: tuple[HeldFor, ...] = ()) -> Outcome:
    """What WeChat's verdict means. A word of the local list holds whatever WeChat thinks of it."""
    held = held_for(label)
    match suggestion:
        case "pass" if hits:
            return Outcome(CheckState.QUEUED, hits[0], CheckedBy.WORDS, "微信没有意见，但碰到了词表里的词。")
        case "pass":
            return Outcome(CheckState.PASSED, None, CheckedBy.WECHAT, "微信审核通过。")
        case "risky":
            return Outcome(CheckState.WITHHELD, held, CheckedBy.WECHAT, "微信判为违规。")
        case "review":
            return Outcome(CheckState.QUEUED, held, CheckedBy.WECHAT, "微信拿不准，由人来看。")
        case _:
            return unanswered(H.FAILED)


def unanswered(label: HeldFor) -> Outcome:
    """No verdict, for this reason: a person looks."""
    return Outcome(CheckState.QUEUED, label, None, f"{label.zh}，由人来看。")


def held_for(label: int | None) -> HeldFor:
    """Our word for WeChat's number."""
    return _LABELS.get(label or 0, H.OTHER)


def decide(state: CheckState, *, passes: bool, reason: str, decided_before: bool, own: bool) -> CheckState | Refusal:
    """A person's word: how the check stands then, or why the word cannot be taken.

    Holding something back is said with a reason, and so is overturning a verdict, WeChat's or a colleague's. `own`: they
    wrote it, or typed it in for a resident (代报).
    """
    wanted = CheckState.PASSED if passes else CheckState.WITHHELD
    if own:
        return Refusal("own_content", "不能审核自己发的或自己代报的内容，请同事来审。")
    if state is wanted:
        return Refusal("already_decided", f"这一条已经是“{wanted.zh}”。")
    if not reason and (not passes or decided_before or state is CheckState.WITHHELD):
        return Refusal("reason_missing", "请写明理由：不公开，或者改变原来的结论，都要说得出为什么。")
    return wanted


def _first(hits: tuple[HeldFor, ...]) -> HeldFor | None:
    return hits[0] if hits else None


def _words(hits: tuple[HeldFor, ...]) -> CheckedBy | None:
    return CheckedBy.WORDS if hits else None
