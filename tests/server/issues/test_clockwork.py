"""The clocks through their doors: what is late goes up once however many machines look, and many hands leave one history."""

import itertools
import multiprocessing
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from models import Issue, IssueEvent, Message, RuleBook, Turn, db, new_public_id
from models.enums import OPEN_STATES, Level, Move, Role, TurnEnd
from server.issues import service
from server.jobs import relay
from tests.server.issues.test_life import move, reported, say
from tests.world import Caller, Spot, World

PROCESSES = 16


def run(world: World, now: datetime) -> int:
    with world.app.app_context():
        return service.run_clocks(now)


def sixteen_at_once(app: Flask, moments: Sequence[datetime]) -> list[int]:
    """Run the clocks in sixteen processes that begin each moment together. Returns how many issues each moment took."""
    context = multiprocessing.get_context("fork")
    start, results = context.Barrier(PROCESSES), context.SimpleQueue()

    def work() -> None:
        with app.app_context():
            db.engine.dispose(close=False)  # the parent's connections are the parent's
            for now in moments:
                start.wait(60)
                results.put((now, service.run_clocks(now)))

    processes = [context.Process(target=work) for _ in range(PROCESSES)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0] * PROCESSES
    done = Counter[datetime]()
    for _ in range(PROCESSES * len(moments)):
        now, found = results.get()
        done[now] += found
    return [done[now] for now in moments]


def rows(world: World, *columns: Any, order: Any = None) -> Sequence[Any]:
    with world.reading() as connection:
        return connection.execute(sa.select(*columns).order_by(order if order is not None else columns[0])).all()


def start_clock(world: World, **values: Any) -> None:
    """Give every issue the clocks that filing gives it."""
    with world.writing() as connection:
        connection.execute(sa.update(Issue).values(**values))


@pytest.fixture
def offices(world: World) -> tuple[Spot, dict[Level, Caller]]:
    """A building, and one person on every level above it."""
    building = world.building(name="3栋")
    people = {
        Level.HEAD: world.head(building),
        Level.GRID: world.staff(Role.GRID, world.place_of(building, "grid_id")),
        Level.COMMUNITY: world.staff(Role.COMMUNITY, world.place_of(building, "community_id")),
        Level.STREET: world.staff(Role.STREET, world.street()),
        Level.DISTRICT: world.staff(Role.DISTRICT, world.district()),
    }
    return building, people


def test_one_issue_that_cannot_be_worked_on_holds_up_no_other(
    world: World, offices: tuple[Spot, dict[Level, Caller]], caplog: pytest.LogCaptureFixture
) -> None:
    building, _ = offices
    broken, _ = reported(world, building)
    sound, _ = reported(world, building)
    with world.writing() as connection:
        book = connection.execute(
            sa.insert(RuleBook)
            .values(
                public_id=new_public_id(), place_id=building.row.community_id, version=1, content={"kinds": "broken"},
                note="坏了", created_at=world.clock.now(),
            )
            .returning(RuleBook.id)
        ).scalar_one()  # fmt: skip
        connection.execute(sa.update(Issue).where(Issue.public_id == broken).values(rule_book_id=book))
    later = world.clock.now() + timedelta(days=30)
    assert run(world, later) == 1
    levels = dict(rows(world, Issue.public_id, Issue.level))
    assert levels == {broken: Level.HEAD, sound: Level.GRID}
    assert f"the clock cannot act on issue {broken}" in caplog.text


def test_sixteen_processes_bring_every_effect_about_once(
    world: World, offices: tuple[Spot, dict[Level, Caller]]
) -> None:
    building, people = offices
    many = 12
    for _ in range(many):
        reported(world, building)
    start = world.clock.now()
    start_clock(world, sign_in_due_at=start, contact_due_at=start, due_at=start + timedelta(days=30), clock_at=start)
    days = [start + timedelta(days=day) for day in range(5)]  # each day nobody signed in
    # Up to the district in four days; there its own clocks are told of, and it goes up to nobody.
    assert sixteen_at_once(world.app, days) == [many] * 5
    assert run(world, days[-1]) == 0
    found = rows(world, Issue.id, Issue.level, Issue.held_since)
    assert {(row.level, row.held_since) for row in found} == {(Level.DISTRICT, days[3])}
    now = days[-1]

    events = rows(world, IssueEvent.issue_id, IssueEvent.level, IssueEvent.move)
    passed_up = Counter((e.issue_id, e.level) for e in events if e.move is Move.PASS_UP)
    assert len(passed_up) == many * 4
    assert set(passed_up.values()) == {1}, "one escalation per level"
    turns = rows(world, Turn.issue_id, Turn.level, Turn.end)
    assert Counter((turn.level, turn.end) for turn in turns) == {
        (level, TurnEnd.ESCALATED): many for level in (Level.HEAD, Level.GRID, Level.COMMUNITY, Level.STREET)
    }
    world.clock.advance(now - world.clock.now())
    relay.run(world.app)
    told = Counter(
        (row.person_id, row.link, row.title) for row in rows(world, Message.person_id, Message.link, Message.title)
    )
    assert set(told.values()) == {1}, "one message a person"
    assert {person for person, _, title in told if "转到" in title} == {
        people[level].person_id for level in (Level.GRID, Level.COMMUNITY, Level.STREET, Level.DISTRICT)
    }
    late = Counter(person for person, _, title in told if "没有按时签收" in title)
    assert late == {people[Level.DISTRICT].person_id: many}


