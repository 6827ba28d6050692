"""Joining (我也遇到, 并案): who may join which issue, and what somebody whose report was joined may say and when.

A joined report is worked on as part of another one, its target. Its reporter hears every outcome, and after the target was
settled her answers are a return visit of their own: she is asked like anybody else, and what she says reopens the target
once, or lets her own report go on where the target's has ended.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from models.enums import OPEN_STATES, IssueCategory, IssueState, Level, Move
from server.rules.decision import Refusal
from server.rules.levels import superior
from server.rules.lifecycle import RATING_WINDOW, RETURN_VISIT_WINDOW
from server.rules.moves import Details, Mover, MoverKind
from server.rules.publicity import Publicity, publicity

FILED = "与邻居报的同一件事并在一起办理，结果会一并告诉您。"

S = IssueState


@dataclass(frozen=True, slots=True)
class Offer:
    """An open issue a neighbour wants to join, and what she has to do with it already.

    `mine`: she reported it. `joined`: a report of hers was joined to it. Both are known of people signed in only.
    """

    state: IssueState
    category: IssueCategory
    about_head: bool = False
    mine: bool = False
    joined: bool = False


def offered(category: IssueCategory, *, about_head: bool) -> bool:
    """Whether neighbours may be shown it at all. Where not, it must look as if there were none."""
    return not about_head and publicity(category) is not Publicity.NOTHING


def may_join(offer: Offer) -> Refusal | None:
    """Why a neighbour cannot join an issue she may see; None when she can."""
    if offer.mine:
        return Refusal("own_report", "这一件就是您报的，不用再报。在“我报过的事”里可以看进展、补充说明。")
    if offer.joined:
        return Refusal("already_joined", "您已经说过“我也遇到”，不用再报。办理的结果会告诉您。")
    if offer.state is S.RESOLVED:
        return Refusal("target_solved", "这件事办理的人说已经办好。要是又出现了或者还没好，请重新报一件。")
    if offer.state not in OPEN_STATES:
        return Refusal("target_ended", "这件事已经结束。要是又出现了，请重新报一件。")
    return None


class Effect(StrEnum):
    """What a word of the joined reporter does."""

    NOTES = "notes"  # it stands on her own timeline
    ANSWERS = "answers"  # and counts as her return visit
    ADDS = "adds"  # the target is being done again already: a line on it says that she is not content either
    REOPENS = "reopens"  # the target goes to the superior: one 返工, however many say so
    URGES = "urges"  # the target is urged: one allowance for all who reported it
    GOES_ON = "goes_on"  # the target has ended: hers goes on by itself, above the one who settled
    LEAVES = "leaves"  # she takes it back


class Standing(StrEnum):
    """How the target stands, as far as it matters for what the joined reporter may say."""

    WORKING = "working"
    AGAIN = "again"  # settled once, and reopened
    SETTLED = "settled"
    OVER = "over"  # written off, or ended in silence
    REFUSED = "refused"  # ended otherwise: declined


@dataclass(frozen=True, slots=True)
class JoinedFacts:
    """What the law needs to know of a joined report: how its target stands and who settled that.

    `has_grid`: of the joined report's own building. `said_not_yet`: since the latest resolution she said 还没好.
    """

    state: IssueState
    level: Level
    resolved_at: datetime | None = None
    resolved_by_person_id: int | None = None
    resolved_level: Level | None = None
    has_grid: bool = True
    said_not_yet: bool = False


@dataclass(frozen=True, slots=True)
class JoinedStep:
    """What becomes of her word: `reason` for her own timeline, `told` for the target's, `to_level` where work goes on."""

    effect: Effect
    reason: str
    told: str = ""
    to_level: Level | None = None


def standing(facts: JoinedFacts) -> Standing:
    """How the target stands."""
    if facts.state in OPEN_STATES:
        return Standing.AGAIN if facts.resolved_at else Standing.WORKING
    if facts.state is S.RESOLVED:
        return Standing.SETTLED
    return Standing.OVER if facts.state in (S.CONFIRMED, S.CLOSED_SILENT) else Standing.REFUSED


_W, _A, _S, _O, _R = Standing
_E = Effect

# move → what it does while the target stands so. 还没好 has a table of its own: it is a word of `RATE` too.
TABLE: dict[Move, dict[Standing, Effect]] = {
    Move.NOTE: dict.fromkeys((_W, _A, _S), _E.NOTES),
    Move.CONFIRM: dict.fromkeys((_S, _O), _E.ANSWERS),
    Move.RATE: dict.fromkeys((_S, _O), _E.ANSWERS),
    Move.REOPEN: {_A: _E.ADDS, _S: _E.REOPENS, _O: _E.GOES_ON},
    Move.URGE: dict.fromkeys((_W, _A), _E.URGES),
    Move.WITHDRAW: dict.fromkeys((_W, _A, _S), _E.LEAVES),
}
BY_PHONE = frozenset({Move.RATE})  # what the office may note down for her after a phone call


