"""How long somebody has: spans of working time, the moments they end, and what a pause does to them (design §4, §5).

Working time is office hours on working days of the Chinese calendar; urgent matters are counted in plain hours.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from models.enums import Word
from server.rules.calendar import SHANGHAI, WorkCalendar

_DAY = timedelta(days=1)


class Unit(Word):
    """What a span is counted in. A span of working days ends when the office closes on the last of them."""

    HOURS = "hours", "小时"
    DAY_HOURS = "day_hours", "小时（休息日不算）"
    WORK_HOURS = "work_hours", "个工作小时"
    WORKDAYS = "workdays", "个工作日"


@dataclass(frozen=True, slots=True)
class Span:
    """So many units. ValueError unless 1 ≤ amount ≤ 1000."""

    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        if not 1 <= self.amount <= 1000:
            raise ValueError("a span is between 1 and 1000 units long")

    @property
    def zh(self) -> str:
        """In words: 24小时, 3个工作日."""
        return f"{self.amount}{self.unit.zh}"


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """When an office is open on a working day, in Shanghai. ValueError unless it closes after it opens."""

    opens: time = time(9)
    closes: time = time(17)

    def __post_init__(self) -> None:
        if self.closes <= self.opens:
            raise ValueError("an office closes after it opens")


OFFICE_HOURS = OfficeHours()


@dataclass(frozen=True, slots=True)
class Clocks:
    """How long a holder has to sign in, to contact the reporter and to report back; None: not asked for."""

    sign_in: Span | None = None
    contact: Span | None = None
    report: Span | None = None


@dataclass(frozen=True, slots=True)
class Dues:
    """The moments (UTC) those spans end."""

    sign_in: datetime | None = None
    contact: datetime | None = None
    report: datetime | None = None


def dues(clocks: Clocks, start: datetime, calendar: WorkCalendar, hours: OfficeHours = OFFICE_HOURS) -> Dues:
    """When each clock runs out that starts at `start` (aware)."""
    start = start.astimezone(SHANGHAI)  # once for the three: every report comes by here
    ends = [
        None if span is None else due(start, span, calendar, hours)
        for span in (clocks.sign_in, clocks.contact, clocks.report)
    ]
    return Dues(*ends)


def due(start: datetime, span: Span, calendar: WorkCalendar, hours: OfficeHours = OFFICE_HOURS) -> datetime:
    """The UTC moment a span that starts at `start` ends. ValueError for a naive moment.

    Days: the day it starts is not counted (Civil Code art. 201). Hours: counted from the very moment.
    """
    if start.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    if span.unit is Unit.HOURS:
        return start.astimezone(UTC) + timedelta(hours=span.amount)
    if span.unit is Unit.WORKDAYS:
        return _closing_after(start.astimezone(SHANGHAI).date(), span.amount, calendar, hours)
    whole_days = span.unit is Unit.DAY_HOURS
    return add_working(start, timedelta(hours=span.amount), calendar, hours, whole_days=whole_days)


def add_working(
    start: datetime,
    amount: timedelta,
    calendar: WorkCalendar,
    hours: OfficeHours = OFFICE_HOURS,
    *,
    whole_days: bool = False,
) -> datetime:
    """The UTC moment when `amount` of working time has passed since `start` (all of a working day when `whole_days`)."""
    moment, left = start.astimezone(SHANGHAI), amount
    day = moment.date()
    while True:
        opens, closes = _open_on(day, calendar, hours, whole_days)
        begin = max(moment, opens)
        if begin < closes and left <= closes - begin:
            return (begin + left).astimezone(UTC)
        left -= max(closes - begin, timedelta())
        day += _DAY


def working_between(
    start: datetime, end: datetime, calendar: WorkCalendar, hours: OfficeHours = OFFICE_HOURS
) -> timedelta:
    """How much working time lies between two moments; none when `end` is not later."""
    begin, until = start.astimezone(SHANGHAI), end.astimezone(SHANGHAI)
    total, day = timedelta(), begin.date()
    while day <= until.date():
        opens, closes = _open_on(day, calendar, hours, False)
        total += max(min(closes, until) - max(opens, begin), timedelta())
        day += _DAY
    return total


def after_pause(
    due_at: datetime,
    paused_at: datetime,
    resumed_at: datetime,
    calendar: WorkCalendar,
    hours: OfficeHours = OFFICE_HOURS,
    *,
    urgent: bool = False,
) -> datetime:
    """Where a due moves to when its clock stood still from `paused_at` to `resumed_at`: what was left stays left.

    A due that had already passed stays where it was: a pause does not mend lateness.
    """
    if due_at <= paused_at:
        return due_at
    if urgent:
        return due_at + (resumed_at - paused_at)
    left = working_between(paused_at, due_at, calendar, hours)
    return add_working(resumed_at, left, calendar, hours)


def after_early_resume(
    due_at: datetime,
    planned: datetime,
    resumed_at: datetime,
    calendar: WorkCalendar,
    hours: OfficeHours = OFFICE_HOURS,
    *,
    urgent: bool = False,
) -> datetime:
    """Where a due that `after_pause` moved past `planned` comes back to when work goes on earlier, at `resumed_at`."""
    if urgent:
        return due_at - (planned - resumed_at)
    return add_working(resumed_at, working_between(planned, due_at, calendar, hours), calendar, hours)


@lru_cache(maxsize=1024)
def _closing_after(day: date, workdays: int, calendar: WorkCalendar, hours: OfficeHours) -> datetime:
    """The UTC moment the office closes on the n-th working day after `day`."""
    return datetime.combine(calendar.add_workdays(day, workdays), hours.closes, SHANGHAI).astimezone(UTC)


@lru_cache(maxsize=4096)
def _open_on(day: date, calendar: WorkCalendar, hours: OfficeHours, whole_days: bool) -> tuple[datetime, datetime]:
    """From when until when work goes on that day; an empty stretch on a day off."""
    if not calendar.is_workday(day):
        noon = datetime.combine(day, time(12), SHANGHAI)
        return noon, noon
    if whole_days:
        return datetime.combine(day, time(), SHANGHAI), datetime.combine(day + _DAY, time(), SHANGHAI)
    return datetime.combine(day, hours.opens, SHANGHAI), datetime.combine(day, hours.closes, SHANGHAI)
