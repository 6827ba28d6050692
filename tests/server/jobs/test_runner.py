"""Each due slot runs once: after downtime, after failures and crashes, and whoever ticks at the same time."""

import logging
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask

from models import JobRun, SignInFailure
from server.core import database
from server.core.clock import SetClock
from server.jobs import ledger
from server.jobs.runner import tick
from server.jobs.slots import after_each_month, hourly
from server.jobs.timetable import Job, at_once
from tests.world import World

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Work:
    """Work that remembers when it was done, and may be told to fail."""

    def __init__(self, slots: Callable[[datetime], list[str]] = hourly, steps: int = 1) -> None:
        self.done: list[str] = []
        self.failures = 0
        self.between: Callable[[], None] = lambda: None
        self._steps = steps
        self.job = Job("work", slots, self._run)

    def _run(self, slot: str, now: datetime) -> Iterator[None]:
        for step in range(self._steps):
            if step:
                yield
            database.connection().execute(sa.insert(SignInFailure).values(subject=b"s" * 16, at=now))
            self.between()
        if self.failures:
            self.failures -= 1
            raise ZeroDivisionError("something personal")
        self.done.append(slot)


def run_of(world: World, slot: str) -> sa.Row[tuple[datetime | None, int, str, datetime]]:
    with world.reading() as connection:
        return connection.execute(
            sa.select(JobRun.done_at, JobRun.attempts, JobRun.error, JobRun.leased_until).where(JobRun.slot == slot)
        ).one()


def traces(world: World) -> int:
    """How many steps of `Work` are in the database."""
    with world.reading() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(SignInFailure)).scalar_one()


def test_a_slot_runs_once_and_the_next_one_when_it_is_due(app: Flask, clock: SetClock) -> None:
    work = Work()
    assert tick(app, [work.job]) == ["work 2026-10-12T09"]
    assert tick(app, [work.job]) == []
    clock.advance(timedelta(minutes=59))
    assert tick(app, [work.job]) == []
    clock.advance(timedelta(minutes=1))
    assert tick(app, [work.job]) == ["work 2026-10-12T10"]
    assert work.done == ["2026-10-12T09", "2026-10-12T10"]


def test_months_missed_while_nothing_ran_are_made_up_for_in_order(app: Flask, clock: SetClock) -> None:
    work = Work(after_each_month(8))
    tick(app, [work.job])
    clock.set(datetime(2027, 1, 1, 8, 0, tzinfo=SHANGHAI))
    tick(app, [work.job])
    assert work.done == ["2026-09", "2026-10", "2026-11", "2026-12"]


