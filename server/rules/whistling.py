"""The whistle to departments (吹哨报到): who may sound it, how a department answers, what becomes of the issue.

A department answers for its own whistle and its own clocks; it never ends an issue. When the last one called has answered,
the issue goes back to who called it, and they settle it with the reporter (design §5).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from models.enums import IssueState, Level, Move, Role, Satisfaction, WhistleEnd, Word
from server.rules.calendar import SHANGHAI
from server.rules.clocks import Clocks, Span, Unit
from server.rules.decision import Refusal
from server.rules.levels import LEVEL_OF, commands
from server.rules.lifecycle import TABLE
from server.rules.moves import Step
from server.rules.permissions import Permission, may

# Sign in, contact, report back. Plain hours for what cannot wait.
ORDINARY = Clocks(Span(1, Unit.WORK_HOURS), Span(24, Unit.DAY_HOURS), Span(5, Unit.WORKDAYS))
SHORT = replace(ORDINARY, report=Span(3, Unit.WORKDAYS))
URGENT = Clocks(Span(1, Unit.HOURS), Span(2, Unit.HOURS), Span(24, Unit.HOURS))

MOST_CALLED = 8  # at once: whoever calls everybody calls nobody
URGE_PAUSE = timedelta(hours=24)  # between two urgings of one whistle
URGENT_PAUSE = timedelta(hours=2)
SOON, SOON_URGENT = timedelta(hours=24), timedelta(hours=2)  # before the due
RATING_CORRECTABLE = timedelta(days=7)  # after it was first given

OF_DEPARTMENT = (Move.SIGN_IN, Move.CONTACT, Move.REPORT_BACK, Move.PUSH_BACK)
OF_CALLER = (Move.URGE, Move.CALL_OFF)
NOT_YOURS = frozenset({"not_called", "not_caller", "own_work"})  # refusals for who asks, not for the moment
ANSWERS = (*OF_DEPARTMENT, *OF_CALLER, Move.RATE_DEPARTMENT)
RIGHTS: dict[Move, Permission] = {
    Move.SIGN_IN: Permission.ISSUE_SIGN_IN,
    Move.CONTACT: Permission.ISSUE_CONTACT,
    Move.REPORT_BACK: Permission.ISSUE_REPORT_BACK,
    Move.PUSH_BACK: Permission.ISSUE_PUSH_BACK,
    Move.URGE: Permission.ISSUE_URGE,
    Move.CALL_OFF: Permission.ISSUE_WHISTLE,
    Move.RATE_DEPARTMENT: Permission.ISSUE_RATE_DEPARTMENT,
}
_ENDS = {
    Move.REPORT_BACK: WhistleEnd.REPORTED,
    Move.PUSH_BACK: WhistleEnd.PUSHED_BACK,
    Move.CALL_OFF: WhistleEnd.CALLED_OFF,
}


@dataclass(frozen=True, slots=True)
class Department:
    """A department that is to be called."""

    id: int
    name: str
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Whistle:
    """What the law needs to know of a whistle. `sounded_role` None: the clock sounded it."""

    id: int
    department_id: int
    department: str
    sounded_role: Role | None
    sign_in_due_at: datetime
    due_at: datetime
    signed_in_at: datetime | None = None
    contacted_at: datetime | None = None
    end: WhistleEnd | None = None
    urged_at: datetime | None = None
    rated_at: datetime | None = None

    @property
    def caller(self) -> Level:
        """The level that called, to which the issue goes back."""
        return LEVEL_OF[self.sounded_role] if self.sounded_role else Level.COMMUNITY

    @property
    def caller_name(self) -> str:
        """Who called, as a role in words."""
        return self.sounded_role.zh if self.sounded_role else "系统"

    @property
    def state_name(self) -> str:
        """How it stands, in a word."""
        if self.end is not None:
            return self.end.zh
        return "待签收" if self.signed_in_at is None else "办理中"


@dataclass(frozen=True, slots=True)
class Matter:
    """The issue and the whistles that are open on it."""

    state: IssueState
    level: Level
    open: Sequence[Whistle] = ()
    urgent: bool = False
    suspended: bool = False

    @property
    def held_by(self) -> Level:
        """Who answers for it: of what lies with departments, the highest level that called one."""
        if self.level is not Level.DEPARTMENT:
            return self.level
        return max((each.caller for each in self.open), key=lambda level: level.height, default=Level.COMMUNITY)


@dataclass(frozen=True, slots=True)
class Answerer:
    """Who answers a whistle or deals with it: in which role, and for which departments they stand whatever that role."""

    role: Role
    departments: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Said:
    """What came with an answer."""

    text: str = ""
    done_on: date | None = None
    rating: Satisfaction | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What becomes of the issue, and of the whistle: how it ended (None: it did not)."""

    step: Step
    end: WhistleEnd | None = None


