"""Who may make a move, and whether it can be made as things stand now, whatever comes with it (design §5)."""

from datetime import datetime, timedelta

from models.enums import Level, Move, Role, Triage
from server.rules.calendar import SHANGHAI
from server.rules.decision import Refusal
from server.rules.levels import LEVEL_OF, commands
from server.rules.moves import IssueFacts, Mover, MoverKind
from server.rules.permissions import Permission, may

URGE_AGAIN = timedelta(hours=24)  # each side, the reporter's and the office's, urges once in so long

WORD_OF_REPORTER = frozenset({Move.CONFIRM, Move.REOPEN, Move.RATE})
RIGHTS: dict[Move, Permission] = {
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
    Move.CALL_OFF: Permission.ISSUE_WHISTLE,
    Move.RATE_DEPARTMENT: Permission.ISSUE_RATE_DEPARTMENT,
    Move.SPLIT: Permission.ISSUE_SPLIT,
    **dict.fromkeys(WORD_OF_REPORTER, Permission.ISSUE_VISIT),
}
# Said about one whistle and decided in `server.rules.whistling`; the table only knows which states they lead to.
_OF_ONE_WHISTLE = frozenset({Move.REPORT_BACK, Move.CALL_OFF, Move.RATE_DEPARTMENT})
_DECIDE_EXTENSION = frozenset({Move.GRANT_EXTENSION, Move.REFUSE_EXTENSION})
_OUT_OF_HANDS = frozenset({Move.ASSIGN, Move.PASS_UP})  # what a department has goes no further by these


def who(facts: IssueFacts, move: Move, mover: Mover) -> Refusal | None:
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
    if not (right := may([mover.role], RIGHTS[move])).allowed:
        return Refusal("no_right", right.reason)
    if move in _OF_ONE_WHISTLE or (mover.role is Role.DEPARTMENT and move is not Move.NOTE):
        return Refusal("answer_whistle", "请在这件事的“部门办理”里，对那一次吹哨签收、反馈、退回、撤销或者评价。")
    if move in WORD_OF_REPORTER:
        return Refusal("own_work", "这件事是您办结的，回访要由另一位同事来做。") if fixed_it else None
    level = LEVEL_OF[mover.role]
    if move is Move.NOTE and level is not Level.DEPARTMENT:
        return None  # those below may still say what they know, after it was passed up
    if move is Move.URGE:
        return None if _stands_above(level, facts.level) else _not_below(facts)
    if move in _DECIDE_EXTENSION and facts.extension is not None:
        return _decides(facts, mover, level)
    if move is Move.SIGN_IN and level is not facts.level:
        return Refusal("not_in_hand", f"这件事现在由{facts.level.zh}办理，由{facts.level.zh}签收。")
    if not commands(level, facts.level):
        return Refusal("not_in_hand", f"这件事现在由{facts.level.zh}办理。您可以写进展说明，不用再办理。")
    return None


def _stands_above(level: Level, holder: Level) -> bool:
    """Whether somebody on `level` may press the holder. Departments answer to the offices that whistle to them."""
    if holder is Level.DEPARTMENT:
        return level in (Level.COMMUNITY, Level.STREET, Level.DISTRICT)
    return level is not holder and commands(level, holder)


def _not_below(facts: IssueFacts) -> Refusal:
    return Refusal("not_above", f"这件事现在由{facts.level.zh}办理，由它的上级或上报人来催。")


def _decides(facts: IssueFacts, mover: Mover, level: Level) -> Refusal | None:
    """More time is never given by who asked for it, nor by anybody on the same level."""
    asked = facts.extension
    if asked is None:
        return None
    if asked.asked_by == mover.person_id:
        return Refusal("own_request", "这次延期是您自己申请的，要由上级决定。")
    if level is asked.level or not commands(level, asked.level):
        return Refusal("not_above", f"{asked.level.zh}申请的延期要由上级决定。")
    return None


def possible(facts: IssueFacts, move: Move, mover: Mover, now: datetime) -> Refusal | None:
    """Why the move cannot be made as things stand; None when it can, provided that what comes with it is complete."""
    match move:
        case Move.SIGN_IN if facts.signed_in:
            return Refusal("already_signed_in", "这件事已经签收，请接着办理。")
        case Move.CONTACT if facts.contacted:
            return Refusal("already_contacted", "已经登记过联系上报人。再联系的，请写进展说明。")
        case Move.FOLLOW_UP if facts.triage is not Triage.PRIVATE:
            return Refusal("not_private", "只有分流为私事的才登记跟进，别的请写进展说明。")
        case Move.RESOLVE | Move.DECLINE if facts.triage is Triage.PRIVATE and not facts.asked_after:
            return Refusal("not_asked_after", "私事也要有人过问：请先联系上报人，或者登记一次跟进，再结束。")
        case Move.SUSPEND if facts.suspended(now):
            return Refusal("already_suspended", "这件事已经暂缓。要改日期的，请先恢复办理，再重新暂缓。")
        case Move.RESUME if not facts.suspended(now):
            return Refusal("not_suspended", "这件事没有暂缓，请直接办理。")
        case Move.ASK_EXTENSION:
            return _ask_extension(facts, mover, now)
        case Move.GRANT_EXTENSION | Move.REFUSE_EXTENSION if facts.extension is None:
            return Refusal("nothing_asked", "现在没有等待决定的延期申请。")
        case Move.URGE:
            return _urge(facts, mover, now)
        case Move.PUSH_BACK if mover.role is not Role.DEPARTMENT and facts.passed_up_from is None:
            return Refusal("nobody_passed_it_up", "这件事不是下级吹哨报上来的，不能退回；要下级办的，请用“交办”。")
        case Move.PASS_UP if facts.level is Level.DISTRICT:
            return Refusal("level_top", "已经在区里，没有更高的一级。请办理，或者写明由谁负责。")
        case _ if move in _OUT_OF_HANDS and facts.level is Level.DEPARTMENT:
            return Refusal("with_department", "这件事现在由职能部门办理。可以催办；要收回的，请先撤销吹哨。")
        case Move.PASS_UP if mover.kind is MoverKind.CLOCK and (facts.imported or facts.suspended(now)):
            return Refusal("clock_stands_still", "这件事现在不计时，不会自动上报。")
    return None


def _ask_extension(facts: IssueFacts, mover: Mover, now: datetime) -> Refusal | None:
    if facts.extension is not None:
        return Refusal("already_asked", "已经申请过延期，请等上级决定。")
    if facts.due_at is None:
        return Refusal("no_due", "这件事没有办理期限，不用申请延期。")
    if facts.due_at <= now:
        return Refusal("too_late", "已经过了办理期限，不能再申请延期。请写明情况，尽快办理。")
    if mover.level is Level.DISTRICT:
        return Refusal("level_top", "区里没有上级来决定延期。请写明情况，尽快办理。")
    return None


def _urge(facts: IssueFacts, mover: Mover, now: datetime) -> Refusal | None:
    last = facts.urged_by_reporter_at if mover.kind is MoverKind.REPORTER else facts.urged_by_office_at
    if last is None or now - last >= URGE_AGAIN:
        return None
    next_at = (last + URGE_AGAIN).astimezone(SHANGHAI)
    return Refusal(
        "urged_already", f"已经催过了，办理的人都看得到。{next_at.month}月{next_at.day}日{next_at:%H:%M}以后可以再催。"
    )
