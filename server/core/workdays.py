"""The working days of mainland China, as the State Council announces them each autumn for the next year."""

from datetime import date, datetime
from functools import cache

from chinese_calendar import constants

from server.rules.calendar import SHANGHAI, WorkCalendar

# Free by law in every year, announced or not, on the same days of the sun's calendar (全国年节及纪念日放假办法, 2024).
_EVERY_YEAR = ((1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3))
_AHEAD = 50  # years


@cache
def calendar() -> WorkCalendar:
    """All announced holidays and make-up days.

    In a year not yet announced Monday to Friday are worked, but for the days that are free by law on a fixed date.
    """
    last = max(_announced())
    to_come = {date(year, *day) for year in range(last + 1, last + 1 + _AHEAD) for day in _EVERY_YEAR}
    return WorkCalendar(frozenset(constants.holidays) | to_come, frozenset(constants.workdays) - to_come)


@cache
def _announced() -> frozenset[int]:
    return frozenset(day.year for day in constants.holidays)


def remark(since: datetime, until: datetime) -> str:
    """A sentence for people when a period touches a year whose holidays are not announced; "" otherwise."""
    years = range(since.astimezone(SHANGHAI).year, until.astimezone(SHANGHAI).year + 1)
    unknown = [str(year) for year in years if year not in _announced()]
    return (
        f"{'、'.join(unknown)}年的节假日安排还没有收录，工作日暂按周一到周五计算，只除去元旦、劳动节和国庆节的法定日子。"
        if unknown
        else ""
    )