def clocks_for(*, urgent: bool, short: bool = False) -> Clocks:
    """How long a department has; a place's rule book may say otherwise (`server.rules.book`)."""
    return URGENT if urgent else SHORT if short else ORDINARY


def sound(
    matter: Matter, role: Role, departments: Sequence[Department], reason: str, within: Span | None = None
) -> Step | Refusal:
    """Calling departments to an issue, or why they cannot be called. `within`: how long they have. Never raises."""
    refusal = may_sound(matter, role) or _whom(matter, departments)
    if refusal:
        return refusal
    if not reason.strip():
        return Refusal("text_missing", "请写明要部门做什么、已经做过什么。")
    names = "、".join(each.name for each in departments)
    jointly = f"{len(departments)}个部门一起办理，" if len(departments) > 1 else ""
    to = matter.state if matter.level is Level.DEPARTMENT else TABLE[Move.WHISTLE][1][matter.state]
    by = f"{within.zh}内反馈，" if within else ""
    return Step(to, Level.DEPARTMENT, f"{role.zh}吹哨，请{names}办理，{jointly}{by}结果由{role.zh}答复您。")


def may_sound(matter: Matter, role: Role) -> Refusal | None:
    """Why somebody in this role may not call any department to this issue now; None when they may."""
    if not (right := may([role], Permission.ISSUE_WHISTLE)).allowed:
        return Refusal("no_right", right.reason)
    if matter.state not in TABLE[Move.WHISTLE][1]:
        return Refusal("wrong_state", f"这件事现在是“{matter.state.zh}”，不能吹哨部门。")
    if not commands(LEVEL_OF[role], matter.held_by):
        return Refusal("not_in_hand", f"这件事现在由{matter.held_by.zh}办理，要不要吹哨部门由{matter.held_by.zh}决定。")
    if matter.suspended:
        return Refusal("suspended", "这件事暂缓办理中，请先恢复办理，再吹哨部门。")
    return None


def _whom(matter: Matter, departments: Sequence[Department]) -> Refusal | None:
    if not departments:
        return Refusal("department_missing", "请至少选择一个部门。")
    if len(departments) > MOST_CALLED:
        return Refusal("too_many", f"一次最多吹哨{MOST_CALLED}个部门，请先请最要紧的。")
    if closed := [each.name for each in departments if each.closed]:
        return Refusal("department_closed", f"{'、'.join(closed)}已经停用，请另选部门。")
    called = {each.department_id for each in matter.open}
    if again := [each.name for each in departments if each.id in called]:
        return Refusal("already_called", f"{'、'.join(again)}已经吹哨、还没有反馈。着急的话请催办。")
    return None


def answer(matter: Matter, whistle: Whistle, move: Move, who: Answerer, said: Said, now: datetime) -> Answer | Refusal:
    """What an answer to a whistle leads to, or why it cannot be given. `move` is one of `ANSWERS`. Never raises."""
    refusal = _may(matter, whistle, move, who, now) or _complete(move, said, now)
    if refusal:
        return refusal
    others = [each for each in matter.open if each.id != whistle.id]
    end = _ENDS.get(move)
    to, level = matter.state, matter.level
    if end and not others:
        to, level = TABLE[move][1][matter.state], whistle.caller
    return Answer(Step(to, level, _sentence(whistle, move, who, said, others, level)), end)


