"""Working time: office hours, holidays, make-up days, pauses."""

from datetime import UTC, datetime, timedelta

import pytest

from server.core.workdays import calendar
from server.rules.calendar import SHANGHAI
from server.rules.clocks import Clocks, Dues, OfficeHours, Span, Unit, after_pause, due, dues, working_between

H, D, W, N = Unit.HOURS, Unit.DAY_HOURS, Unit.WORK_HOURS, Unit.WORKDAYS


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("start", "amount", "unit", "end"),
    [
        # around the clock
        ("2026-02-16 23:30", 2, H, "2026-02-17 01:30"),
        ("2026-10-01 08:00", 24, H, "2026-10-02 08:00"),
        # office hours: before opening, inside, to the very end, past it, after closing, over a weekend
        ("2026-03-02 07:00", 1, W, "2026-03-02 10:00"),
        ("2026-03-02 09:00", 1, W, "2026-03-02 10:00"),
        ("2026-03-02 16:00", 1, W, "2026-03-02 17:00"),
        ("2026-03-02 16:01", 1, W, "2026-03-03 09:01"),
        ("2026-03-02 17:00", 1, W, "2026-03-03 10:00"),
        ("2026-03-06 16:30", 1, W, "2026-03-09 09:30"),
        ("2026-03-07 12:00", 9, W, "2026-03-10 10:00"),
        # National Day 2026: 1–7 October free; Sunday 20 September and Saturday 10 October are worked
        ("2026-09-30 16:30", 1, W, "2026-10-08 09:30"),
        ("2026-09-30 16:30", 3, N, "2026-10-10 17:00"),
        ("2026-09-30 16:30", 24, D, "2026-10-08 16:30"),
        ("2026-10-09 16:30", 1, W, "2026-10-10 09:30"),
        ("2026-10-10 16:30", 1, W, "2026-10-12 09:30"),
        ("2026-09-19 10:00", 1, N, "2026-09-20 17:00"),
        # Spring Festival 2026: 15–23 February free; Saturdays 14 and 28 February are worked
        ("2026-02-13 10:00", 3, N, "2026-02-25 17:00"),
        ("2026-02-14 16:59", 1, W, "2026-02-24 09:59"),
        ("2026-02-14 18:00", 24, D, "2026-02-24 18:00"),
        ("2026-02-27 12:00", 5, N, "2026-03-05 17:00"),
        # the day it starts is not counted, a day off or not
        ("2026-03-02 00:01", 1, N, "2026-03-03 17:00"),
        ("2026-03-07 12:00", 1, N, "2026-03-09 17:00"),
        # 24 hours, days off not counted
        ("2026-03-06 16:00", 24, D, "2026-03-09 16:00"),
        ("2026-03-07 16:00", 24, D, "2026-03-10 00:00"),
    ],
)
def test_a_span_ends_in_working_time(start: str, amount: int, unit: Unit, end: str) -> None:
    assert due(at(start), Span(amount, unit), calendar()) == at(end)
    assert due(at(start), Span(amount, unit), calendar()).tzinfo is UTC


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-03-02 08:00", "2026-03-02 18:00", 8),
        ("2026-03-06 16:00", "2026-03-09 10:00", 2),
        ("2026-09-30 16:00", "2026-10-08 10:00", 2),
        ("2026-03-09 10:00", "2026-03-06 16:00", 0),
        ("2026-03-07 00:00", "2026-03-08 23:59", 0),
    ],
)
def test_working_time_between_moments(start: str, end: str, hours: int) -> None:
    assert working_between(at(start), at(end), calendar()) == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("due_at", "paused", "resumed", "urgent", "new"),
    [
        ("2026-03-04 17:00", "2026-03-02 16:00", "2026-03-09 09:00", False, "2026-03-11 10:00"),  # 17 hours were left
        ("2026-03-04 17:00", "2026-03-04 16:00", "2026-09-30 16:30", False, "2026-10-08 09:30"),
        ("2026-03-04 17:00", "2026-03-04 16:00", "2026-03-07 12:00", False, "2026-03-09 10:00"),
        ("2026-03-02 20:00", "2026-03-02 18:00", "2026-03-03 06:00", True, "2026-03-03 08:00"),
        ("2026-03-02 17:00", "2026-03-02 17:00", "2026-03-09 09:00", False, "2026-03-02 17:00"),  # late stays late
    ],
)
def test_a_pause_leaves_what_was_left(due_at: str, paused: str, resumed: str, urgent: bool, new: str) -> None:
    assert after_pause(at(due_at), at(paused), at(resumed), calendar(), urgent=urgent) == at(new)


def test_each_clock_runs_by_itself() -> None:
    whistle = Clocks(Span(1, W), Span(24, D), Span(3, N))
    assert dues(whistle, at("2026-03-06 16:30"), calendar()) == Dues(
        at("2026-03-09 09:30"), at("2026-03-09 16:30"), at("2026-03-11 17:00")
    )
    assert dues(Clocks(), at("2026-03-06 16:30"), calendar()) == Dues()


@pytest.mark.parametrize("amount", [0, -1, 1001])
def test_a_span_has_a_measure(amount: int) -> None:
    with pytest.raises(ValueError, match="between"):
        Span(amount, H)


def test_an_office_closes_after_it_opens() -> None:
    hours = OfficeHours()
    with pytest.raises(ValueError, match="closes"):
        OfficeHours(hours.closes, hours.opens)


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        due(datetime(2026, 3, 2, 9), Span(1, H), calendar())
