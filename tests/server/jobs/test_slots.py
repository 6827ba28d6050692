"""When jobs are due, on Shanghai's calendar."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from server.jobs.slots import after_each_month, hourly, nightly
from server.jobs.timetable import TIMETABLE

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("moment", "newest"),
    [
        (datetime(2026, 11, 1, 7, 59, 59, tzinfo=SHANGHAI), "2026-09"),
        (datetime(2026, 11, 1, 8, 0, tzinfo=SHANGHAI), "2026-10"),
        (datetime(2026, 11, 30, 23, 59, tzinfo=SHANGHAI), "2026-10"),
        (datetime(2026, 12, 31, 16, 30, tzinfo=UTC), "2026-11"),  # already the 1st in Shanghai, but not yet eight
        (datetime(2027, 1, 1, 0, 0, tzinfo=UTC), "2026-12"),
    ],
)
def test_a_month_is_due_at_eight_on_the_first_of_the_next(moment: datetime, newest: str) -> None:
    assert after_each_month(8)(moment)[-1] == newest


def test_a_year_of_months_can_be_caught_up_with_oldest_first() -> None:
    slots = after_each_month(8)(datetime(2026, 11, 2, tzinfo=SHANGHAI))
    assert (len(slots), slots[0], slots[1], slots[-1]) == (12, "2025-11", "2025-12", "2026-10")
    assert slots == sorted(slots)


@pytest.mark.parametrize(
    ("moment", "slot"),
    [
        (datetime(2026, 11, 22, 2, 59, tzinfo=SHANGHAI), "2026-11-21"),
        (datetime(2026, 11, 22, 3, 0, tzinfo=SHANGHAI), "2026-11-22"),
        (datetime(2026, 11, 21, 19, 0, tzinfo=UTC), "2026-11-22"),
    ],
)
def test_a_night_begins_at_its_hour(moment: datetime, slot: str) -> None:
    assert nightly(3)(moment) == [slot]


def test_an_hour_is_shanghais() -> None:
    assert hourly(datetime(2026, 11, 21, 16, 5, tzinfo=UTC)) == ["2026-11-22T00"]


def test_every_name_and_slot_fits_its_column() -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    names = [job.name for job in TIMETABLE]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 40
    assert max(len(slot) for job in TIMETABLE for slot in job.slots(now)) <= 20
