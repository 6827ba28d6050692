"""The life of an issue: which move leads where, and who may make it (design §5 "How an issue lives").

`decide` is the whole law of an existing issue: the table, who may (`lifecycle_who`), what has to come with it
(`lifecycle_needs`), what becomes of it (`lifecycle_steps`). `first_level` and `imported` are its two beginnings.
"""

from datetime import datetime

from models.enums import AWAITING_REPORTER, ENDED_STATES, OPEN_STATES, IssueState, Level, Move
from server.rules.clocks import Span, Unit
from server.rules.decision import Refusal
from server.rules.levels import superior
from server.rules.lifecycle_needs import RATING_WINDOW, RETURN_VISIT_WINDOW, needs
from server.rules.lifecycle_steps import step
from server.rules.lifecycle_who import URGE_AGAIN, possible, who
from server.rules.moves import (
    CLOCK,
    Details,
    IssueFacts,
    JoinTarget,
    Mover,
    MoverKind,
    Step,
    reporter,
    staff,
)
from server.rules.return_visits import contradicts, counts_for_building, own_word

__all__ = [
    "AFTER_FOLLOW_UP",
    "CLOCK",
    "RATING_WINDOW",
    "RETURN_VISIT_WINDOW",
    "URGE_AGAIN",
    "Details",
    "IssueFacts",
    "JoinTarget",
    "Mover",
    "MoverKind",
    "Refusal",
    "Step",
    "contradicts",
    "counts_for_building",
    "decide",
    "first_level",
    "imported",
    "moves_open_to",
    "own_word",
    "reporter",
    "staff",
]

AFTER_FOLLOW_UP = Span(
    3, Unit.WORKDAYS
)  # a private matter is to be settled so long after it was asked after, at the earliest

S = IssueState
_STAFF = frozenset({MoverKind.STAFF})
_REPORTER = frozenset({MoverKind.REPORTER})
_CLOCK = frozenset({MoverKind.CLOCK})

_AS_IT_IS = {state: state for state in OPEN_STATES}
_TO_OTHER_HANDS = {**dict.fromkeys(OPEN_STATES, S.REPORTED), S.REOPENED: S.REOPENED}

# move → who may make it, and from which state to which. What is not written here does not happen.
TABLE: dict[Move, tuple[frozenset[MoverKind], dict[IssueState, IssueState]]] = {
    Move.ACCEPT: (_STAFF, {S.REPORTED: S.ACCEPTED, S.REOPENED: S.ACCEPTED}),
    Move.START: (_STAFF, {S.REPORTED: S.IN_PROGRESS, S.ACCEPTED: S.IN_PROGRESS, S.REOPENED: S.IN_PROGRESS}),
    Move.NOTE: (_STAFF | _REPORTER, {state: state for state in OPEN_STATES | AWAITING_REPORTER}),
    Move.RESOLVE: (_STAFF, dict.fromkeys(OPEN_STATES, S.RESOLVED)),
    Move.DECLINE: (_STAFF, dict.fromkeys(OPEN_STATES, S.DECLINED)),
    Move.JOIN: (_STAFF, dict.fromkeys(OPEN_STATES, S.DUPLICATE)),
    # Whoever gets it has yet to accept it; a reopened issue stays visible as one.
    Move.PASS_UP: (_STAFF | _CLOCK, _TO_OTHER_HANDS),
    # The reporter's word; staff with `issue:visit` may note it down after a phone call.
    Move.CONFIRM: (_REPORTER | _STAFF, {S.RESOLVED: S.CONFIRMED}),
    Move.REOPEN: (_REPORTER | _STAFF, {S.RESOLVED: S.REOPENED}),
    # From RESOLVED the answer to "solved?" also confirms or reopens; an ended issue stays as it ended.
    Move.RATE: (_REPORTER | _STAFF, {state: state for state in (S.RESOLVED, S.CONFIRMED, S.CLOSED_SILENT)}),
    Move.WITHDRAW: (_REPORTER, dict.fromkeys(OPEN_STATES | AWAITING_REPORTER, S.WITHDRAWN)),
    Move.CLOSE_SILENT: (_CLOCK, {S.RESOLVED: S.CLOSED_SILENT}),
    # Moves of the one who has it in hand that leave the state as it is.
    Move.SIGN_IN: (_STAFF, _AS_IT_IS),
    Move.CONTACT: (_STAFF, _AS_IT_IS),
    Move.TRIAGE: (_STAFF, _AS_IT_IS),
    Move.FOLLOW_UP: (_STAFF, _AS_IT_IS),
    Move.SUSPEND: (_STAFF, _AS_IT_IS),
    Move.RESUME: (_STAFF, _AS_IT_IS),
    Move.ASK_EXTENSION: (_STAFF, _AS_IT_IS),
    Move.GRANT_EXTENSION: (_STAFF, _AS_IT_IS),
    Move.REFUSE_EXTENSION: (_STAFF, _AS_IT_IS),
    Move.URGE: (_STAFF | _REPORTER, _AS_IT_IS),
    # It goes to other hands, who have yet to accept it.
    Move.ASSIGN: (_STAFF, _TO_OTHER_HANDS),
    Move.WHISTLE: (_STAFF, _TO_OTHER_HANDS),
    Move.PUSH_BACK: (_STAFF, _TO_OTHER_HANDS),
    Move.REPORT_BACK: (_STAFF, {**dict.fromkeys(OPEN_STATES, S.IN_PROGRESS), S.REOPENED: S.REOPENED}),
    Move.CALL_OFF: (_STAFF, {**dict.fromkeys(OPEN_STATES, S.IN_PROGRESS), S.REOPENED: S.REOPENED}),
    Move.RATE_DEPARTMENT: (_STAFF, {state: state for state in IssueState if state is not S.WITHDRAWN}),
    Move.SPLIT: (_STAFF, {S.DUPLICATE: S.REPORTED}),
    # The two beginnings: never a move of an issue that already exists.
    Move.REPORT: (_REPORTER | _STAFF, {}),
    Move.IMPORT: (_STAFF, {}),
}


