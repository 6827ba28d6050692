"""Pushed verdicts: once, in any order, never over a person; and the two hours after which a person looks."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from models.enums import CheckedBy, CheckState, HeldFor
from server.jobs import runner
from server.jobs.slots import every_ten_minutes
from server.jobs.timetable import TIMETABLE
from tests.conftest import SHANGHAI
from tests.server.moderation.conftest import Checking, ChosenWeChat

S, H = CheckState, HeldFor


def photo_of(check: Checking) -> Any:
    """The check of the photo, the second made."""
    return check.checks()[1]


@pytest.fixture
def ordered(check: Checking) -> Checking:
    """A report whose text passed and whose photo waits for the push."""
    check.report(photos=1)
    check.work()
    assert check.states() == [S.PASSED, S.WAITING]
    return check


@pytest.mark.parametrize(
    ("suggestion", "label", "errcode", "state", "held"),
    [
        ("pass", 100, 0, S.PASSED, None),
        ("risky", 20002, 0, S.WITHHELD, H.PORN),
        ("review", 20006, 0, S.QUEUED, H.CRIME),
        (None, None, -1008, S.QUEUED, H.UNREADABLE),
        ("pass", 100, -1008, S.QUEUED, H.UNREADABLE),
        ("surely", 100, 0, S.QUEUED, H.FAILED),
        (None, None, 0, S.QUEUED, H.FAILED),
    ],
)
def test_a_pushed_verdict_settles_the_photo(
    ordered: Checking, suggestion: str | None, label: int | None, errcode: int, state: CheckState, held: HeldFor | None
) -> None:
    assert ordered.push(suggestion, label, errcode=errcode)
    row = photo_of(ordered)
    assert (row.state, row.label) == (state, held)


def test_the_same_verdict_twice_and_another_after_it_change_nothing(ordered: Checking) -> None:
    assert ordered.push("risky", 20002)
    version = photo_of(ordered).version
    assert not ordered.push("risky", 20002)
    assert not ordered.push("pass")
    assert (photo_of(ordered).state, photo_of(ordered).version) == (S.WITHHELD, version)


def test_a_review_twice_stays_one(ordered: Checking) -> None:
    assert ordered.push("review", 21000)
    assert not ordered.push("pass")
    assert photo_of(ordered).state is S.QUEUED


@pytest.mark.parametrize("trace", ["", "nobody's", "x" * 500, "trace-1' OR 1=1"])
def test_a_trace_nobody_asked_for_is_passed_over(ordered: Checking, trace: str) -> None:
    assert not ordered.push(trace=trace)
    assert photo_of(ordered).state is S.WAITING


@pytest.mark.parametrize(("passes", "pushed"), [(True, "risky"), (False, "pass")])
def test_a_late_verdict_does_not_overturn_a_person(ordered: Checking, passes: bool, pushed: str) -> None:
    assert ordered.decide(passes, "看过了", at=1).status_code == 200
    decided = photo_of(ordered)
    assert not ordered.push(pushed)
    assert photo_of(ordered) == decided
    assert decided.checked_by is CheckedBy.PERSON


def test_no_verdict_within_two_hours_and_a_person_looks(ordered: Checking) -> None:
    app = ordered.world.app
    job = [job for job in TIMETABLE if job.name == "queue_overdue_checks"]
    ordered.forward(hours=1, minutes=59)
    assert len(runner.tick(app, job)) == 1
    assert photo_of(ordered).state is S.WAITING
    ordered.forward(minutes=1)
    assert len(runner.tick(app, job)) == 1
    row = photo_of(ordered)
    assert (row.state, row.label, row.checked_by) == (S.QUEUED, H.LATE, None)
    assert runner.tick(app, job) == []


def test_the_job_run_twice_changes_nothing_the_second_time(ordered: Checking) -> None:
    ordered.forward(hours=2)
    counts = []
    for _ in range(2):
        counts.append(ordered.overdue())
    assert counts == [1, 0]
    assert ordered.states() == [S.PASSED, S.QUEUED]


@pytest.mark.parametrize(("pushed", "state"), [("pass", S.PASSED), ("risky", S.WITHHELD)])
def test_a_late_verdict_settles_what_nobody_looked_at_yet(ordered: Checking, pushed: str, state: CheckState) -> None:
    ordered.forward(hours=3)
    ordered.overdue()
    assert ordered.push(pushed)
    assert photo_of(ordered).state is state


def test_an_order_is_not_given_twice(ordered: Checking, wechat: ChosenWeChat) -> None:
    ordered.forward(minutes=30)
    ordered.work()
    assert len(wechat.urls) == 1


def test_slots_of_ten_minutes() -> None:
    moment = datetime(2026, 10, 12, 14, 39, 59, tzinfo=SHANGHAI)
    assert every_ten_minutes(moment) == ["2026-10-12T14:30"]
    assert every_ten_minutes(moment + timedelta(seconds=1)) == ["2026-10-12T14:40"]
