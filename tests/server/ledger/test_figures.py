"""Figures: counted by the database as written in words, against a count by hand over random lives; who may read them."""

import random
import statistics
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from models import Issue, ReturnVisit, Turn, Whistle, new_public_id
from models.enums import (
    OPEN_STATES,
    Channel,
    IssueCategory,
    IssueState,
    Level,
    PlaceKind,
    Role,
    Satisfaction,
    TurnEnd,
    WhistleEnd,
)
from server.core import database
from server.ledger.queries.counts import Wanted, count
from server.rules.calendar import month_of
from server.rules.figures import Counts, Period, of_month
from tests.queries import count_queries, many_issues
from tests.server.issues.test_life import reported
from tests.world import Caller, Spot, World

MONTH = 202610
PERIOD = of_month(MONTH)
HOUR = timedelta(hours=1)
ABOVE = (Level.STREET, Level.DEPARTMENT, Level.DISTRICT)


@dataclass
class Lives:
    """What was put into the database, as it was put there."""

    issues: list[dict[str, Any]] = field(default_factory=list)
    turns: list[dict[str, Any]] = field(default_factory=list)
    whistles: list[dict[str, Any]] = field(default_factory=list)
    visits: list[dict[str, Any]] = field(default_factory=list)


def lives(world: World, buildings: list[Spot], now: datetime, chance: random.Random) -> Lives:
    """Issues with everything drawn by lot, whether or not life would have it so."""
    made, department = Lives(), world.department()

    def moment(spread: int = 60) -> datetime:
        """Around the period's two ends as often as within, to the second."""
        edge = chance.choice((PERIOD.since, PERIOD.until, now))
        return edge + timedelta(seconds=chance.choice((0, -1, 1, chance.randint(-86400 * spread, 86400 * spread))))

    def maybe(value: Any) -> Any:
        return value if chance.random() < 0.6 else None

    for number in range(1, 241):
        building = chance.choice(buildings).row
        place = {"building_id": building.id, "grid_id": building.grid_id, "community_id": building.community_id}
        state = chance.choice(list(IssueState))
        at = moment()
        ledger = chance.random() < 0.1
        if state is IssueState.DUPLICATE:
            ledger = True
        made.issues.append(
            place
            | {
                "id": number,
                "public_id": new_public_id(),
                "category": IssueCategory.LIFT,
                "text": "x",
                "channel": Channel.LEDGER if ledger else Channel.SCAN,
                "state": state,
                "level": chance.choice(list(Level)),
                "about_head": chance.random() < 0.1,
                "reported_at": at,
                "accepted_at": maybe(at + timedelta(seconds=chance.randint(0, 400_000))),
                "sign_in_due_at": maybe(moment(10)),
                "signed_in_at": maybe(moment(10)),
                "due_at": maybe(moment(10)),
                "resolved_at": maybe(moment()),
                "resolved_level": maybe(chance.choice(list(Level))),
                "responsible": "物业",
                "rework": chance.choice((0, 0, 1)),
                "extensions": chance.choice((0, 0, 1)),
                "pushed_back": chance.choice((0, 0, 2)),
                "number": str(number) if ledger else None,
            }
        )
        for _ in range(chance.randint(0, 2)):
            due, sign_in = moment(20), moment(20)
            made.turns.append(
                place
                | {
                    "issue_id": number,
                    "level": chance.choice(list(Level)),
                    "began_at": at,
                    "due_at": maybe(due),
                    "sign_in_due_at": maybe(sign_in),
                    "signed_in_at": maybe(chance.choice((sign_in, sign_in + HOUR, sign_in - HOUR))),
                    "ended_at": chance.choice((due, due - HOUR, due + HOUR, sign_in, sign_in - HOUR, sign_in + HOUR)),
                    "end": chance.choice(list(TurnEnd)),
                    "month": MONTH,
                }
            )
        if chance.random() < 0.4:
            sounded = PERIOD.since + timedelta(hours=chance.randint(-80, 800))
            ended = maybe(sounded + timedelta(hours=chance.randint(1, 200)))
            made.whistles.append(
                place
                | {
                    "public_id": new_public_id(),
                    "issue_id": number,
                    "department_id": department,
                    "reason": "x",
                    "sounded_at": sounded,
                    "month": month_of(sounded),
                    "sign_in_due_at": sounded + HOUR,
                    "signed_in_at": maybe(sounded + timedelta(minutes=chance.choice((30, 60, 90)))),
                    "contact_due_at": sounded,
                    "due_at": sounded + timedelta(hours=72),
                    "ended_at": ended,
                    "end": chance.choice(list(WhistleEnd)) if ended else None,
                }
            )
        for month in {month_of(moment()) for _ in range(chance.randint(0, 2))}:
            made.visits.append(
                place
                | {
                    "issue_id": number,
                    "month": month,
                    "contacted": chance.choice((True, False, None)),
                    "solved": chance.choice((True, False, None)),
                    "satisfaction": maybe(chance.choice(list(Satisfaction))),
                    "answered_at": of_month(month).since + timedelta(seconds=chance.randint(0, 86400 * 27)),
                    "counts": chance.random() < 0.7,
                }
            )
    with world.writing() as connection:
        for model, rows in (
            (Issue, made.issues),
            (Turn, made.turns),
            (Whistle, made.whistles),
            (ReturnVisit, made.visits),
        ):
            for row in rows:
                values = dict(row)
                if row.get("state") is IssueState.DUPLICATE:
                    values["duplicate_of_id"] = None
                connection.execute(sa.insert(model).values(values))
    return made