def moves_open_to(facts: JoinedFacts, mover: Mover) -> list[Move]:
    """The moves she, or the office on the phone with her, could make now, in the order of `Move`."""
    return [
        move
        for move in Move
        if standing(facts) in TABLE.get(move, {})
        and (mover.kind is MoverKind.REPORTER or move in BY_PHONE)
        and not (move is Move.REOPEN and facts.said_not_yet and standing(facts) is Standing.AGAIN)
        and _own_work(facts, move, mover) is None
    ]


def decide(facts: JoinedFacts, move: Move, mover: Mover, details: Details, now: datetime) -> JoinedStep | Refusal:
    """What her word leads to, or why it cannot be said now and what to do instead. Never raises."""
    if move not in TABLE or (mover.kind is not MoverKind.REPORTER and move not in BY_PHONE):
        return Refusal("joined", "这件已经并到另一件一起办，请办理那一件；并错了的，请先拆分出来。")
    not_yet = move is Move.REOPEN or (move is Move.RATE and details.solved is False)
    effect = TABLE[Move.REOPEN if not_yet else move].get(standing(facts))
    if effect is None:
        return _not_now(facts, move)
    refusal = _own_work(facts, move, mover) or _what(move, details)
    if refusal:
        return refusal
    since = now - facts.resolved_at if facts.resolved_at else timedelta()
    if effect is _E.GOES_ON and since > RETURN_VISIT_WINDOW:
        if move is Move.REOPEN:
            return Refusal("too_late", "这件事办结已经超过7天并且结束了。问题还在的话，请重新报一件。")
        effect = _E.ANSWERS  # said late it still counts as her answer
    if effect is _E.ANSWERS and standing(facts) is Standing.OVER and since > RATING_WINDOW:
        return Refusal("too_late", "这件事办结已超过30天，不再评价。问题还在的话，请重新报一件。")
    if effect is _E.ADDS and facts.said_not_yet:
        return Refusal("already_said", "您已经说过还没好，正在重新办理。办好了会告诉您。")
    return _step(facts, effect, move, mover)


def _own_work(facts: JoinedFacts, move: Move, mover: Mover) -> Refusal | None:
    if mover.person_id is None or mover.person_id != facts.resolved_by_person_id:
        return None
    if mover.kind is MoverKind.STAFF:
        return Refusal("own_work", "这件事是您办结的，回访要由另一位同事来做。")
    if move in (Move.CONFIRM, Move.RATE):
        return Refusal("own_work", "这件事是您自己办结的，不能由您自己评价。请等社区电话回访。")
    return None


def _what(move: Move, details: Details) -> Refusal | None:
    if move is Move.NOTE and not details.text.strip():
        return Refusal("text_missing", "请写上要说明的内容。")
    unsaid = details.contacted is None and details.solved is None and details.satisfaction is None
    if move is Move.RATE and unsaid:
        return Refusal("answers_missing", "联系您了吗、解决了吗、满意吗，请至少回答一个。")
    return None


def _not_now(facts: JoinedFacts, move: Move) -> Refusal:
    match standing(facts):
        case Standing.WORKING:
            why = "一起办的那一件还没有办结，办好了会请您评价。现在可以补充说明。"
        case Standing.AGAIN:
            why = "一起办的那一件正在重新办理，办好了会再请您评价。"
        case Standing.SETTLED | Standing.OVER:
            why = "一起办的那一件已经结束。问题还在的话，请重新报一件。"
        case Standing.REFUSED:
            why = "一起办的那一件没有受理。您觉得不是同一件事的，请重新报一件，或者请社区把您的这件拆分出来。"
    return Refusal("wrong_state", f"现在不能{move.zh}：{why}")


def _step(facts: JoinedFacts, effect: Effect, move: Move, mover: Mover) -> JoinedStep:
    phone = "社区电话回访：" if mover.kind is MoverKind.STAFF else ""
    above = superior(facts.resolved_level or facts.level, has_grid=facts.has_grid)
    match effect:
        case _E.NOTES:
            return JoinedStep(effect, "上报人补充了说明。")
        case _E.URGES:
            return JoinedStep(effect, "上报人催办了一起办的那一件。")
        case _E.LEAVES:
            return JoinedStep(effect, "上报人撤回了这件诉求，那一件照常办理。")
        case _E.ADDS:
            return JoinedStep(effect, f"{phone}上报人也说还没好。那一件正在重新办理。", "一起上报的邻居也说还没好。")
        case _E.REOPENS:
            return JoinedStep(
                effect,
                f"{phone}上报人说还没好，一起办的那一件交{above.zh}重新办理。",
                f"一起上报的邻居说还没好，交{above.zh}重新办理，记一次返工。",
                above,
            )
        case _E.GOES_ON:
            return JoinedStep(
                effect,
                f"{phone}上报人说还没好。那一件已经结束，这件从并案中分出来，交{above.zh}重新办理。",
                "一起上报的邻居说还没好，邻居的那件已分出来另外办理。",
                above,
            )
    said = "确认已经解决" if move is Move.CONFIRM else "作了评价"
    return JoinedStep(effect, f"{phone}上报人{said}。")
