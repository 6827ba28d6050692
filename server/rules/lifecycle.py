"""The life of an issue: which move leads where, and who may make it (design §5 "How an issue lives").

`decide` is the whole law of an existing issue; `first_level` and `imported` are its two beginnings.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from models.enums import AWAITING_REPORTER, ENDED_STATES, OPEN_STATES, IssueState, Level, Move, Role
from server.rules.clocks import Span, Unit
from server.rules.decision import Refusal
from server.rules.levels import LEVEL_OF, commands, superior
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
from server.rules.permissions import Permission, may

__all__ = [
    "CLOCK",
    "RATING_WINDOW",
    "RETURN_VISIT_WINDOW",
    "Details",
    "IssueFacts",
    "JoinTarget",
    "Mover",
    "MoverKind",
    "Refusal",
    "Step",
    "contradicts",
    "decide",
    "first_level",
    "imported",
    "moves_open_to",
    "own_word",
    "reporter",
    "staff",
]

RETURN_VISIT_WINDOW = timedelta(days=7)  # silence after a resolution for this long ends the issue without a word
RATING_WINDOW = timedelta(days=30)  # an ended issue can still be rated this long after its resolution, not for ever
FOLLOW_UP_AFTER = timedelta(days=7)  # a private matter is asked after so long after it was found to be one
AFTER_FOLLOW_UP = Span(3, Unit.WORKDAYS)  # and is to be settled so long after that, at the earliest

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
    Move.RATE_DEPARTMENT: (_STAFF, {state: state for state in IssueState if state is not S.WITHDRAWN}),
    Move.SPLIT: (_STAFF, {S.DUPLICATE: S.REPORTED}),
    # The two beginnings: never a move of an issue that already exists.
    Move.REPORT: (_REPORTER | _STAFF, {}),
    Move.IMPORT: (_STAFF, {}),
}

_WORD_OF_REPORTER = frozenset({Move.CONFIRM, Move.REOPEN, Move.RATE})
_RIGHTS: dict[Move, Permission] = {
    Move.ACCEPT: Permission.ISSUE_ACCEPT,
    Move.START: Permission.ISSUE_START,
    Move.NOTE: Permission.ISSUE_NOTE,
    Move.RESOLVE: Permission.ISSUE_RESOLVE,
    Move.DECLINE: Permission.ISSUE_DECLINE,
    Move.JOIN: Permission.ISSUE_JOIN,
    Move.PASS_UP: Permission.ISSUE_PASS_UP,
    Move.SIGN_IN: Permission.ISSUE_SIGN_IN,
    Move.CONTACT: Permission.ISSUE_CONTACT,
    Move.TRIAGE: Permission.ISSUE_TRIAGE,
    Move.FOLLOW_UP: Permission.ISSUE_FOLLOW_UP,
    Move.SUSPEND: Permission.ISSUE_SUSPEND,
    Move.RESUME: Permission.ISSUE_SUSPEND,
    Move.ASK_EXTENSION: Permission.ISSUE_EXTEND,
    Move.GRANT_EXTENSION: Permission.ISSUE_EXTENSION,
    Move.REFUSE_EXTENSION: Permission.ISSUE_EXTENSION,
    Move.URGE: Permission.ISSUE_URGE,
    Move.ASSIGN: Permission.ISSUE_ASSIGN,
    Move.WHISTLE: Permission.ISSUE_WHISTLE,
    Move.PUSH_BACK: Permission.ISSUE_PUSH_BACK,
    Move.REPORT_BACK: Permission.ISSUE_REPORT_BACK,
    Move.RATE_DEPARTMENT: Permission.ISSUE_RATE_DEPARTMENT,
    Move.SPLIT: Permission.ISSUE_SPLIT,
    **dict.fromkeys(_WORD_OF_REPORTER, Permission.ISSUE_VISIT),
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
        return _wrong_state(facts, move, mover)
    refusal = _who(facts, move, mover) or _what(facts, move, mover, details, now)
    return refusal or _step(facts, move, mover, details, transitions[facts.state])


def moves_open_to(facts: IssueFacts, mover: Mover) -> list[Move]:
    """The moves this mover could make now, in the order of `Move`; for buttons and for refusals."""
    return [
        move
        for move in Move
        if mover.kind in TABLE[move][0] and facts.state in TABLE[move][1] and _who(facts, move, mover) is None
    ]


def _wrong_mover(move: Move) -> Refusal:
    if move is Move.WITHDRAW:
        return Refusal("wrong_mover", "只有上报人自己可以撤回。不该由您办理的，请吹哨上报。")
    if move is Move.CLOSE_SILENT:
        return Refusal("wrong_mover", "没有回音的诉求到时间自动结束，不用手工处理；想早些有结果，请电话回访上报人。")
    return Refusal("wrong_mover", f"“{move.zh}”由办理人员操作，您可以补充说明，或者等办结后评价。")


def _wrong_state(facts: IssueFacts, move: Move, mover: Mover) -> Refusal:
    now_is = f"这件事现在是“{facts.state.zh}”，不能{move.zh}。"
    if possible := moves_open_to(facts, mover):
        return Refusal("wrong_state", now_is + f"您现在可以：{'、'.join(other.zh for other in possible)}。")
    if facts.state in ENDED_STATES:
        return Refusal("wrong_state", now_is + "它已经结束；问题还在的话，请重新上报一件。")
    if facts.state in AWAITING_REPORTER:
        return Refusal("wrong_state", now_is + "请等上报人确认，或者请社区电话回访。")
    return Refusal("wrong_state", now_is + "请等办理人员处理，有急事请给社区打电话。")


def _who(facts: IssueFacts, move: Move, mover: Mover) -> Refusal | None:
    """Why this mover may not make the move at all, whatever comes with it; None when they may."""
    fixed_it = mover.person_id is not None and mover.person_id == facts.resolved_by_person_id
    if mover.kind is MoverKind.REPORTER:
        if move is Move.WITHDRAW and facts.has_joiners:
            return Refusal("has_joiners", "有邻居报了同一件事，已并到这一件，要继续办完，不能撤回。")
        if fixed_it and move in (Move.CONFIRM, Move.RATE):  # a head who reported, and then fixed, her own report
            return Refusal("own_work", "这件事是您自己办结的，不能由您自己销号。请等社区电话回访。")
        return None
    if mover.kind is MoverKind.CLOCK:
        return None
    if mover.role is None or mover.person_id is None:
        return Refusal("no_right", "没有任职的人不能办理诉求，请先由社区办理任职。")
    if facts.about_head and mover.role is Role.HEAD:
        return Refusal("about_head", "这件事与楼栋长有关，由网格员或社区办理，您不用处理。")
    if not (right := may([mover.role], _RIGHTS[move])).allowed:
        return Refusal("no_right", right.reason)
    if move in _WORD_OF_REPORTER:
        return Refusal("own_work", "这件事是您办结的，回访要由另一位同事来做。") if fixed_it else None
    level = LEVEL_OF[mover.role]
    if move is Move.NOTE and level is not Level.DEPARTMENT:
        return None  # those below may still say what they know, after it was passed up
    if not commands(level, facts.level):
        return Refusal("not_in_hand", f"这件事现在由{facts.level.zh}办理。您可以写进展说明，不用再办理。")
    return None


def _what(facts: IssueFacts, move: Move, mover: Mover, details: Details, now: datetime) -> Refusal | None:
    """What is missing or wrong in what came with the move; None when it is complete."""
    if move is Move.RESOLVE and not details.text.strip():
        return Refusal("text_missing", "请写明做了什么，比如“已更换三楼声控灯”，再点办结。")
    if move is Move.NOTE and not details.text.strip():
        return Refusal("text_missing", "请写上要说明的内容。")
    if move is Move.DECLINE and not details.responsible.strip():
        return Refusal("responsible_missing", "不予受理要写明这件事由谁负责，比如“燃气公司 电话96777”。")
    if move is Move.JOIN:
        return _join(facts, details.target)
    if move is Move.PASS_UP:
        return _pass_up(facts, _to_level(facts, mover, details), details.to_level)
    if move is Move.RATE:
        if details.contacted is None and details.solved is None and details.satisfaction is None:
            return Refusal("answers_missing", "联系您了吗、解决了吗、满意吗，请至少回答一个。")
        if facts.state in ENDED_STATES and facts.resolved_at and now - facts.resolved_at > RATING_WINDOW:
            return Refusal("too_late", "这件事办结已超过30天，不再评价。问题还在的话，请重新上报一件。")
    if move is Move.CLOSE_SILENT and (facts.resolved_at is None or now - facts.resolved_at < RETURN_VISIT_WINDOW):
        return Refusal("window_open", f"办结后要留{RETURN_VISIT_WINDOW.days}天给上报人回音，现在还不能结束。")
    return None


def _join(facts: IssueFacts, target: JoinTarget | None) -> Refusal | None:
    if target is None:
        return Refusal("target_missing", "请选择要并到哪一件。")
    if target.issue_id == facts.issue_id:
        return Refusal("target_is_self", "不能并到自己，请选择另外一件。")
    if target.state is S.DUPLICATE:
        return Refusal("target_joined", "那一件已经并到别的诉求里，请并到最早的那一件。")
    if target.state in ENDED_STATES:
        return Refusal("target_ended", "那一件已经结束，并过去就没有人办了。请按新的诉求办理。")
    if target.about_head != facts.about_head:
        return Refusal("target_differs", "两件里只有一件与楼栋长本人有关，不能并案，请分开办理。")
    if facts.has_joiners:
        return Refusal("has_joiners", "已有别的诉求并到这一件，请反过来把那一件并过来。")
    return None


def _to_level(facts: IssueFacts, mover: Mover, details: Details) -> Level:
    if details.to_level:
        return details.to_level
    level = mover.level
    above = level if level and level.height > facts.level.height else facts.level
    return superior(above, has_grid=facts.has_grid)


def _pass_up(facts: IssueFacts, to: Level, asked: Level | None) -> Refusal | None:
    if facts.level is Level.DISTRICT:
        return Refusal("level_top", "已经在区里，没有更高的一级。请办理，或者写明由谁负责。")
    if to.height <= facts.level.height:
        return Refusal("level_not_higher", f"这件事已经在{facts.level.zh}，只能再往上报。")
    if asked is Level.GRID and not facts.has_grid:
        return Refusal("level_missing", "这栋楼没有网格员，请直接上报到社区。")
    return None


def _step(facts: IssueFacts, move: Move, mover: Mover, details: Details, to: IssueState) -> Step:
    phone = "社区电话回访：" if mover.kind is MoverKind.STAFF else ""
    who = mover.role.zh if mover.role else "上报人"
    if move is Move.REOPEN or (move is Move.RATE and facts.state is S.RESOLVED and details.solved is False):
        above = superior(facts.resolved_level or facts.level, has_grid=facts.has_grid)
        return Step(S.REOPENED, above, f"{phone}上报人说还没好，交{above.zh}重新办理，记一次返工。", rework=True)
    if move is Move.CONFIRM or (move is Move.RATE and facts.state is S.RESOLVED and details.solved):
        return Step(S.CONFIRMED, facts.level, f"{phone}上报人确认已经解决，销号。")
    if move is Move.PASS_UP:
        above = _to_level(facts, mover, details)
        by = "到时间没有办好，自动" if mover.kind is MoverKind.CLOCK else f"{who}吹哨，"
        return Step(to, above, f"{by}转到{above.zh}办理。")
    days = RETURN_VISIT_WINDOW.days
    reasons = {
        Move.ACCEPT: f"{who}已受理。",
        Move.START: f"{who}开始办理。",
        Move.NOTE: f"{who}补充了说明。",
        Move.RESOLVE: f"{who}说已经办好，等上报人确认。",
        Move.RATE: f"{phone}上报人作了评价。",
        Move.DECLINE: f"不予受理，这件事由{details.responsible.strip()}负责。",
        Move.JOIN: "与另一件相同的诉求并案办理，结果会一并告诉您。",
        Move.WITHDRAW: "上报人撤回了这件诉求。",
        Move.CLOSE_SILENT: f"办结后{days}天没有收到上报人的回音，按无回音结束，不算解决。",
    }
    return Step(to, facts.level, reasons.get(move, f"{who}：{move.zh}。"))


_QUESTIONS = {"contacted": "联系您了吗", "solved": "解决了吗", "satisfaction": "满意吗"}


def contradicts(told: Mapping[str, object], noted: Mapping[str, object]) -> Refusal | None:
    """Why a phone call cannot be noted down so: it may add to what the reporter said in person, never replace it.

    `told` and `noted`: answers by question, only those given.
    """
    taken = [words for name, words in _QUESTIONS.items() if name in told and noted.get(name, told[name]) != told[name]]
    if not taken:
        return None
    return Refusal("already_told", f"“{'、'.join(taken)}”上报人已经自己回答过，电话回访不能改写，只能补上没有回答的。")


def counts_for_building(resolved_level: Level | None, *, own_word: bool = False) -> bool:
    """Whether the reporter's answers count in the building's score.

    Design §4: "a department's delay never counts against her".
    What was settled above the community says nothing about the building: it belongs to the report on departments.
    Nor do answers that may be the `own_word` of the one who settled it: design §5, "the one who fixes does not write off".
    """
    return not own_word and (resolved_level is None or resolved_level.height <= Level.COMMUNITY.height)


def own_word(*, taken_by: int | None, resolved_by: int | None, known_reporter: bool, noted_by_office: bool) -> bool:
    """Whether answers may come from the very person who settled the issue.

    Whoever types in a report for a resident (代报) is shown its claim code. What is said under it counts once the office
    has asked the resident herself, unless somebody else did the work. `taken_by` and `resolved_by` are persons.
    """
    return taken_by is not None and taken_by == resolved_by and not known_reporter and not noted_by_office
