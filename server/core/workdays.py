"""The working days of mainland China, as the State Council announces them each autumn for the next year."""

from datetime import datetime
from functools import cache

from chinese_calendar import constants

from server.rules.calendar import SHANGHAI, WorkCalendar


@cache
def calendar() -> WorkCalendar:
    """All announced holidays and make-up days. In a year not yet announced, Monday to Friday are worked."""
    return WorkCalendar(frozenset(constants.holidays), frozenset(constants.workdays))


@cache
def _announced() -> frozenset[int]:
    return frozenset(day.year for day in constants.holidays)


def remark(since: datetime, until: datetime) -> str:
    """A sentence for people when a period touches a year whose holidays are not announced; "" otherwise."""
    years = range(since.astimezone(SHANGHAI).year, until.astimezone(SHANGHAI).year + 1)
    unknown = [str(year) for year in years if year not in _announced()]
    return f"{'、'.join(unknown)}年的节假日安排还没有收录，工作日暂按周一到周五计算。" if unknown else ""