def by_hand(made: Lives, period: Period, now: datetime, inside: Any, own_only: bool, hidden: set[int]) -> Counts:
    """The definitions of docs/figures.md, read aloud one issue at a time."""

    def within(at: datetime | None) -> bool:
        return at is not None and period.since <= at < period.until

    issues = {i["id"]: i for i in made.issues}
    c: dict[str, int] = dict.fromkeys(Counts.__slots__, 0)
    waits = []
    for i in made.issues:
        if not inside(i) or i["id"] in hidden:
            continue
        open_turn = i["state"] in OPEN_STATES and i["channel"] is not Channel.LEDGER
        if open_turn and i["level"] not in ABOVE:
            if within(i["due_at"]) and i["due_at"] < now:
                c["turns"] += 1
            due, signed = i["sign_in_due_at"], i["signed_in_at"]
            if within(due) and (signed or due < now):
                c["sign_ins"] += 1
                c["signed_in"] += signed is not None and signed <= due
        if not within(i["reported_at"]):
            continue
        if i["state"] in (IssueState.WITHDRAWN, IssueState.DUPLICATE):
            c["left_out"] += 1
            continue
        if i["level"] in ABOVE or i["resolved_level"] in ABOVE:
            c["above"] += 1
            if own_only:
                continue
        c["reported"] += 1
        c["declined"] += i["state"] is IssueState.DECLINED
        c["taken_up"] += i["accepted_at"] is not None or i["state"] is not IssueState.REPORTED
        done = i["resolved_at"] is not None and i["state"] is not IssueState.DECLINED
        c["resolved"] += done
        c["reworked"] += done and i["rework"] > 0
        c["extended"] += i["extensions"] > 0
        c["pushed_back"] += i["pushed_back"] > 0
        c["confirmed"] += i["state"] is IssueState.CONFIRMED
        c["silent"] += i["state"] is IssueState.CLOSED_SILENT
        if i["accepted_at"]:
            waits.append(int(i["accepted_at"].timestamp() // 1) - int(i["reported_at"].timestamp() // 1))
    for t in made.turns:
        if not inside(t) or t["issue_id"] in hidden or t["level"] in ABOVE:
            continue
        if within(t["due_at"]):
            good = t["end"] is TurnEnd.RESOLVED and t["ended_at"] <= t["due_at"]
            c["on_time"] += good
            c["turns"] += good or t["ended_at"] > t["due_at"] or t["end"] is TurnEnd.ESCALATED
        if within(t["sign_in_due_at"]) and (t["signed_in_at"] or t["ended_at"] > t["sign_in_due_at"]):
            c["sign_ins"] += 1
            c["signed_in"] += t["signed_in_at"] is not None and t["signed_in_at"] <= t["sign_in_due_at"]
    for v in made.visits:
        if not inside(v) or v["issue_id"] in hidden or not within(v["answered_at"]):
            continue
        settled_above = issues[v["issue_id"]]["resolved_level"] in ABOVE
        if not (v["counts"] or (settled_above and not own_only)):
            continue
        c["contact_answers"] += v["contacted"] is not None
        c["contacted"] += v["contacted"] is True
        c["solved_answers"] += v["solved"] is not None
        c["solved"] += v["solved"] is True
        c["satisfaction_answers"] += v["satisfaction"] is not None
        c["satisfied"] += v["satisfaction"] in (Satisfaction.SATISFIED, Satisfaction.FAIRLY)
    return Counts(**{**c, "median_acceptance": statistics.median_low(waits) if waits else None})


def departments_by_hand(made: Lives, now: datetime) -> tuple[int, int, int, int]:
    turns = on_time = sign_ins = signed_in = 0
    for w in made.whistles:
        end = w["ended_at"] or now
        if PERIOD.since <= w["due_at"] < PERIOD.until:
            good = w["end"] is WhistleEnd.REPORTED and w["ended_at"] <= w["due_at"]
            on_time += good
            turns += good or end > w["due_at"]
        if PERIOD.since <= w["sign_in_due_at"] < PERIOD.until and (w["signed_in_at"] or end > w["sign_in_due_at"]):
            sign_ins += 1
            signed_in += w["signed_in_at"] is not None and w["signed_in_at"] <= w["sign_in_due_at"]
    return turns, on_time, sign_ins, signed_in


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_database_counts_as_a_person_would(world: World, seed: int) -> None:
    now = PERIOD.since + timedelta(days=20, seconds=7)
    community, other = world.community(), world.community()
    grid, estate = world.grid(community), world.place(PlaceKind.ESTATE, community)
    buildings = [world.building(p) for p in (grid, grid, estate, community, other)]
    made = lives(world, buildings, now, random.Random(seed))
    period = PERIOD if seed != 3 else Period(PERIOD.since + timedelta(days=3), PERIOD.since + timedelta(days=45), "")
    head_of = buildings[0].id

    def of(column: str, value: int | None) -> Any:
        return lambda row: row[column] == value

    hers = {i["id"] for i in made.issues if i["about_head"] and i["building_id"] == head_of}
    with world.app.app_context(), database.transaction(reads_only=True):
        for place, inside in (
            (community, of("community_id", community.id)),
            (grid, of("grid_id", grid.id)),
            (estate, of("building_id", buildings[2].id)),
            (buildings[0], of("building_id", head_of)),
            (world.street(), lambda _row: True),
            (world.district(), lambda _row: True),
        ):
            low = place.kind in (PlaceKind.GRID, PlaceKind.ESTATE, PlaceKind.BUILDING)
            for heads, hidden in (((), set()), ((head_of,), hers)):
                groups, _ = count(Wanted(place.row, period, now, None, heads))
                assert groups.get(None, Counts()) == by_hand(made, period, now, inside, low, hidden), place.kind
            if place is world.street() and seed != 3:
                told = count(Wanted(place.row, period, now))[1][Level.DEPARTMENT]
                assert (told.turns, told.on_time, told.sign_ins, told.signed_in) == departments_by_hand(made, now)
        for by, column, place in (
            (PlaceKind.BUILDING, "building_id", community),
            (PlaceKind.GRID, "grid_id", community),
            (PlaceKind.COMMUNITY, "community_id", world.district()),
        ):
            groups, _ = count(Wanted(place.row, period, now, by))
            low = by is not PlaceKind.COMMUNITY
            ours = [i for i in made.issues if place is world.district() or i["community_id"] == community.id]
            for value in {i[column] for i in ours}:
                part = [i for i in ours if i[column] == value]
                known = {i["id"] for i in part}
                expected = by_hand(
                    made, period, now, lambda r, k=known: r.get("issue_id", r.get("id")) in k, low, set()
                )
                assert groups.get(value, Counts()) == expected, (by, value)


@pytest.fixture
def clerk(world: World) -> tuple[Caller, Spot]:
    building = world.building()
    return world.staff(Role.COMMUNITY, world.place_of(building, "community_id")), building


def test_the_answer_says_what_it_counts(world: World, clerk: tuple[Caller, Spot]) -> None:
    caller, building = clerk
    empty = caller.get("/api/v1/figures").json
    assert {figure["share"] for figure in empty["whole"]["figures"]} == {None}
    issue, _ = reported(world, building)
    world.clock.advance(timedelta(hours=2, minutes=30))
    assert caller.post(f"/api/v1/issues/{issue}/accept", json={}).status_code == 200
    told = caller.get("/api/v1/figures?month=2026-10").json
    accepted = told["whole"]["figures"][0]
    assert accepted == {"key": "accepted", "name": "受理率", "part": 1, "whole": 1, "share": "100%", "thin": True}
    assert told["whole"]["counts"]["median_acceptance"] == 9000
    assert [part["id"] for part in told["parts"]] == [building.public_id]
    assert [d["key"] for d in told["definitions"]] == [f["key"] for f in told["whole"]["figures"]]
    assert all(d["numerator"] and d["denominator"] and d["source"] for d in told["definitions"])
    days = caller.get("/api/v1/figures?since=2026-10-12&until=2026-10-12").json
    assert days["whole"] == told["whole"]
    assert caller.get("/api/v1/figures?since=2026-10-13&until=2026-10-13").json["whole"]["figures"][0]["whole"] == 0
    for bad in (
        "month=2026-13",
        "month=2026-10&since=2026-10-01",
        "since=2026-10-01",
        "since=2026-10-02&until=2026-10-01",
        "since=2020-01-01&until=2026-10-01",
        "until=9999-12-31&since=9999-12-31",
        "by=estate",
        "by=community",
    ):
        assert caller.get(f"/api/v1/figures?{bad}").status_code == 422, bad


def test_only_who_commands_reads_them_and_only_of_their_places(world: World, clerk: tuple[Caller, Spot]) -> None:
    caller, building = clerk
    elsewhere = world.building()
    for place, status in ((building, 200), (elsewhere, 404), (world.street(), 404)):
        assert caller.get(f"/api/v1/figures?place={place.public_id}").status_code == status
        assert caller.get(f"/api/v1/figures.xlsx?place={place.public_id}").status_code == status
    for someone in (world.head(building), world.resident(), world.staff(Role.DEPARTMENT, world.district())):
        assert someone.get(f"/api/v1/figures?place={building.public_id}").status_code == 403
    street = world.staff(Role.STREET, world.street())
    assert street.get(f"/api/v1/figures?place={elsewhere.public_id}").status_code == 200


def test_a_month_costs_the_same_after_years(world: World, clerk: tuple[Caller, Spot]) -> None:
    """As many statements whatever there is, and each by the index of its period."""
    from server.ledger.queries import counts
    from tests.queries import plan

    caller, building = clerk
    with world.writing() as connection:
        many_issues(connection, building.row)
    with count_queries(world.app) as sent:
        assert caller.get("/api/v1/figures").status_code == 200
    assert len(sent) <= 20, len(sent)
    wanted = Wanted(world.place_of(building, "community_id").row, PERIOD, world.clock.now())
    with world.app.app_context(), database.transaction(reads_only=True) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SET LOCAL enable_seqscan = off"))
        for statement, index in (
            (counts._reported(wanted), "ix_issues_reported"),
            (counts._acceptance(wanted), "ix_issues_reported"),
            (counts._due(wanted), "ix_turns_due"),
            (counts._sign_ins(wanted), "ix_turns_sign_in"),
            (counts._running(wanted), "ix_issues_community_state"),
            (counts._visited(wanted), "ix_return_visits_month"),
        ):
            told = plan(connection, statement)
            assert index in told, told
