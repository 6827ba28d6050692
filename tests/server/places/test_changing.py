"""Registering, renaming, closing and opening a place."""

from typing import Any

import pytest
import sqlalchemy as sa

from models import AuditEvent, Place, StairwellCode
from models.enums import PlaceKind, Role
from tests.world import Caller, Spot, World


def body(parent: Spot, **changes: Any) -> dict[str, Any]:
    return {"parent": parent.public_id, "kind": "building", "code": "X-1", "name": "新楼", **changes}


def test_outside_my_places_nothing_can_be_registered(world: World) -> None:
    staff = world.staff(Role.COMMUNITY, world.community())
    assert staff.post("/api/v1/places", json=body(world.community())).status_code == 404
    assert staff.post("/api/v1/places", json=body(world.street())).status_code == 404
    community = world.community()
    building = world.building(community)
    assert world.head(building).post("/api/v1/places", json=body(building)).status_code == 403
    assert world.staff(Role.GRID, world.grid()).post("/api/v1/places", json=body(community)).status_code == 403


def test_a_new_building_knows_its_ancestors_and_has_a_code(world: World) -> None:
    community = world.community()
    grid = world.grid(community)
    made = world.staff(Role.COMMUNITY, community).post("/api/v1/places", json=body(grid, name=" 新  楼 "))
    assert made.status_code == 201, made.json
    assert made.json["name"] == "新 楼"
    assert made.headers["ETag"] == '"1"'
    with world.reading() as connection:
        row = connection.execute(sa.select(Place.__table__).where(Place.code == "X-1")).one()
        assert (row.district_id, row.street_id, row.community_id, row.grid_id, row.estate_id) == (
            world.district().id,
            world.street().id,
            community.id,
            grid.id,
            None,
        )
        code = connection.execute(sa.select(StairwellCode.code).where(StairwellCode.building_id == row.id)).scalar_one()
        assert len(code) == 10
        (event,) = connection.execute(sa.select(AuditEvent.action, AuditEvent.detail, AuditEvent.place_id)).all()
        assert tuple(event) == ("place:change", {"what": "create"}, row.id)


@pytest.mark.parametrize("kind", [PlaceKind.COMMUNITY, PlaceKind.GRID, PlaceKind.ESTATE])
def test_a_new_place_is_its_own_ancestor_at_its_own_level(world: World, kind: PlaceKind) -> None:
    parent = world.street() if kind is PlaceKind.COMMUNITY else world.community()
    staff = world.staff(Role.STREET, world.street())
    made = staff.post("/api/v1/places", json=body(parent, kind=kind.value))
    assert made.status_code == 201, made.json
    with world.reading() as connection:
        row = connection.execute(sa.select(Place.__table__).where(Place.code == "X-1")).one()
        assert row._mapping[Place.ANCESTOR[kind]] == row.id
    child = staff.post(
        "/api/v1/places", json={"parent": made.json["id"], "kind": "building", "code": "X-2", "name": "楼"}
    )
    assert child.status_code == 201, child.json


def test_the_same_post_twice_makes_one_place(world: World) -> None:
    community = world.community()
    staff = world.staff(Role.COMMUNITY, community)
    headers = {"Idempotency-Key": "0123456789abcdef"}
    answers = [staff.post("/api/v1/places", json=body(community), headers=headers) for _ in range(2)]
    assert [a.status_code for a in answers] == [201, 201]
    assert answers[0].json["id"] == answers[1].json["id"]


def test_what_cannot_be_registered(world: World) -> None:
    community = world.community()
    building = world.building(community, "1栋")
    elsewhere = world.building()
    staff = world.staff(Role.COMMUNITY, community)

    def answer(parent: Spot = community, **changes: Any) -> tuple[int, str]:
        told = staff.post("/api/v1/places", json=body(parent, **changes))
        return told.status_code, told.json["code"]

    assert answer(code=building.code) == (409, "code_taken")
    assert answer(code=elsewhere.code) == (409, "code_taken")
    assert answer(name="1栋") == (409, "name_taken")
    assert answer(kind="street") == (422, "invalid")
    assert answer(kind="district") == (422, "invalid")
    assert answer(building) == (422, "invalid")
    assert answer(name="") == (422, "invalid")
    assert answer(name="长" * 81) == (422, "invalid")
    assert answer(code="c" * 33) == (422, "invalid")
    assert answer(name="a\u0000b") == (422, "invalid")
    assert answer(colour="red") == (422, "invalid")
    assert answer(name="长" * 80, code="c" * 32) == (201, "c" * 32)  # a place's own code


# ---- changing


def change(caller: Caller, place: Spot, version: int | None = 1, **changes: Any) -> tuple[int, str]:
    headers = {} if version is None else {"If-Match": f'"{version}"'}
    answer = caller.patch(f"/api/v1/places/{place.public_id}", json=changes, headers=headers)
    return answer.status_code, answer.json["code"]


def test_a_neighbours_place_cannot_be_changed(world: World) -> None:
    community = world.community()
    building = world.building(community)
    assert change(world.staff(Role.COMMUNITY, world.community()), building, name="新名")[0] == 404
    assert change(world.head(building), building, name="新名")[0] == 403


def test_renaming_takes_the_version_that_was_seen(world: World) -> None:
    community = world.community()
    building, other = world.building(community, "1栋"), world.building(community, "2栋")
    staff = world.staff(Role.COMMUNITY, community)
    assert change(staff, building, None, name="一栋")[0] == 428
    assert change(staff, building, 2, name="一栋")[0] == 412
    answer = staff.patch(f"/api/v1/places/{building.public_id}", json={"name": "一栋"}, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json["name"], answer.headers["ETag"]) == (200, "一栋", '"2"')
    assert change(staff, building, 1, name="壹栋")[0] == 412
    assert change(staff, other, name="一栋") == (409, "name_taken")
    assert change(staff, other, name="2栋")[0] == 200
    assert staff.get(f"/api/v1/places/{other.public_id}").json["version"] == 1, "nothing changed"
    assert change(staff, other) == (422, "invalid")
    assert change(staff, other, closed="yes") == (422, "invalid")
    assert change(staff, other, code="new") == (422, "invalid")


def test_closing_from_the_leaves_and_opening_from_the_root(world: World) -> None:
    community = world.community()
    grid = world.grid(community)
    building = world.building(grid)
    staff = world.staff(Role.COMMUNITY, community)
    assert change(staff, grid, closed=True) == (409, "has_open_places")
    assert change(staff, building, closed=True)[0] == 200
    closed_at = staff.get(f"/api/v1/places/{building.public_id}").json["closed_at"]
    assert closed_at.startswith("2026-10-12T01:00:00")
    assert change(staff, grid, closed=True)[0] == 200
    assert change(staff, building, 2, closed=False) == (409, "place_closed")
    assert staff.post("/api/v1/places", json=body(grid)).json["code"] == "place_closed"
    assert change(staff, grid, 2, closed=False)[0] == 200
    assert change(staff, building, 2, closed=False)[0] == 200
    assert staff.get(f"/api/v1/places/{building.public_id}").json["closed_at"] is None
    with world.reading() as connection:
        told = connection.execute(sa.select(AuditEvent.detail).order_by(AuditEvent.id)).scalars().all()
    assert [detail["what"] for detail in told] == ["close", "close", "open", "open"]