def test_two_hundred_hands_on_one_issue_leave_one_legal_history(
    world: World, offices: tuple[Spot, dict[Level, Caller]]
) -> None:
    building, people = offices
    issue, claim = reported(world, building)
    base = world.clock.now()
    start_clock(world, sign_in_due_at=base, due_at=base + timedelta(days=9), clock_at=base)
    hands = list(people.values())

    def hand(number: int) -> int:
        match number % 5:
            case 0:
                run(world, base + timedelta(hours=number))
            case 1:
                caller = Caller(world.app, hands[number // 5 % 4].token)
                return int(move(caller, issue, "pass-up", text="x").status_code)
            case 2:
                caller = Caller(world.app, hands[number // 5 % 5].token)
                return int(move(caller, issue, "resolve", text="好了", done_by="物业").status_code)
            case 3:
                return int(say(world, claim, "reopen", text="没好").status_code)
            case _:
                with world.app.app_context():
                    service.close_silent(base + timedelta(hours=number))
        return 0

    with ThreadPoolExecutor(16) as pool:
        codes = list(pool.map(hand, range(200)))
    assert set(codes) <= {0, 200, 409}
    events = rows(
        world, *(IssueEvent.__table__.c[n] for n in ("id", "move", "from_state", "to_state", "level", "actor_role"))
    )
    ((state, level, clock_at, version),) = rows(world, Issue.state, Issue.level, Issue.clock_at, Issue.version)
    for before, after in itertools.pairwise(events):
        assert after.from_state == before.to_state
        assert after.level.height >= before.level.height
        assert after.level != before.level or after.move is not Move.PASS_UP
    assert (events[-1].to_state, events[-1].level, version) == (state, level, len(events))
    passed_up = Counter(event.level for event in events if event.move is Move.PASS_UP)
    assert set(passed_up.values()) == {1}, "one escalation per level"
    assert state in OPEN_STATES or clock_at is None
    # Every turn that ended is there once, in the order of the history.
    ended = [
        before.level
        for before, after in itertools.pairwise(events)
        if before.to_state in OPEN_STATES and (after.to_state not in OPEN_STATES or after.level != before.level)
    ]
    assert [turn.level for turn in rows(world, Turn.level, order=Turn.id)] == ended


def test_missed_contact_reminds_the_holder_and_the_superior_and_moves_nothing(
    world: World, offices: tuple[Spot, dict[Level, Caller]]
) -> None:
    building, people = offices
    issue, _ = reported(world, building)
    now = world.clock.now()
    start_clock(world, signed_in_at=now, contact_due_at=now, due_at=now + timedelta(days=9), clock_at=now)
    assert (run(world, now), run(world, now)) == (1, 0)
    for level, titles in ((Level.HEAD, 1), (Level.GRID, 1), (Level.COMMUNITY, 0)):
        mine = people[level].get("/api/v1/messages").json["items"]
        assert len([item for item in mine if "没有按时联系上报人" in item["title"]]) == titles, level
    assert people[Level.HEAD].get(f"/api/v1/issues/{issue}").json["level"] == "head"


def test_while_suspended_nothing_goes_up_and_what_was_left_stays_left(
    world: World, offices: tuple[Spot, dict[Level, Caller]]
) -> None:
    building, people = offices
    head = people[Level.HEAD]
    issue, claim = reported(world, building)
    now = world.clock.now()  # Monday 12 October 2026, 09:00
    start_clock(world, sign_in_due_at=now + timedelta(hours=3), due_at=now + timedelta(days=2, hours=8), clock_at=now)
    assert move(head, issue, "suspend", text="等厂家发货", until="2026-10-10T09:00:00+08:00").status_code == 409
    paused = move(head, issue, "suspend", text="等厂家发货", until="2026-10-19T09:00:00+08:00").json
    assert paused["hands"]["suspensions"] == 1
    assert paused["hands"]["sign_in_due_at"].startswith("2026-10-19T04:00")  # three hours into Monday, in UTC
    assert paused["due_at"].startswith("2026-10-21T09:00")
    assert "suspend" not in paused["moves"]
    seen = world.anyone().get(f"/api/v1/claims/{claim}").json
    assert (seen["hands"]["suspended_why"], seen["hands"]["holder"]) == ("等厂家发货", "3栋楼栋长")
    assert run(world, now + timedelta(days=5)) == 0, "its clock looks again when the pause is over"
    assert head.get(f"/api/v1/issues/{issue}").json["level"] == "head"
    world.clock.advance(timedelta(days=2))  # Wednesday 09:00
    resumed = move(head, issue, "resume").json
    assert resumed["hands"]["sign_in_due_at"].startswith("2026-10-14T04:00")
    assert resumed["due_at"].startswith("2026-10-16T09:00")
    assert (resumed["hands"]["suspended_until"], resumed["hands"]["suspensions"]) == (None, 1)
    assert run(world, world.clock.now() + timedelta(hours=3)) == 1
    assert people[Level.GRID].get(f"/api/v1/issues/{issue}").json["level"] == "grid"


def test_what_was_imported_is_never_passed_up_by_the_clock(
    world: World, offices: tuple[Spot, dict[Level, Caller]]
) -> None:
    building, people = offices
    issue, _ = reported(world, building)
    now = world.clock.now()
    start_clock(world, channel="ledger", level="community", due_at=now, sign_in_due_at=now, clock_at=now)
    assert (run(world, now + timedelta(days=9)), run(world, now + timedelta(days=9))) == (1, 0)
    left = move(people[Level.COMMUNITY], issue, "pass-up", text="请街道协调").json
    assert (left["level"], left["hands"]["sign_in_due_at"]) == ("street", None)
    assert run(world, now + timedelta(days=99)) == 0
