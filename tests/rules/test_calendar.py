from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.rules.calendar import (
    SHANGHAI,
    WorkCalendar,
    bounds,
    month_of,
    next_,
    notice_ends,
    parse_month,
    previous,
    say_month,
    show_month,
)

# National Day 2026 as announced: off 1–7 October, worked on two Saturdays and Sundays around it.
OCTOBER = WorkCalendar(
    holidays=frozenset(date(2026, 10, day) for day in range(1, 8)),
    makeup_days=frozenset({date(2026, 9, 20), date(2026, 10, 10)}),
)


@pytest.mark.parametrize(
    ("moment", "month"),
    [
        (datetime(2026, 9, 30, 15, 59, 59, tzinfo=UTC), 202609),  # one second before midnight in Shanghai
        (datetime(2026, 9, 30, 16, 0, tzinfo=UTC), 202610),
        (datetime(2026, 10, 1, 0, 0, tzinfo=SHANGHAI), 202610),
        (datetime(2026, 12, 31, 18, 0, tzinfo=timezone(timedelta(hours=-5))), 202701),
    ],
)
def test_months_are_shanghais(moment: datetime, month: int) -> None:
    assert month_of(moment) == month


def test_a_naive_moment_has_no_month() -> None:
    with pytest.raises(ValueError, match="time zone"):
        month_of(datetime(2026, 10, 1))


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-00", "2026-1", "202610", "2026/10", "２０２６-10", "1999-12", "2026-10 ", ""]
)
def test_only_a_month_written_out_is_read(text: str) -> None:
    with pytest.raises(ValueError, match="月份要写成"):
        parse_month(text)


@given(st.integers(2000, 2999), st.integers(1, 12))
def test_a_month_survives_being_written_and_stepped_over(year: int, number: int) -> None:
    month = year * 100 + number
    assert parse_month(show_month(month)) == month
    assert previous(next_(month)) == month
    start, end = bounds(month)
    assert month_of(start) == month
    assert month_of(end) == next_(month)
    assert month_of(end - timedelta(microseconds=1)) == month


def test_year_ends() -> None:
    assert next_(202612) == 202701
    assert previous(202701) == 202612
    assert say_month(202701) == "2027年1月"


def test_bounds_are_half_open_in_utc() -> None:
    assert bounds(202610) == (datetime(2026, 9, 30, 16, tzinfo=UTC), datetime(2026, 10, 31, 16, tzinfo=UTC))


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        (date(2026, 9, 30), True),  # an ordinary Wednesday
        (date(2026, 10, 1), False),  # a Thursday, but a holiday
        (date(2026, 10, 10), True),  # a Saturday, but worked
        (date(2026, 10, 11), False),  # an ordinary Sunday
    ],
)
def test_holidays_and_makeup_days(day: date, worked: bool) -> None:
    assert OCTOBER.is_workday(day) is worked


@pytest.mark.parametrize(
    ("day", "n", "then"),
    [
        (date(2026, 9, 30), 0, date(2026, 9, 30)),
        (date(2026, 9, 29), 1, date(2026, 9, 30)),
        (date(2026, 9, 30), 1, date(2026, 10, 8)),  # over the whole holiday
        (date(2026, 9, 30), 3, date(2026, 10, 10)),  # the worked Saturday counts
        (date(2026, 9, 30), 4, date(2026, 10, 12)),
        (date(2026, 10, 3), 1, date(2026, 10, 8)),  # begun on a day off
    ],
)
def test_working_days_are_counted_from_the_next_day(day: date, n: int, then: date) -> None:
    assert OCTOBER.add_workdays(day, n) == then


def test_working_days_only_run_forwards() -> None:
    with pytest.raises(ValueError, match="forwards"):
        OCTOBER.add_workdays(date(2026, 9, 30), -1)


def test_a_day_is_not_both_a_holiday_and_worked() -> None:
    with pytest.raises(ValueError, match="2026-10-01"):
        WorkCalendar(frozenset({date(2026, 10, 1)}), frozenset({date(2026, 10, 1)}))


@pytest.mark.parametrize(
    ("opened", "ends"),
    [
        # Monday morning: five days after it, until the end of the next Monday.
        (datetime(2026, 11, 2, 9, tzinfo=SHANGHAI), datetime(2026, 11, 10, tzinfo=SHANGHAI)),
        (datetime(2026, 11, 2, 23, 59, tzinfo=SHANGHAI), datetime(2026, 11, 10, tzinfo=SHANGHAI)),
        # 00:30 on Tuesday in Shanghai is still Monday in UTC; people's day counts.
        (datetime(2026, 11, 2, 16, 30, tzinfo=UTC), datetime(2026, 11, 11, tzinfo=SHANGHAI)),
        # 8, 9, 10 (a worked Saturday), 12, 13 October.
        (datetime(2026, 10, 1, 8, tzinfo=SHANGHAI), datetime(2026, 10, 14, tzinfo=SHANGHAI)),
    ],
)
def test_a_notice_ends_with_the_day_of_its_fifth_working_day(opened: datetime, ends: datetime) -> None:
    assert notice_ends(opened, 5, OCTOBER) == ends
    assert notice_ends(opened, 5, OCTOBER).tzinfo is UTC


def test_a_notice_is_opened_at_a_moment_with_a_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        notice_ends(datetime(2026, 11, 2), 5, OCTOBER)