def first_level(*, about_head: bool, has_live_head: bool, has_grid: bool) -> Step:
    """Where a new issue goes (design §5): to the head, unless it is about her or the building has none."""
    if has_live_head and not about_head:
        return Step(S.REPORTED, Level.HEAD, "已转给本楼的楼栋长。")
    to = superior(Level.HEAD, has_grid=has_grid)
    why = "这件事与楼栋长有关，不经过楼栋长" if about_head else "本楼现在没有楼栋长"
    return Step(S.REPORTED, to, f"{why}，已直接转给{to.zh}。")


def imported(state: IssueState, level: Level = Level.COMMUNITY) -> Step:
    """The beginning of an issue taken over from an existing ledger: any state, in the hands of the ledger's keeper."""
    return Step(state, level, f"从原有台账导入，当时的状态是“{state.zh}”。")


def decide(facts: IssueFacts, move: Move, mover: Mover, details: Details, now: datetime) -> Step | Refusal:
    """What the move leads to, or why it cannot be made and what to do instead (design §5). Never raises."""
    kinds, transitions = TABLE[move]
    if not transitions:
        return Refusal("already_exists", "这件事已经在册。另有新的问题，请另外上报一件。")
    if mover.kind not in kinds:
        return _wrong_mover(move)
    if facts.state not in transitions:
        return _wrong_state(facts, move, mover, now)
    refusal = who(facts, move, mover) or possible(facts, move, mover, now) or needs(facts, move, mover, details, now)
    return refusal or step(facts, move, mover, details, transitions[facts.state])


def moves_open_to(facts: IssueFacts, mover: Mover, now: datetime) -> list[Move]:
    """The moves this mover could make now, in the order of `Move`; for buttons and for refusals."""
    return [
        move
        for move in Move
        if mover.kind in TABLE[move][0]
        and facts.state in TABLE[move][1]
        and who(facts, move, mover) is None
        and possible(facts, move, mover, now) is None
    ]


def _wrong_mover(move: Move) -> Refusal:
    if move is Move.WITHDRAW:
        return Refusal("wrong_mover", "只有上报人自己可以撤回。不该由您办理的，请吹哨上报。")
    if move is Move.CLOSE_SILENT:
        return Refusal("wrong_mover", "没有回音的诉求到时间自动结束，不用手工处理；想早些有结果，请电话回访上报人。")
    return Refusal("wrong_mover", f"“{move.zh}”由办理人员操作，您可以补充说明，或者等办结后评价。")


def _wrong_state(facts: IssueFacts, move: Move, mover: Mover, now: datetime) -> Refusal:
    now_is = f"这件事现在是“{facts.state.zh}”，不能{move.zh}。"
    if others := moves_open_to(facts, mover, now):
        return Refusal("wrong_state", now_is + f"您现在可以：{'、'.join(other.zh for other in others)}。")
    if facts.state in ENDED_STATES:
        return Refusal("wrong_state", now_is + "它已经结束；问题还在的话，请重新上报一件。")
    if facts.state in AWAITING_REPORTER:
        return Refusal("wrong_state", now_is + "请等上报人确认，或者请社区电话回访。")
    return Refusal("wrong_state", now_is + "请等办理人员处理，有急事请给社区打电话。")
