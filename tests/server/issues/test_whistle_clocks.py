"""The clocks of whistles: who is told what when, pauses, and many processes at once."""

import base64
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from models import Issue, Message, Whistle
from models.enums import IssueState, Level, Move, Role
from server.issues import queries, service
from server.issues.service import whistle_rows
from server.jobs.runner import tick
from server.jobs.timetable import TIMETABLE
from server.rules.lifecycle import Details
from server.rules.moves import Step
from tests.conftest import KEY
from tests.server.issues.test_life import reported
from tests.server.issues.whistles import answer, called
from tests.world import Caller, Spot, World

ROOT = Path(__file__).parents[3]
HOUSING, WATER = "住建局", "水务局"
CLOCKS = [job for job in TIMETABLE if job.name == "run_whistle_clocks"]


@pytest.fixture
def building(world: World) -> Spot:
    return world.building(world.grid(world.community("幸福社区")), "3栋")


@pytest.fixture
def clerk(world: World, building: Spot) -> Caller:
    return world.staff(Role.COMMUNITY, world.place_of(building, "community_id"))


def people(world: World) -> tuple[Caller, Caller]:
    return tuple(  # type: ignore[return-value]
        world.person((Role.DEPARTMENT, world.district()), department=name) for name in (HOUSING, WATER)
    )


def titles(caller: Caller) -> list[str]:
    return [item["title"] for item in caller.get("/api/v1/messages").json["items"]]


def whistles(world: World) -> Any:
    with world.reading() as connection:
        return connection.execute(sa.select(Whistle.__table__).order_by(Whistle.id)).all()


def test_a_missed_sign_in_and_a_missed_report_are_told_once_each_and_the_issue_stays(
    world: World, app: Flask, building: Spot, clerk: Caller
) -> None:
    housing, water = people(world)
    street, district = world.staff(Role.STREET, world.street()), world.staff(Role.DISTRICT, world.district())
    issue, _ = reported(world, building)
    first, _second = called(clerk, issue, HOUSING, WATER)
    answer(housing, first, "sign-in")
    world.clock.advance(timedelta(minutes=50))
    tick(app, CLOCKS)
    assert titles(housing) == titles(water) == []
    world.clock.advance(timedelta(minutes=10))  # 10:00: one working hour
    for _ in range(2):
        tick(app, CLOCKS)
        world.clock.advance(timedelta(minutes=10))
    missed = "水务局没有按时签收：3栋的电梯"
    assert (titles(water), titles(clerk)) == ([missed], [missed])
    assert titles(housing) == titles(district) == []

    world.clock.set(world.clock.now() + timedelta(days=6, hours=6, minutes=40))  # Sunday: nothing is due but "soon"
    tick(app, CLOCKS)
    assert titles(housing) == ["吹哨快到期：3栋的电梯"]
    world.clock.advance(timedelta(days=1, hours=2))  # Monday after five working days, past closing time
    tick(app, CLOCKS)
    late = "住建局没有按时反馈：3栋的电梯"
    assert titles(housing)[0] == late
    assert titles(clerk).count(late) == titles(district).count(late) == 1
    assert titles(street) == []
    with world.reading() as connection:
        row = connection.execute(sa.select(Issue.level, Issue.state)).one()
    assert (row.level, row.state) == (Level.DEPARTMENT, IssueState.REPORTED)
    assert all(each.clock_at is None for each in whistles(world))
    for caller in (clerk, district):
        overdue = caller.get("/api/v1/whistles?state=overdue").json["items"]
        assert [item["department_name"] for item in overdue] == [WATER, HOUSING]
        assert all(item["overdue"] for item in overdue)
    with world.reading() as connection:
        told = connection.execute(sa.select(sa.func.count()).select_from(Message)).scalar()
    tick(app, CLOCKS)
    world.clock.advance(timedelta(days=1))
    tick(app, CLOCKS)
    with world.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(Message)).scalar() == told


def test_what_was_answered_rings_no_more(world: World, app: Flask, building: Spot, clerk: Caller) -> None:
    housing, water = people(world)
    issue, _ = reported(world, building)
    first, second = called(clerk, issue, HOUSING, WATER)
    answer(housing, first, "report-back", text="换了", done_on="2026-10-12")
    answer(water, second, "push-back", text="不归我们")
    world.clock.advance(timedelta(days=30))
    tick(app, CLOCKS)
    assert titles(housing) == titles(water) == []


def test_urgent_ones_are_counted_in_plain_hours(world: World, building: Spot, clerk: Caller) -> None:
    people(world)
    issue, _ = reported(world, building)
    with world.writing() as connection:
        connection.execute(sa.update(Issue).values(urgent=True))
    world.clock.advance(timedelta(hours=13))  # 22:00
    called(clerk, issue, HOUSING)
    (row,) = whistles(world)
    spans = [row.sign_in_due_at - row.sounded_at, row.contact_due_at - row.sounded_at, row.due_at - row.sounded_at]
    assert spans == [timedelta(hours=1), timedelta(hours=2), timedelta(hours=24)]


def test_a_suspended_issue_stops_its_whistles_clocks(world: World, app: Flask, building: Spot, clerk: Caller) -> None:
    housing, _ = people(world)
    issue, _ = reported(world, building)
    (whistle,) = called(clerk, issue, HOUSING)
    before = whistles(world)[0]
    now = world.clock.now()
    until = now + timedelta(days=7)

    def step(move: Any, at: Any, **changes: Any) -> None:
        with world.writing() as connection:
            row = connection.execute(queries.FACTS.where(Issue.public_id == issue)).one()
            details = Details(until=until)
            whistle_rows.follow(row, move, Step(row.state, row.level, ""), details, at, actor_id=None)
            connection.execute(sa.update(Issue).values(changes))

    step(Move.SUSPEND, now, suspended_at=now, suspended_until=until)
    paused = whistles(world)[0]
    assert paused.sign_in_due_at == before.sign_in_due_at + timedelta(days=7)
    assert paused.due_at == before.due_at + timedelta(days=7)
    world.clock.advance(timedelta(days=3))  # Thursday
    tick(app, CLOCKS)
    assert titles(housing) == []
    resumed = world.clock.now()
    step(Move.RESUME, resumed, suspended_at=None, suspended_until=None)
    again = whistles(world)[0]
    assert again.sign_in_due_at == before.sign_in_due_at + timedelta(days=3)
    assert again.clock_at == again.sign_in_due_at
    assert again.public_id == whistle


def test_sixteen_processes_at_once_look_at_every_whistle_once(
    world: World, building: Spot, clerk: Caller, fresh_database: str, tmp_path: Path
) -> None:
    names = [f"第{n}局" for n in range(8)]
    staff = [world.person((Role.DEPARTMENT, world.district()), department=name) for name in names]
    issues = [reported(world, building)[0] for _ in range(5)]
    for issue in issues:
        called(clerk, issue, *names)
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("LOUZHANG_", "WECHAT_"))},
        "DATABASE_URL": fresh_database,
        "LOUZHANG_INSTANCE": str(tmp_path),
        "LOUZHANG_KEYS": base64.urlsafe_b64encode(KEY).decode(),
    }
    now = world.clock.now() + timedelta(hours=1)
    command = [sys.executable, "-m", "tests.server.issues.clocks_at_once", "16", now.isoformat()]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    counts = [int(line) for line in done.stdout.split()]
    assert len(counts) == 16
    assert sum(counts) == len(names) * len(issues), "each whistle was looked at by one process"
    assert all(len(titles(person)) == len(issues) for person in staff)
    with world.app.app_context():
        assert service.run_whistle_clocks(now) == 0
