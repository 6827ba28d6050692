"""The register as Excel: masked, for the community alone, noted in the trail."""

import io

from models.enums import Role
from server.core import sheets
from tests.server.households.registry import URL, person, register, trail
from tests.world import World


def test_the_community_exports_its_register_masked(world: World) -> None:
    community = world.community()
    grid = world.grid(community)
    one, two = world.building(grid, "1栋"), world.building(grid, "2栋")
    register(world.head(one), one, "301", person("张小明", is_contact=True, relation="self"), person("=1+1我", None))
    register(world.head(two), two, "102", unit="", tenancy="vacant")
    elsewhere = world.building()
    register(world.head(elsewhere), elsewhere, "999", person("外人"))
    clerk = world.staff(Role.COMMUNITY, community)
    answer = clerk.get(f"{URL}/export", query_string={"place": community.public_id})
    assert answer.status_code == 200
    assert answer.content_type == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = [list(row.cells.values()) for row in sheets.read(io.BytesIO(answer.data), "a.xlsx")]
    assert rows == [
        [one.code, "1栋", "1", "301", "自住", "张**", "138******78", "本人", "是"],
        [one.code, "1栋", "1", "301", "自住", "=****", "", "其他", ""],
        [two.code, "2栋", "", "102", "空置", "", "", "", ""],
    ]
    (event,) = trail(world, f"place:{community.public_id}")
    assert (event.action, event.actor_role) == ("household:export", "community")
    assert event.detail == {"households": 2, "residents": 2}
    for spot, doors in ((two, 1), (grid, 3)):
        part = clerk.get(f"{URL}/export", query_string={"place": spot.public_id})
        assert len(sheets.read(io.BytesIO(part.data), "a.xlsx")) == doors


def test_nobody_else_exports(world: World) -> None:
    community = world.community()
    grid = world.grid(community)
    building = world.building(grid)
    for caller, expected in (
        (world.head(building), 403),
        (world.staff(Role.GRID, grid), 403),
        (world.staff(Role.STREET, world.street()), 403),
        (world.staff(Role.COMMUNITY, world.community()), 404),
        (world.anyone(), 401),
    ):
        answer = caller.get(f"{URL}/export", query_string={"place": building.public_id})
        assert answer.status_code == expected
    assert trail(world, f"place:{building.public_id}") == []


def test_what_was_exported_is_not_imported_back_as_names(world: World) -> None:
    community = world.community()
    building = world.building(world.grid(community))
    register(world.head(building), building, "301", person())
    clerk = world.staff(Role.COMMUNITY, community)
    data = clerk.get(f"{URL}/export", query_string={"place": community.public_id}).data
    form = {"file": (io.BytesIO(data), "a.xlsx"), "dry_run": "false"}
    answer = clerk.post(f"{URL}/import", data=form, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert {error["field"] for error in answer.json["errors"]} == {"rows.2.姓名", "rows.2.电话"}