def answers_open_to(matter: Matter, whistle: Whistle, who: Answerer, now: datetime) -> list[Move]:
    """The answers this person could give now, in the order of `ANSWERS`: for buttons."""
    return [move for move in ANSWERS if _may(matter, whistle, move, who, now) is None]


def _may(matter: Matter, whistle: Whistle, move: Move, who: Answerer, now: datetime) -> Refusal | None:
    if not (right := may([who.role], RIGHTS[move])).allowed:
        return Refusal("no_right", right.reason)
    if move is Move.RATE_DEPARTMENT:
        return _may_rate(whistle, who, now)
    if move in OF_DEPARTMENT:
        if who.role is not Role.DEPARTMENT or whistle.department_id not in who.departments:
            return Refusal("not_called", f"这是吹给{whistle.department}的哨，由{whistle.department}答复。")
    elif not commands(LEVEL_OF[who.role], whistle.caller):
        return Refusal("not_caller", f"这是{whistle.caller.zh}吹的哨，由{whistle.caller.zh}或者上级{move.zh}。")
    if whistle.end is not None:
        return Refusal("whistle_ended", f"{whistle.department}{whistle.end.zh}，这次吹哨已经结束。")
    if matter.state not in TABLE[move][1]:
        return Refusal("wrong_state", f"这件事现在是“{matter.state.zh}”，不能{move.zh}。")
    if move is Move.SIGN_IN and whistle.signed_in_at is not None:
        return Refusal("already_done", "已经签收过了。请联系上报人，办完以后反馈。")
    if move is Move.CONTACT and whistle.contacted_at is not None:
        return Refusal("already_done", "已经登记过联系上报人。办完以后请反馈。")
    pause = URGENT_PAUSE if matter.urgent else URGE_PAUSE
    if move is Move.URGE and whistle.urged_at is not None and now - whistle.urged_at < pause:
        return Refusal("urged_lately", f"{pause // timedelta(hours=1)}小时内已经催过这个部门，对方已经收到，请等一等。")
    return None


def _may_rate(whistle: Whistle, who: Answerer, now: datetime) -> Refusal | None:
    if whistle.department_id in who.departments:
        return Refusal("own_work", "自己的部门不能由自己评价，请同事来评。")
    if whistle.end is None:
        return Refusal("whistle_open", f"{whistle.department}还没有反馈，办完以后再评价。")
    if whistle.end is WhistleEnd.CALLED_OFF:
        return Refusal("called_off", "这次吹哨已经撤销，不用评价。")
    if whistle.rated_at is not None and now - whistle.rated_at > RATING_CORRECTABLE:
        days = RATING_CORRECTABLE.days
        return Refusal("rated", f"已经评价过了。评价后{days}天内可以更正，现在不能再改。")
    return None


def _complete(move: Move, said: Said, now: datetime) -> Refusal | None:
    """What is missing in what came with the answer."""
    text = said.text.strip()
    if move is Move.REPORT_BACK:
        if not text:
            return Refusal("text_missing", "请写明做了什么，比如“已更换主水管，试压合格”。")
        if said.done_on is None:
            return Refusal("done_on_missing", "请写明是哪一天办的。")
        if said.done_on > now.astimezone(SHANGHAI).date():
            return Refusal("done_on_future", "办理的日期在今天以后，请核对。没有办完的，请办完再反馈。")
    if move is Move.PUSH_BACK and not text:
        return Refusal("text_missing", "退回要写明理由：为什么不归本部门，应当由谁来办。")
    if move is Move.CALL_OFF and not text:
        return Refusal("text_missing", "请写明为什么撤销这次吹哨。")
    if move is Move.RATE_DEPARTMENT:
        if said.rating is None:
            return Refusal("rating_missing", "请选择满意、基本满意或者不满意。")
        if said.rating is Satisfaction.UNSATISFIED and not text:
            return Refusal("text_missing", "不满意的，请写明哪里不满意，部门才好改进。")
    return None


