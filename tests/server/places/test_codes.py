"""Stairwell codes: who sees them, what a scan finds, and how an old poster goes dark."""

import re
from datetime import UTC, timedelta

import pytest
import sqlalchemy as sa

from models import AuditEvent, Place, StairwellCode
from models.enums import CodeEnd, PlaceKind, Role
from server.places import queries
from server.places.queries import BuildingView, Revoked
from tests.queries import count_queries, plan
from tests.world import World

TORN = {"why": "torn"}


def test_a_neighbours_code_is_not_found(world: World) -> None:
    mine, other = world.building(), world.building()
    head = world.head(mine)
    assert head.get(f"/api/v1/places/{mine.public_id}/code").status_code == 200
    for what in ("code", "code.svg"):
        assert head.get(f"/api/v1/places/{other.public_id}/{what}").status_code == 404
        assert head.get(f"/api/v1/places/{mine.public_id}/codes").status_code == 200
    assert head.get(f"/api/v1/places/{other.public_id}/codes").status_code == 404
    neighbour = world.staff(Role.COMMUNITY, world.community())
    path = f"/api/v1/places/{mine.public_id}/code"
    assert neighbour.post(f"{path}/rotations", json=TORN).status_code == 404
    assert neighbour.post(f"{path}/revocations", json=TORN).status_code == 404
    assert neighbour.delete(f"{path}?why=torn").status_code == 404
    assert neighbour.get(f"{path}s").status_code == 404


def test_the_head_sees_the_code_and_only_the_community_changes_it(world: World) -> None:
    community = world.community()
    building = world.building(community)
    head, street = world.head(building), world.staff(Role.STREET, world.street())
    shown = head.get(f"/api/v1/places/{building.public_id}/code").json
    assert shown["code"] == building.stairwell_code
    assert shown["url"] == f"http://louzhang.test/q/{building.stairwell_code}"
    assert head.post(f"/api/v1/places/{building.public_id}/code/rotations", json=TORN).status_code == 403
    assert head.post(f"/api/v1/places/{building.public_id}/code/revocations", json=TORN).status_code == 403
    assert head.delete(f"/api/v1/places/{building.public_id}/code?why=torn").status_code == 403
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
    made = staff.post(f"/api/v1/places/{building.public_id}/code/rotations", json=TORN)
    assert made.status_code == 201, made.json
    assert re.fullmatch("[0-9a-hjkmnp-tv-z]{10}", made.json["code"])
    with world.reading() as connection:
        assert queries.building_by_code(building.stairwell_code) == Revoked(world.clock.now(), CodeEnd.TORN)
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
    assert staff.delete(f"{path}?why=abused").status_code == 204
    assert staff.get(path).json["code"] == "no_code"
    assert staff.get(f"{path}.svg").json["code"] == "no_code"
    assert staff.delete(f"{path}?why=abused").json["code"] == "no_code"
    assert staff.post(f"{path}/rotations").status_code == 201, "a first code needs no reason"
    assert staff.get(path).status_code == 200
    assert staff.post(f"{path}/revocations", json={"why": "other", "note": "楼道翻新"}).status_code == 204
    assert staff.post(f"{path}/revocations", json=TORN).json["code"] == "no_code"


def test_a_working_code_is_not_darkened_without_a_reason(world: World) -> None:
    community = world.community()
    building = world.building(community)
    staff = world.staff(Role.COMMUNITY, community)
    path = f"/api/v1/places/{building.public_id}/code"
    for answer in (
        staff.post(f"{path}/rotations"),
        staff.post(f"{path}/rotations", json={}),
        staff.post(f"{path}/rotations", json={"why": "bored"}),
        staff.post(f"{path}/rotations", json={"why": "closed"}),
        staff.post(f"{path}/revocations", json={"note": "x"}),
        staff.post(f"{path}/revocations", json={"why": "other", "note": "x" * 81}),
        staff.delete(path),
    ):
        assert answer.status_code == 422, answer.json
    assert staff.get(path).json["code"] == building.stairwell_code
    with world.reading() as connection:
        assert connection.execute(sa.select(AuditEvent.action)).scalars().all() == []


def test_the_history_tells_when_and_why_and_in_which_role_but_nobodys_name(world: World) -> None:
    community = world.community()
    building = world.building(community)
    staff, head = world.staff(Role.COMMUNITY, community), world.head(building)
    path = f"/api/v1/places/{building.public_id}/code"
    world.clock.advance(timedelta(hours=1))
    first_end = world.clock.now()
    second = staff.post(f"{path}/rotations", json={"why": "defaced", "note": "三楼的海报被画了"}).json["code"]
    world.clock.advance(timedelta(hours=1))
    third = staff.post(f"{path}/rotations", json=TORN).json["code"]
    told = staff.get(f"{path}s")
    assert [(one["code"], one["why"], one["revoked_role"], one["created_role"]) for one in told.json["items"]] == [
        (third, None, None, "community"),
        (second, "torn", "community", "community"),
        (building.stairwell_code, "defaced", "community", None),
    ]
    oldest = told.json["items"][-1]
    assert oldest["revoked_at"] == told.json["items"][1]["created_at"]
    assert oldest["revoked_at"].startswith(first_end.astimezone(UTC).strftime("%Y-%m-%dT%H:%M"))
    assert oldest["note"] == "三楼的海报被画了"
    seen = head.get(f"{path}s")
    assert [one["note"] for one in seen.json["items"]] == [None] * 3, "the office's note is the office's"
    assert seen.json["items"][-1]["why"] == "defaced"
    assert "工作人员" not in told.text
    assert staff.public_id not in told.text
    page = staff.get(f"{path}s?limit=2").json
    assert len(page["items"]) == 2
    rest = staff.get(f"{path}s?limit=2&cursor={page['next_cursor']}").json
    assert [one["code"] for one in rest["items"]] == [building.stairwell_code]
    assert rest["next_cursor"] is None


