"""The working days we know, and those of a year nobody has announced yet."""

from datetime import date, datetime

from server.core import workdays
from server.rules.calendar import SHANGHAI, notice_ends


def test_announced_years_are_as_announced() -> None:
    known = workdays.calendar()
    assert not known.is_workday(date(2026, 10, 7))
    assert known.is_workday(date(2026, 10, 10))
    assert not workdays.remark(datetime(2026, 2, 3, tzinfo=SHANGHAI), datetime(2026, 2, 25, tzinfo=SHANGHAI))


def test_a_year_not_announced_still_has_its_days_by_law_and_is_said_to_be_unknown() -> None:
    known = workdays.calendar()
    free = [date(2040, 1, 1), date(2040, 5, 1), date(2040, 5, 2), date(2040, 10, 1), date(2040, 10, 2)]
    assert [known.is_workday(day) for day in free] == [False] * 5
    assert known.is_workday(date(2040, 10, 4))
    opened = datetime(2040, 9, 26, 9, tzinfo=SHANGHAI)  # a Wednesday: 27, 28 September, 4, 5, 8 October
    ends = notice_ends(opened, 5, known)
    assert ends == datetime(2040, 10, 9, tzinfo=SHANGHAI)
    assert "2040年的节假日安排还没有收录" in workdays.remark(opened, ends)
