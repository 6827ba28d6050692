"""The star book: who may fill it in, until when, and how two people do not overwrite each other."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models import AuditEvent, CommunityMonth, Inspection, Place, RuleSet, new_public_id
from models.enums import MonthState, Role
from tests.world import Spot, World

STARS = {"stairwell": 4, "safety": 5, "care": 3, "neighbours": 4, "note": "二楼有一辆旧自行车。"}


def _path(building: Spot, month: str = "2026-10") -> str:
    return f"/api/v1/inspections/{month}/{building.public_id}"


def _community_of(world: World) -> tuple[Spot, Spot, Spot]:
    community = world.community()
    grid = world.grid(community)
    return community, grid, world.building(grid)


def _month_stands(world: World, community: Spot, state: MonthState, month: int = 202610) -> None:
    with world.writing() as connection:
        rule_set = connection.execute(sa.select(RuleSet.id)).scalars().first()
        connection.execute(
            sa.insert(CommunityMonth).values(
                public_id=new_public_id(),
                community_id=community.id,
                month=month,
                version=1,
                state=state,
                rule_set_id=rule_set,
                drafted_at=world.clock.now(),
                manifest_hash="",
            )
        )


def test_a_neighbouring_community_does_not_see_or_write_it(world: World) -> None:
    community, _, building = _community_of(world)
    neighbour = world.staff(Role.COMMUNITY, world.community())
    assert neighbour.put(_path(building), json=STARS).status_code == 404
    assert world.staff(Role.COMMUNITY, community).put(_path(building), json=STARS).status_code == 201
    assert neighbour.get(_path(building)).status_code == 404
    assert neighbour.get("/api/v1/inspections").json["items"] == []
    assert neighbour.get(f"/api/v1/inspections?community={community.public_id}").status_code == 404


def test_a_head_reads_her_own_building_and_writes_none(world: World) -> None:
    _, grid, building = _community_of(world)
    other = world.building(grid)
    office = world.staff(Role.GRID, grid)
    for each in (building, other):
        assert office.put(_path(each), json=STARS).status_code == 201
    head = world.head(building)
    assert head.get(_path(building)).json["safety"] == 5
    assert head.get(_path(other)).status_code == 404
    assert head.put(_path(building), json=STARS).status_code == 403


def test_nobody_inspects_the_building_she_heads(world: World) -> None:
    _, grid, building = _community_of(world)
    both = world.person((Role.GRID, grid), (Role.HEAD, building))
    assert both.put(_path(building), json=STARS).status_code == 403
    assert both.put(_path(world.building(grid)), json=STARS).status_code == 201


def test_a_street_far_away_reads_but_does_not_inspect(world: World) -> None:
    _, _, building = _community_of(world)
    assert world.staff(Role.STREET, world.street()).put(_path(building), json=STARS).status_code == 403


def test_the_list_has_a_row_for_every_building(world: World) -> None:
    community, grid, building = _community_of(world)
    missing = world.building(grid)
    office = world.staff(Role.COMMUNITY, community)
    assert office.put(_path(building), json=STARS).status_code == 201
    rows = office.get("/api/v1/inspections").json["items"]
    assert [(row["building"], row["done"], row["stairwell"]) for row in rows] == [
        (building.public_id, True, 4),
        (missing.public_id, False, None),
    ]
    (left,) = office.get("/api/v1/inspections?month=2026-10&missing=true").json["items"]
    assert left["building"] == missing.public_id
    first = office.get(f"/api/v1/inspections?community={community.public_id}&limit=1").json
    second = office.get("/api/v1/inspections", query_string={"limit": 1, "cursor": first["next_cursor"]}).json
    assert [row["building"] for row in first["items"] + second["items"]] == [building.public_id, missing.public_id]
    assert second["next_cursor"] is None


def test_another_month_is_another_sheet(world: World) -> None:
    community, _, building = _community_of(world)
    office = world.staff(Role.COMMUNITY, community)
    assert office.put(_path(building, "2026-09"), json=STARS).status_code == 201
    assert office.get("/api/v1/inspections").json["items"][0]["done"] is False
    found = office.get(_path(building))
    assert (found.status_code, found.json["code"]) == (404, "not_inspected")


def test_a_building_torn_down_is_not_inspected_afterwards(world: World) -> None:
    community, _, building = _community_of(world)
    with world.writing() as connection:
        connection.execute(sa.update(Place).where(Place.id == building.id).values(closed_at=world.clock.now()))
    office = world.staff(Role.COMMUNITY, community)
    assert office.put(_path(building), json=STARS).json["code"] == "building_closed"
    assert office.get("/api/v1/inspections").json["items"] == []
    assert office.put(_path(building, "2026-09"), json=STARS).status_code == 201


def test_replacing_needs_the_version_that_was_seen(world: World) -> None:
    community, _, building = _community_of(world)
    office = world.staff(Role.COMMUNITY, community)
    made = office.put(_path(building), json=STARS)
    better = {**STARS, "stairwell": 5}
    assert office.put(_path(building), json=better).status_code == 428
    assert office.put(_path(building), json=better, headers={"If-Match": '"7"'}).status_code == 412
    replaced = office.put(_path(building), json=better, headers={"If-Match": made.headers["ETag"]})
    assert (replaced.status_code, replaced.json["stairwell"], replaced.json["version"]) == (200, 5, 2)
    assert office.put(_path(building), json=STARS, headers={"If-Match": made.headers["ETag"]}).status_code == 412
    assert office.get(_path(building)).headers["ETag"] == replaced.headers["ETag"]
    fresh = world.building(world.grid(community))
    assert office.put(_path(fresh), json=STARS, headers={"If-Match": '"1"'}).status_code == 412


def test_once_the_notice_opened_it_is_too_late(world: World) -> None:
    for state in (MonthState.NOTICE, MonthState.SEALED, MonthState.PUBLISHED):
        community, _, building = _community_of(world)
        _month_stands(world, community, state)
        refused = world.staff(Role.COMMUNITY, community).put(_path(building), json=STARS)
        assert (refused.status_code, refused.json["code"]) == (409, "month_fixed")
        assert state.zh in refused.json["detail"]


def test_a_draft_still_takes_inspections(world: World) -> None:
    community, _, building = _community_of(world)
    _month_stands(world, community, MonthState.DRAFT, 202609)
    assert world.staff(Role.COMMUNITY, community).put(_path(building, "2026-09"), json=STARS).status_code == 201


def test_a_neighbours_notice_does_not_stop_us(world: World) -> None:
    community, _, building = _community_of(world)
    _month_stands(world, world.community(), MonthState.NOTICE)
    assert world.staff(Role.COMMUNITY, community).put(_path(building), json=STARS).status_code == 201


def test_months_are_shanghais_and_the_future_is_refused(world: World) -> None:
    community, _, building = _community_of(world)
    office = world.staff(Role.COMMUNITY, community)
    refused = office.put(_path(building, "2026-11"), json=STARS)
    assert (refused.status_code, refused.json["code"]) == (409, "month_in_future")
    world.clock.set(datetime.fromisoformat("2026-11-01T00:30:00+08:00"))  # still October in UTC
    assert office.put(_path(building, "2026-11"), json=STARS).status_code == 201


BAD: list[dict[str, Any]] = [
    {"stairwell": 0},
    {"stairwell": 6},
    {"safety": "5"},
    {"care": 2.5},
    {"note": "x" * 501},
    {"extra": 1},
    {"neighbours": None},
    {"note": "a\u0000b"},
    {"photo_ids": ["not-an-id"]},
    {"photo_ids": ["0" * 16] * 7},
]


def test_a_bad_sheet_is_refused_and_leaves_nothing(world: World) -> None:
    community, _, building = _community_of(world)
    office = world.staff(Role.COMMUNITY, community)
    for change in BAD:
        refused = office.put(_path(building), json={**STARS, **change})
        assert refused.status_code == 422, change
        assert refused.json["errors"][0]["field"].split(".")[0] in change
    with world.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(Inspection)).scalar() == 0


def test_an_address_that_is_no_month_is_not_there(world: World) -> None:
    community, _, building = _community_of(world)
    office = world.staff(Role.COMMUNITY, community)
    for month in ("2026-13", "202610", "now", "2026-10-01"):
        assert office.put(_path(building, month), json=STARS).status_code == 404, month
        assert office.get(_path(building, month)).status_code == 404, month


def test_somebody_elses_photo_is_refused_and_nothing_is_kept(world: World) -> None:
    community, _, building = _community_of(world)
    refused = world.staff(Role.COMMUNITY, community).put(_path(building), json={**STARS, "photo_ids": ["0" * 16]})
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "photo_ids")
    with world.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(Inspection)).scalar() == 0


def test_each_writing_leaves_its_trace_without_the_note(world: World) -> None:
    community, _, building = _community_of(world)
    office = world.staff(Role.COMMUNITY, community)
    office.put(_path(building), json=STARS)
    with world.reading() as connection:
        row = connection.execute(sa.select(AuditEvent.__table__).where(AuditEvent.action == "inspection:write")).one()
    assert (row.actor_id, row.actor_role, row.place_id) == (office.person_id, Role.COMMUNITY, building.id)
    assert row.detail == {"month": 202610, "stars": [4, 5, 3, 4], "photos": 0, "version": 1}
