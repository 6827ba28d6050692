"""Whose households they are: a head's own building, grid and community theirs, nobody farther away any."""

from typing import Any

import pytest

from models.enums import Role
from tests.server.households.registry import URL, match, person, register
from tests.world import Caller, World


def calls(caller: Caller, household: Any) -> dict[str, int]:
    """Every way to reach a household, and how it was answered."""
    one, resident = household["id"], household["residents"][0]["id"]
    edit = {"headers": match(household)}
    return {
        "read": caller.get(f"{URL}/{one}").status_code,
        "correct": caller.patch(f"{URL}/{one}", json={"door": "302"}, **edit).status_code,
        "add": caller.post(f"{URL}/{one}/residents", json=person("李四")).status_code,
        "correct resident": caller.patch(f"/api/v1/residents/{resident}", json={"name": "李四"}, **edit).status_code,
        "move out": caller.post(f"/api/v1/residents/{resident}/move-out").status_code,
        "move out all": caller.post(f"{URL}/{one}/move-out").status_code,
        "reveal": caller.post(
            f"/api/v1/residents/{resident}/reveal", json={"field": "phone", "reason": "上门核对"}
        ).status_code,
    }


def test_the_head_next_door_finds_nothing(world: World) -> None:
    grid = world.grid()
    mine, next_door = world.building(grid), world.building(grid)
    household = register(world.head(mine), mine, "301", person())
    neighbour = world.head(next_door)
    assert set(calls(neighbour, household).values()) == {404}
    assert neighbour.get(URL).json["items"] == []
    assert neighbour.get(URL, query_string={"building": mine.public_id}).status_code == 404
    assert neighbour.get(URL, query_string={"q": "张小明"}).json["items"] == []
    body = {"building": mine.public_id, "door": "9", "tenancy": "owner"}
    assert neighbour.post(URL, json=body).status_code == 404


@pytest.mark.parametrize("role", [Role.STREET, Role.DISTRICT, Role.DEPARTMENT, Role.OPERATOR])
def test_nobody_far_away_sees_a_household(world: World, role: Role) -> None:
    building = world.building()
    household = register(world.head(building), building, "301", person())
    spot = world.street() if role is Role.STREET else world.district()
    staff = world.staff(role, spot)
    assert set(calls(staff, household).values()) == {403}
    assert staff.get(URL).status_code == 403
    assert staff.get(f"{URL}/export", query_string={"place": building.public_id}).status_code == 403


def test_residents_and_strangers_see_none(world: World) -> None:
    building = world.building()
    household = register(world.head(building), building, "301", person())
    assert set(calls(world.resident(), household).values()) == {403}
    assert set(calls(world.anyone(), household).values()) == {401}


def test_grid_and_community_see_theirs_and_not_the_next(world: World) -> None:
    community = world.community()
    grid, next_grid = world.grid(community), world.grid(community)
    building, next_building = world.building(grid), world.building(next_grid)
    here = register(world.head(building), building, "301", person())
    there = register(world.head(next_building), next_building, "301", person())
    member = world.staff(Role.GRID, grid)
    assert [item["id"] for item in member.get(URL).json["items"]] == [here["id"]]
    assert member.get(f"{URL}/{there['id']}").status_code == 404
    office = world.staff(Role.COMMUNITY, community)
    assert [item["id"] for item in office.get(URL).json["items"]] == [here["id"], there["id"]]
    in_one = office.get(URL, query_string={"building": next_building.public_id}).json["items"]
    assert [item["id"] for item in in_one] == [there["id"]]
    assert world.staff(Role.COMMUNITY, world.community()).get(URL).json["items"] == []


def test_an_ended_appointment_is_dark_at_once(world: World) -> None:
    import sqlalchemy as sa

    from models import Appointment

    building = world.building()
    head = world.head(building)
    household = register(head, building, "301", person())
    with world.writing() as connection:
        connection.execute(sa.update(Appointment).values(ends_at=world.clock.now()))
    assert head.get(f"{URL}/{household['id']}").status_code == 403