def test_a_closed_building_gets_no_new_code_and_its_old_one_says_so(world: World) -> None:
    community = world.community()
    building = world.building(community)
    staff = world.staff(Role.COMMUNITY, community)
    closed = staff.patch(f"/api/v1/places/{building.public_id}", json={"closed": True}, headers={"If-Match": '"1"'})
    assert closed.status_code == 200
    assert staff.post(f"/api/v1/places/{building.public_id}/code/rotations").json["code"] == "place_closed"
    with world.reading():
        assert queries.building_by_code(building.stairwell_code) == Revoked(world.clock.now(), CodeEnd.CLOSED)
    scan = world.anyone().get(f"/api/v1/codes/{building.stairwell_code}")
    assert (scan.status_code, scan.json["code"]) == (410, "building_closed")
    opened = staff.patch(f"/api/v1/places/{building.public_id}", json={"closed": False}, headers={"If-Match": '"2"'})
    assert opened.status_code == 200
    new = staff.get(f"/api/v1/places/{building.public_id}/code").json["code"]
    assert new != building.stairwell_code, "what hangs in an empty house stays dark"
    assert world.anyone().get(f"/api/v1/codes/{building.stairwell_code}").status_code == 410
    history = staff.get(f"/api/v1/places/{building.public_id}/codes").json["items"]
    assert [one["why"] for one in history] == [None, "closed"]


def test_a_code_that_was_live_when_its_building_closed_gives_way_when_it_opens(world: World) -> None:
    """Before reasons were kept, closing a building left its code alone."""
    community = world.community()
    building = world.building(community)
    with world.writing() as connection:
        connection.execute(sa.update(Place).where(Place.id == building.id).values(closed_at=world.clock.now()))
    staff = world.staff(Role.COMMUNITY, community)
    assert world.anyone().get(f"/api/v1/codes/{building.stairwell_code}").json["code"] == "building_closed"
    opened = staff.patch(f"/api/v1/places/{building.public_id}", json={"closed": False}, headers={"If-Match": '"1"'})
    assert opened.status_code == 200
    assert staff.get(f"/api/v1/places/{building.public_id}/code").json["code"] != building.stairwell_code


def test_whoever_scans_learns_where_they_stand_and_nothing_else(world: World) -> None:
    community = world.community("幸福社区")
    estate = world.place(PlaceKind.ESTATE, community, "阳光小区")
    building = world.building(estate, "3栋")
    world.head(building)
    with count_queries(world.app) as sent:
        told = world.anyone().get(f"/api/v1/codes/{building.stairwell_code.upper()}")
    assert len(sent) == 1
    assert told.json == {
        "code": building.stairwell_code,
        "name": "幸福社区 阳光小区 3栋",
        "building": "3栋",
        "estate": "阳光小区",
        "community": "幸福社区",
    }
    for unknown in ("zzzzzzzzzz", "x", "码码码码码码"):
        assert world.anyone().get(f"/api/v1/codes/{unknown}").json["code"] == "unknown_code"


def test_an_old_poster_is_no_key_to_the_new_one(world: World) -> None:
    community = world.community("幸福社区")
    building = world.building(community, "3栋")
    new = (
        world.staff(Role.COMMUNITY, community)
        .post(f"/api/v1/places/{building.public_id}/code/rotations", json=TORN)
        .json["code"]
    )
    for path in (f"/api/v1/codes/{building.stairwell_code}", f"/q/{building.stairwell_code}"):
        answer = world.anyone().get(path)
        assert answer.status_code == 410
        assert "已经停用" in answer.text
        assert "新贴的码" in answer.text
        assert "联系社区" in answer.text
        for secret in (new, "3栋", "幸福社区", building.public_id, "torn", "海报被撕"):
            assert secret not in answer.text, secret


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
        for typed in (
            "ab01cd234h",
            "AB01CD234H",
            " aboIcd234h ",
            "abolcd234h",
            "ab01c d234h",
            "ab01c-d234h",
            "ａｂ０１ｃｄ２３４ｈ",
        ):
            found = queries.building_by_code(typed)
            assert isinstance(found, BuildingView), typed
            assert found.building_id == building.id


@pytest.mark.parametrize(
    "code", ["", "x", "nosuchcode", "a" * 17, "ab/../cd", "码码码码码码", "a\x00bcdefgh", "%' OR 1=1"]
)
def test_what_is_no_code_is_nothing(world: World, code: str) -> None:
    with world.reading():
        assert queries.building_by_code(code) is None