def _sentence(whistle: Whistle, move: Move, who: Answerer, said: Said, others: Sequence[Whistle], level: Level) -> str:
    """What the timeline says: the department by its name, people by their role."""
    name, role = whistle.department, who.role.zh
    after = f"还有{len(others)}个部门没有反馈。" if others else f"现在由{level.zh}办理。"
    match move:
        case Move.SIGN_IN:
            return f"{name}已签收。"
        case Move.CONTACT:
            return f"{name}已联系上报人。"
        case Move.REPORT_BACK:
            return f"{name}反馈：{day(said.done_on)}已办理。{after}"
        case Move.PUSH_BACK:
            return f"{name}退回，记一次退回。{after}"
        case Move.URGE:
            return f"{role}催办{name}。"
        case Move.CALL_OFF:
            return f"{role}撤销了对{name}的吹哨。{after}"
        case _:
            again = "更正评价，" if whistle.rated_at else "评价"
            return f"{role}{again}{name}：{said.rating.zh if said.rating else ''}。"


def report_of(said: Said) -> str:
    """What the whistle keeps of a report: the day the work was done, and what was done."""
    return f"{day(said.done_on)}：{said.text.strip()}"


def signed_in(whistle: Whistle, at: datetime) -> Whistle:
    """The whistle once it is signed in."""
    return replace(whistle, signed_in_at=whistle.signed_in_at or at)


def day(when: date | None) -> str:
    """A day as the timeline says it: 10月14日."""
    return "" if when is None else f"{when.month}月{when.day}日"


# --- the clock


class Alarm(Word):
    """What the clock finds missing."""

    SIGN_IN = "sign_in", "没有按时签收"
    SOON = "soon", "快到期"
    REPORT = "report", "没有按时反馈"


@dataclass(frozen=True, slots=True)
class Look:
    """What the clock finds, and when it looks again (None: never)."""

    alarms: tuple[Alarm, ...]
    next_at: datetime | None


def look(
    whistle: Whistle, since: datetime, now: datetime, *, urgent: bool, suspended_until: datetime | None = None
) -> Look:
    """What has run out since the clock last looked (`since`, exclusive of what came before). Each alarm rings once.

    A suspended issue's clocks stand still.
    """
    if whistle.end is not None:
        return Look((), None)
    if suspended_until is not None and suspended_until > now:
        return Look((), suspended_until)
    moments = _moments(whistle, urgent=urgent)
    rings = tuple(alarm for at, alarm in moments if since <= at <= now)
    if Alarm.REPORT in rings:  # the clock stood still: "soon" is no news any more
        rings = tuple(alarm for alarm in rings if alarm is not Alarm.SOON)
    return Look(rings, min((at for at, _ in moments if at > now), default=None))


def next_moment(whistle: Whistle, after: datetime, *, urgent: bool) -> datetime | None:
    """When the clock next has something to do with an open whistle, later than `after`."""
    if whistle.end is not None:
        return None
    return min((at for at, _ in _moments(whistle, urgent=urgent) if at > after), default=None)


def _moments(whistle: Whistle, *, urgent: bool) -> list[tuple[datetime, Alarm]]:
    soon = whistle.due_at - (SOON_URGENT if urgent else SOON)
    found = [(soon, Alarm.SOON), (whistle.due_at, Alarm.REPORT)]
    if whistle.signed_in_at is None:
        found.insert(0, (whistle.sign_in_due_at, Alarm.SIGN_IN))
    return found


def is_overdue(whistle: Whistle, now: datetime, *, ended_at: datetime | None = None) -> bool:
    """Whether a department has not reported by when it should have. An answer at the very moment is in time."""
    return (ended_at or now) > whistle.due_at
