"""Stairwell codes: who sees them, what a scan finds, and how an old poster goes dark."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from models import AuditEvent, StairwellCode
from models.enums import PlaceKind, Role
from server.places import queries
from server.places.queries import BuildingView, Revoked
from tests.queries import count_queries, plan
from tests.world import World


def test_a_neighbours_code_is_not_found(world: World) -> None:
    mine, other = world.building(), world.building()
    head = world.head(mine)
    assert head.get(f"/api/v1/places/{mine.public_id}/code").status_code == 200
    for what in ("code", "code.svg"):
        assert head.get(f"/api/v1/places/{other.public_id}/{what}").status_code == 404
    neighbour = world.staff(Role.COMMUNITY, world.community())
    assert neighbour.post(f"/api/v1/places/{mine.public_id}/code/rotations").status_code == 404
    assert neighbour.delete(f"/api/v1/places/{mine.public_id}/code").status_code == 404


def test_the_head_sees_the_code_and_only_the_community_changes_it(world: World) -> None:
    community = world.community()
    building = world.building(community)
    head, street = world.head(building), world.staff(Role.STREET, world.street())
    shown = head.get(f"/api/v1/places/{building.public_id}/code").json
    assert shown["code"] == building.stairwell_code
    assert shown["url"] == f"http://louzhang.test/q/{building.stairwell_code}"
    assert head.post(f"/api/v1/places/{building.public_id}/code/rotations").status_code == 403
    assert head.delete(f"/api/v1/places/{building.public_id}/code").status_code == 403
    assert street.get(f"/api/v1/places/{building.public_id}/code").status_code == 403
    staff = world.staff(Role.COMMUNITY, community)
    assert staff.get(f"/api/v1/places/{community.public_id}/code").status_code == 404, "only buildings have codes"


def test_the_picture_is_a_qr_code_of_the_address(world: World) -> None:
    building = world.building()
    answer = world.head(building).get(f"/api/v1/places/{building.public_id}/code.svg")
    assert answer.content_type == "image/svg+xml"
    assert answer.data.startswith(b"<?xml")
    assert b"<svg" in answer.data
    with world.reading():
        assert answer.data == queries.qr_svg(f"http://louzhang.test/q/{building.stairwell_code}")
        assert answer.data != queries.qr_svg(f"http://louzhang.test/q/{building.stairwell_code}x")


def test_rotating_darkens_the_old_code_and_keeps_its_history(world: World) -> None:
    community = world.community()
    building = world.building(community)
    staff = world.staff(Role.COMMUNITY, community)
    world.clock.advance(timedelta(hours=1))
    made = staff.post(f"/api/v1/places/{building.public_id}/code/rotations")
    assert made.status_code == 201, made.json
    assert re.fullmatch("[0-9a-hjkmnp-tv-z]{10}", made.json["code"])
    with world.reading() as connection:
        assert queries.building_by_code(building.stairwell_code) == Revoked(world.clock.now())
        found = queries.building_by_code(made.json["code"])
        assert isinstance(found, BuildingView)
        assert found.building_id == building.id
        history = connection.execute(
            sa.select(StairwellCode.revoked_by_id, StairwellCode.created_by_id).order_by(StairwellCode.id)
        ).all()
        assert [tuple(row) for row in history] == [(staff.person_id, None), (None, staff.person_id)]
        assert connection.execute(sa.select(AuditEvent.action)).scalars().all() == ["code:rotate"]


def test_revoking_without_a_new_code(world: World) -> None:
    community = world.community()
    building = world.building(community)
    staff = world.staff(Role.COMMUNITY, community)
    path = f"/api/v1/places/{building.public_id}/code"
    assert staff.delete(path).status_code == 204
    assert staff.get(path).json["code"] == "no_code"
    assert staff.get(f"{path}.svg").json["code"] == "no_code"
    assert staff.delete(path).json["code"] == "no_code"
    assert staff.post(f"{path}/rotations").status_code == 201
    assert staff.get(path).status_code == 200


def test_a_closed_building_gets_no_new_code_and_its_old_one_says_so(world: World) -> None:
    community = world.community()
    building = world.building(community)
    staff = world.staff(Role.COMMUNITY, community)
    closed = staff.patch(f"/api/v1/places/{building.public_id}", json={"closed": True}, headers={"If-Match": '"1"'})
    assert closed.status_code == 200
    assert staff.post(f"/api/v1/places/{building.public_id}/code/rotations").json["code"] == "place_closed"
    with world.reading():
        found = queries.building_by_code(building.stairwell_code)
        assert isinstance(found, BuildingView)
        assert found.closed_at == world.clock.now()


def test_what_a_scan_finds(world: World) -> None:
    community = world.community("幸福社区")
    grid = world.grid(community)
    estate = world.place(PlaceKind.ESTATE, grid, "阳光小区")
    building = world.building(estate, "3栋")
    bare = world.building(community, "老楼")
    with count_queries(world.app) as sent, world.reading():
        found = queries.building_by_code(building.stairwell_code)
    assert len(sent) == 1
    assert found == BuildingView(
        building.id, building.public_id, grid.id, community.id, "3栋", "阳光小区", "幸福社区", None
    )
    assert found.full_name == "幸福社区 阳光小区 3栋"
    with world.reading() as connection:
        again = queries.building_by_code(bare.stairwell_code)
        assert isinstance(again, BuildingView)
        assert (again.grid_id, again.full_name) == (None, "幸福社区 老楼")
        told = plan(connection, sa.select(StairwellCode.id).where(StairwellCode.code == "x"))
        assert "uq_stairwell_codes_code" in told or "autoindex_stairwell_codes" in told, told


def test_a_code_typed_by_hand_is_understood(world: World) -> None:
    building = world.building()
    with world.writing() as connection:
        connection.execute(sa.update(StairwellCode).values(code="ab01cd234h"))
    with world.reading():
        for typed in ("ab01cd234h", "AB01CD234H", " aboIcd234h ", "abolcd234h"):
            found = queries.building_by_code(typed)
            assert isinstance(found, BuildingView), typed
            assert found.building_id == building.id


@pytest.mark.parametrize(
    "code", ["", "x", "nosuchcode", "a" * 17, "ab/../cd", "码码码码码码", "a\x00bcdefgh", "%' OR 1=1"]
)
def test_what_is_no_code_is_nothing(world: World, code: str) -> None:
    with world.reading():
        assert queries.building_by_code(code) is None