def test_a_failure_leaves_nothing_but_its_kind_and_is_tried_again_after_growing_pauses(
    app: Flask, clock: SetClock, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    work = Work()
    work.failures = 2
    with caplog.at_level(logging.INFO):
        assert tick(app, [work.job]) == []
    run = run_of(world, "2026-10-12T09")
    assert (run.done_at, run.attempts, run.error) == (None, 1, "ZeroDivisionError")
    assert traces(world) == 0
    assert [r.slot for r in caplog.records if r.message == "job failed"] == ["2026-10-12T09"]  # type: ignore[attr-defined]
    pauses = []
    for _ in range(2):
        pauses.append(run_of(world, "2026-10-12T09").leased_until - clock.now())
        assert tick(app, [work.job]) == []
        clock.advance(pauses[-1])
        tick(app, [work.job])
    assert pauses == [timedelta(minutes=1), timedelta(minutes=2)]
    run = run_of(world, "2026-10-12T09")
    assert (run.attempts, run.error, work.done) == (3, "", ["2026-10-12T09"])
    assert run.done_at == clock.now()


def test_a_failing_job_does_not_hold_up_the_others(app: Flask) -> None:
    failing, fine = Work(), Work()
    failing.failures = 1
    other = Job("other", hourly, fine.job.steps)
    assert tick(app, [failing.job, other]) == ["other 2026-10-12T09"]


def test_a_crashed_run_is_taken_over_when_its_lease_ran_out(app: Flask, clock: SetClock, world: World) -> None:
    work = Work()
    with world.writing():
        assert ledger.claim("work", "2026-10-12T09", clock.now()) is not None  # and then the power went
    assert tick(app, [work.job]) == []
    clock.advance(ledger.LEASE)
    assert tick(app, [work.job]) == ["work 2026-10-12T09"]
    assert run_of(world, "2026-10-12T09").attempts == 2


def test_steps_of_long_work_renew_the_lease_and_are_kept_one_by_one(app: Flask, clock: SetClock, world: World) -> None:
    work = Work(steps=3)
    rival = Work()
    rivals_luck = []

    def meanwhile() -> None:
        clock.advance(ledger.LEASE - timedelta(seconds=1))
        if clock.now() > begun + ledger.LEASE:  # the claim alone would have run out
            thread = threading.Thread(target=lambda: rivals_luck.append(tick(app, [rival.job])))
            thread.start()
            database.commit()  # SQLite lets the rival read and write only between our transactions
            thread.join()

    begun = clock.now()
    work.between = meanwhile
    assert tick(app, [work.job]) == ["work 2026-10-12T09"]
    assert rivals_luck == [[], []]
    assert traces(world) == 3


def test_an_overtaken_run_leaves_nothing_behind(app: Flask, clock: SetClock, world: World) -> None:
    slow, fast = Work(), Work()

    def overtake() -> None:
        database.rollback()  # let the other one in, on SQLite too
        clock.advance(ledger.LEASE)
        with app.app_context():
            assert tick(app, [fast.job]) == ["work 2026-10-12T09"]
        database.connection().execute(sa.insert(SignInFailure).values(subject=b"x" * 16, at=clock.now()))

    slow.between = overtake
    assert tick(app, [slow.job]) == []
    assert traces(world) == 1
    assert run_of(world, "2026-10-12T09").attempts == 2


def test_a_run_cannot_end_a_slot_that_another_now_works_on(app: Flask, clock: SetClock, world: World) -> None:
    slow = Work()

    def overtake() -> None:
        database.rollback()
        clock.advance(ledger.LEASE)
        with world.writing():
            assert ledger.claim("work", "2026-10-12T09", clock.now()) is not None

    slow.between = overtake
    assert tick(app, [slow.job]) == []
    assert run_of(world, "2026-10-12T09").done_at is None


def test_asked_to_stop_it_finishes_the_slot_and_no_more(app: Flask, clock: SetClock) -> None:
    work = Work(after_each_month(8))
    tick(app, [work.job])
    clock.set(datetime(2027, 1, 1, 8, 0, tzinfo=SHANGHAI))
    assert tick(app, [work.job], stop=lambda: len(work.done) > 1) == ["work 2026-10"]


def test_eight_ticking_at_once_run_each_slot_once(app: Flask, clock: SetClock, world: World) -> None:
    work = Work(after_each_month(8))
    jobs = [
        work.job,
        *(Job(f"job{n}", hourly, at_once(lambda _now, n=n: work.done.append(f"job{n}"))) for n in range(6)),
    ]
    tick(app, [work.job])
    clock.set(datetime(2027, 1, 1, 8, 0, tzinfo=SHANGHAI))
    start = threading.Barrier(8)

    def race() -> None:
        start.wait()
        tick(app, jobs)

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(work.done) == ["2026-09", "2026-10", "2026-11", "2026-12", *(f"job{n}" for n in range(6))]
    with world.reading() as connection:
        assert set(connection.execute(sa.select(JobRun.attempts)).scalars()) == {1}


def test_trouble_of_the_database_is_raised_and_nothing_is_marked(app: Flask, world: World) -> None:
    work = Work()
    with world.writing() as connection:
        connection.execute(sa.text("ALTER TABLE job_runs RENAME TO elsewhere"))
    with pytest.raises(sa.exc.DBAPIError):
        tick(app, [work.job])
    with world.writing() as connection:
        connection.execute(sa.text("ALTER TABLE elsewhere RENAME TO job_runs"))
    assert tick(app, [work.job]) == ["work 2026-10-12T09"]


def test_old_runs_are_forgotten(app: Flask, clock: SetClock, world: World) -> None:
    work = Work()
    tick(app, [work.job])
    clock.advance(timedelta(days=401))
    tick(app, [work.job])
    with world.writing():
        assert ledger.forget_old(clock.now()) == 1
        assert [state.slot for state in ledger.newest()] == ["2027-11-17T09"]


@pytest.mark.parametrize("attempt", [1, 2, 7, 8, 1000])
def test_the_pause_grows_up_to_an_hour(app: Flask, clock: SetClock, world: World, attempt: int) -> None:
    with world.writing():
        held = ledger.claim("work", "2026-10", clock.now())
        assert held is not None
        ledger.fail(ledger.Claim(held.name, held.slot, held.owner, attempt), ValueError(), clock.now())
    pause = run_of(world, "2026-10").leased_until - clock.now()
    assert pause == min(timedelta(minutes=2 ** min(attempt - 1, 10)), timedelta(hours=1))
