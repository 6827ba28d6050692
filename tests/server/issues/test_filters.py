"""The ledger's filters: each narrows, none widens, and what is in hand now is found without walking years of history."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from models import Department, Issue, Whistle
from models.enums import Level, PlaceKind, Role
from server.issues.queries import lists
from server.issues.queries.filters import conditions
from tests.queries import count_queries, many_issues, plan
from tests.server.issues.test_life import move, reported
from tests.server.issues.test_lists import ids
from tests.world import Caller, Spot, World


def change(world: World, issue: str, **values: Any) -> None:
    """Set columns that other moves set in life."""
    with world.writing() as connection:
        connection.execute(sa.update(Issue).where(Issue.public_id == issue).values(values))


def whistled(world: World, issue: str, department: int) -> None:
    now = world.clock.now()
    with world.writing() as connection:
        row = connection.execute(sa.select(Issue.__table__).where(Issue.public_id == issue)).one()
        connection.execute(
            sa.insert(Whistle).values(
                issue_id=row.id,
                department_id=department,
                building_id=row.building_id,
                grid_id=row.grid_id,
                community_id=row.community_id,
                reason="",
                sounded_at=now,
                month=202610,
                sign_in_due_at=now,
                contact_due_at=now,
                due_at=now,
            )
        )


@pytest.fixture
def building(world: World) -> Spot:
    return world.building()


@pytest.fixture
def clerk(world: World, building: Spot) -> Caller:
    return world.staff(Role.COMMUNITY, world.place_of(building, "community_id"))


def test_each_filter_narrows(world: World, building: Spot, clerk: Caller) -> None:
    now = world.clock.now()
    hour = timedelta(hours=1)
    plain, _ = reported(world, building)
    urgent, _ = reported(world, building)
    change(world, urgent, urgent=True, topic="pipe", topic_name="水管", triage="small")
    late, _ = reported(world, building)
    change(world, late, due_at=now - hour)
    resting, _ = reported(world, building)
    change(world, resting, due_at=now - hour, suspended_at=now - hour, suspended_until=now + hour)
    rested, _ = reported(world, building)
    change(world, rested, due_at=now - hour, suspended_at=now - 2 * hour, suspended_until=now)
    done, _ = reported(world, building)
    change(world, done, due_at=now - hour, rework=2, pushed_back=1)
    assert move(clerk, done, "resolve", text="好了", done_by="物业").status_code == 200
    mine, _ = reported(world, building)
    change(world, mine, assignee_id=clerk.person_id)
    department = world.department()
    called, _ = reported(world, building)
    whistled(world, called, department)
    with world.reading() as connection:
        bureau = connection.execute(sa.select(Department.public_id).where(Department.id == department)).scalar_one()
    told = clerk.post(
        "/api/v1/issues",
        json={"building": building.public_id, "category": "noise", "text": "楼上太吵", "channel": "phone"},
    ).json["id"]

    def listed(query: str) -> list[str]:
        answer = clerk.get(f"/api/v1/issues?{query}")
        assert answer.status_code == 200, answer.json
        return ids(answer)

    everything = [told, called, mine, done, rested, resting, late, urgent, plain]
    assert listed("") == everything
    for query, expected in {
        "urgent=true": [urgent],
        "urgent=false": everything,
        "topic=pipe": [urgent],
        "triage=small": [urgent],
        "triage=big": [],
        "overdue=true": [rested, late],
        "overdue=true&urgent=true": [],
        "suspended=true": [resting],
        "reworked=true": [done],
        "pushed_back=true": [done],
        "mine=true": [mine],
        f"department={bureau}": [called],
        "department=0000000000000000": [],
        "channel=phone": [told],
        "category=noise": [told],
        "level=head": [],
        "family=open&overdue=true": [rested, late],
        "family=waiting": [done],
        "state=resolved&family=open": [done],  # the state is the narrower word
    }.items():
        assert listed(query) == expected, query
    items = {item["id"]: item for item in clerk.get("/api/v1/issues").json["items"]}
    assert (items[late]["overdue"], items[late]["suspended"]) == (True, False)
    assert (items[resting]["overdue"], items[resting]["suspended"]) == (False, True)
    assert items[done]["overdue"] is False  # ended in time or not: it is in nobody's hands
    assert (items[urgent]["urgent"], items[urgent]["topic_name"], items[urgent]["triage"]) == (True, "水管", "small")
    assert [items[mine]["assigned"], items[plain]["assigned"]] == [True, False]
    assert clerk.get("/api/v1/issues?overdue=maybe").status_code == 422


def test_days_are_those_of_shanghai(world: World, building: Spot, clerk: Caller) -> None:
    first, _ = reported(world, building)
    change(world, first, reported_at=world.clock.now().replace(hour=0, minute=0))  # 00:00 on the 12th, there
    for query, expected in {
        "since=2026-10-12&until=2026-10-12": [first],
        "until=2026-10-11": [],
        "since=2026-10-13": [],
        "since=2026-10-12": [first],
    }.items():
        assert ids(clerk.get(f"/api/v1/issues?{query}")) == expected, query
    for bad in ("since=2026-13-01", "since=yesterday", "until=9999-12-31", "since=0001-01-01"):
        assert clerk.get(f"/api/v1/issues?{bad}").status_code == 422, bad


def test_places_of_every_kind_narrow_and_never_widen(world: World) -> None:
    community = world.community()
    grid, estate = world.grid(community), world.place(PlaceKind.ESTATE, community)
    in_grid, in_estate, elsewhere = world.building(grid), world.building(estate), world.building()
    one, _ = reported(world, in_grid)
    two, _ = reported(world, in_estate)
    three, _ = reported(world, elsewhere)
    street, clerk = world.staff(Role.STREET, world.street()), world.staff(Role.COMMUNITY, community)
    for place, all_of_it in (
        (in_grid, [one]),
        (grid, [one]),
        (estate, [two]),
        (community, [two, one]),
        (world.street(), [three, two, one]),
        (world.district(), [three, two, one]),
        (elsewhere, [three]),
    ):
        assert ids(street.get(f"/api/v1/issues?place={place.public_id}")) == all_of_it, place.kind
        assert ids(clerk.get(f"/api/v1/issues?place={place.public_id}")) == [i for i in all_of_it if i != three]
    assert ids(street.get("/api/v1/issues?place=0000000000000000")) == []
    both = f"place={community.public_id}&building={in_grid.public_id}"
    assert ids(street.get(f"/api/v1/issues?{both}")) == []  # two places are named, and only one can be meant
    assert ids(street.get(f"/api/v1/issues?building={grid.public_id}")) == []
    head = world.head(in_grid)
    assert ids(head.get(f"/api/v1/issues?place={community.public_id}")) == [one]


def test_my_reports_take_the_filters_that_are_mine(world: World, building: Spot) -> None:
    resident = world.resident()
    body = {"code": building.stairwell_code, "category": "leak", "text": "漏水"}
    issue = resident.post("/api/v1/issues", json=body).json["id"]
    for query, expected in {"category=leak": [issue], "category=pets": [], "since=2026-10-13": []}.items():
        assert ids(resident.get(f"/api/v1/my/issues?{query}")) == expected
    for office in ("mine=true", "triage=big", "department=0000000000000000", "pushed_back=true"):
        assert resident.get(f"/api/v1/my/issues?{office}").status_code == 422, office


def test_a_filtered_list_is_still_one_statement(world: World, building: Spot, clerk: Caller) -> None:
    reported(world, building)
    with count_queries(world.app) as sent:
        clerk.get("/api/v1/issues?overdue=true&urgent=true&level=head")
    assert len(sent) == 2, sent
    with count_queries(world.app) as sent:
        clerk.get(f"/api/v1/issues?place={building.public_id}")
    assert len(sent) == 3, sent  # and one to know what kind of place it is


def test_what_is_in_hand_is_found_by_its_state(world: World, building: Spot) -> None:
    """Among years of ended issues the few that are open are found by state, not by walking the keyset past the others."""
    shape = ((Role.COMMUNITY, PlaceKind.COMMUNITY),)
    reported(world, building)
    with world.writing() as connection:
        many_issues(connection, building.row)
    told: dict[str, Any] = {"place_0": building.row.community_id, "now": world.clock.now(), "after": 10**9}
    with world.reading() as connection:
        for name in ("overdue", "family_open", "suspended"):
            names = frozenset({name, "after"})
            query = lists.in_order(lists._LIST.where(*conditions(shape, names, None)), names).limit(21)
            bound = {key: told[key] for key in query.compile().params if key in told}
            explained = plan(connection, query.params(bound))
            assert "ix_issues_community_state" in explained, explained


def test_levels_are_words(world: World, clerk: Caller) -> None:
    assert clerk.get(f"/api/v1/issues?level={Level.GRID}").status_code == 200
    assert clerk.get("/api/v1/issues?level=emperor").status_code == 422
