"""Months and working days of Asia/Shanghai (design §4 "Times of people").

A month is an integer YYYYMM inside and "YYYY-MM" outside. Holidays are facts handed in; core loads them.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
Month: TypeAlias = int  # YYYYMM
_WRITTEN = re.compile(r"(2[0-9]{3})-(0[1-9]|1[0-2])")
_ONE_DAY = timedelta(days=1)


def month_of(moment: datetime) -> Month:
    """The month a moment falls in, in Shanghai. ValueError for a naive moment."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    local = moment.astimezone(SHANGHAI)
    return local.year * 100 + local.month


def parse_month(text: str) -> Month:
    """ "2026-10" → 202610. ValueError with a Chinese sentence for anything else (years 2000–2999)."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise ValueError("月份要写成“2026-10”这样：四位年份、短横线、两位月份。")
    return int(found[1]) * 100 + int(found[2])


def show_month(month: Month) -> str:
    """202610 → "2026-10", for the API and file names."""
    return f"{month // 100:04d}-{month % 100:02d}"


def say_month(month: Month) -> str:
    """202610 → "2026年10月", for sentences."""
    return f"{month // 100}年{month % 100}月"


def next_(month: Month) -> Month:
    """The month after: 202612 → 202701."""
    return month + 89 if month % 100 == 12 else month + 1


def previous(month: Month) -> Month:
    """The month before: 202701 → 202612."""
    return month - 89 if month % 100 == 1 else month - 1


def bounds(month: Month) -> tuple[datetime, datetime]:
    """[start, end) of a month as UTC moments: Shanghai's midnight of the 1st, and of the next month's 1st."""
    return _midnight(_first_day(month)), _midnight(_first_day(next_(month)))


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Which days are worked: Monday to Friday, less `holidays`, plus `makeup_days` (调休上班), as announced.

    ValueError when a day is claimed by both.
    """

    holidays: frozenset[date] = frozenset()
    makeup_days: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if both := self.holidays & self.makeup_days:
            raise ValueError(f"both a holiday and a day of work: {min(both).isoformat()}")

    def is_workday(self, day: date) -> bool:
        """Whether people work on that day."""
        return day in self.makeup_days or (day.weekday() < 5 and day not in self.holidays)

    def add_workdays(self, day: date, n: int) -> date:
        """The n-th working day after `day`, which itself is not counted (Civil Code art. 201).

        n = 0 → `day`; n < 0 → ValueError.
        """
        if n < 0:
            raise ValueError("working days are counted forwards")
        while n:
            day += _ONE_DAY
            n -= self.is_workday(day)
        return day


def notice_ends(opened_at: datetime, workdays: int, calendar: WorkCalendar) -> datetime:
    """The UTC moment a public notice is over: 24:00 in Shanghai of its last working day (design §6).

    The day it was opened is not counted (Civil Code art. 201, 203). ValueError for a naive moment.
    """
    if opened_at.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    last = calendar.add_workdays(opened_at.astimezone(SHANGHAI).date(), workdays)
    return _midnight(last + _ONE_DAY)


def _first_day(month: Month) -> date:
    return date(month // 100, month % 100, 1)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC)
