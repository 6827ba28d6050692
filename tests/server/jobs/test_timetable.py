"""What the timetable's own jobs do, and that each may be done twice."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from models import IdempotencyKey, JobRun, SignInFailure, SignInSession
from models.enums import SessionKind
from server.core.auth import FAILURE_WINDOW, SESSIONS_KEPT
from server.core.clock import SetClock
from server.core.idempotency import KEPT
from server.jobs.runner import tick
from server.jobs.timetable import TIMETABLE, Job
from tests.world import World


def named(name: str) -> Job:
    return next(job for job in TIMETABLE if job.name == name)


@pytest.mark.parametrize("job", TIMETABLE, ids=lambda job: job.name)
def test_every_job_runs_in_a_small_world_and_may_run_twice(app: Flask, clock: SetClock, world: World, job: Job) -> None:
    world.head(world.building())
    newest = job.slots(clock.now())[-1]
    for _ in range(2):
        assert tick(app, [job]) == [f"{job.name} {newest}"]
        with world.writing() as connection:
            connection.execute(sa.delete(JobRun))


def test_answers_are_forgotten_after_a_week(app: Flask, clock: SetClock, world: World) -> None:
    made = clock.now()
    with world.writing() as connection:
        for key, at in (("old", made - KEPT - timedelta(seconds=1)), ("young", made - KEPT)):
            connection.execute(
                sa.insert(IdempotencyKey).values(
                    owner=b"o" * 16, key=key, request_hash=b"h" * 16, status=201, answer_sealed=b"x", created_at=at
                )
            )
    tick(app, [named("forget_idempotency_keys")])
    with world.reading() as connection:
        assert connection.execute(sa.select(IdempotencyKey.key)).scalars().all() == ["young"]


def test_failed_sign_ins_are_forgotten_when_they_no_longer_count(app: Flask, clock: SetClock, world: World) -> None:
    now = clock.now()
    with world.writing() as connection:
        for subject, at in (
            (b"o" * 16, now - FAILURE_WINDOW),
            (b"y" * 16, now - FAILURE_WINDOW + timedelta(seconds=1)),
        ):
            connection.execute(sa.insert(SignInFailure).values(subject=subject, at=at))
    tick(app, [named("forget_sign_in_failures")])
    with world.reading() as connection:
        assert connection.execute(sa.select(SignInFailure.subject)).scalars().all() == [b"y" * 16]


def test_the_terminal_tells_how_each_job_stands(app: Flask, world: World) -> None:
    runner = app.test_cli_runner()
    assert runner.invoke(args=["jobs", "status"]).output == "nothing ran yet\n"
    ticked = runner.invoke(args=["jobs", "tick"])
    assert (ticked.exit_code, "done: forget_job_runs 2026-10-12\n" in ticked.output) == (0, True)
    assert runner.invoke(args=["jobs", "tick"]).output == "nothing was due\n"
    told = runner.invoke(args=["jobs", "status"]).output.splitlines()
    assert "forget_job_runs           2026-10-12        done 2026-10-12T01:00:00+00:00" in told
    assert len(told) == len(TIMETABLE)


def test_sessions_are_forgotten_a_month_after_they_ended(app: Flask, clock: SetClock, world: World) -> None:
    person, now = world.resident(), clock.now()
    with world.writing() as connection:
        connection.execute(sa.delete(SignInSession))
        for name, ended in (("old", SESSIONS_KEPT), ("young", SESSIONS_KEPT - timedelta(seconds=1))):
            connection.execute(
                sa.insert(SignInSession).values(
                    person_id=person.person_id,
                    kind=SessionKind.PAGE,
                    token_hash=name.encode().ljust(32),
                    created_at=now - timedelta(days=90),
                    expires_at=now - ended,
                )
            )
    tick(app, [named("forget_sessions")])
    with world.reading() as connection:
        assert connection.execute(sa.select(SignInSession.token_hash)).scalars().all() == [b"young".ljust(32)]
