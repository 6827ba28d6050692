"""The inspection sheet: every row for itself, and nobody's typing lost."""

import io
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from PIL import Image

from models import Inspection
from models.enums import Role
from tests.server.web.desk import Desk, Page
from tests.world import Spot, World

SHEET = "/console/inspections/2026-10"
ASPECTS = ("stairwell", "safety", "care", "neighbours")


@pytest.fixture
def community(world: World) -> Spot:
    return world.community("幸福社区")


@pytest.fixture
def buildings(world: World, community: Spot) -> list[Spot]:
    grid = world.grid(community)
    return [world.building(grid, f"{number}栋") for number in (10, 1, 2)]


@pytest.fixture
def clerk(world: World, community: Spot, buildings: list[Spot]) -> Desk:
    return Desk(world.staff(Role.COMMUNITY, community))


def row(building: Spot, stars: str, note: str = "") -> dict[str, str]:
    """What is typed into a building's row; "5454" are its four aspects."""
    typed = {f"{building.public_id}.{aspect}": star for aspect, star in zip(ASPECTS, stars, strict=False)}
    return {**typed, f"{building.public_id}.note": note}


def kept(world: World) -> dict[str, tuple[int, ...]]:
    with world.reading() as c:
        rows = c.execute(sa.select(Inspection.__table__)).all()
    return {str(each.building_id): (each.stairwell, each.safety, each.care, each.neighbours) for each in rows}


def typed_in(page: Page, building: Spot) -> list[str]:
    return [page.value("2026-10", f"{building.public_id}.{aspect}") for aspect in ASPECTS]


def test_all_buildings_stand_on_one_sheet_in_the_order_of_the_street(clerk: Desk, buildings: list[Spot]) -> None:
    page = clerk.open(SHEET)
    assert page.text.index("1栋") < page.text.index("2栋") < page.text.index("10栋")
    assert "已填 0 / 3 栋" in page.text
    assert "3 栋楼本月还没检查" in clerk.open("/console").text


def test_filled_rows_are_saved_and_empty_ones_left(clerk: Desk, world: World, buildings: list[Spot]) -> None:
    ten, one, two = buildings
    page = clerk.open(SHEET).submit("2026-10", **row(one, "5432", "三楼堆了纸箱"), **row(ten, "1111"))
    assert "检查表已保存" in page.text
    assert "已填 2 / 3 栋" in page.text
    assert kept(world) == {str(one.id): (5, 4, 3, 2), str(ten.id): (1, 1, 1, 1)}
    assert "三楼堆了纸箱" in page.html
    assert "没填的" in page.text
    missing = clerk.open(f"{SHEET}?missing=1")
    assert "2栋" in missing.text
    assert "10栋" not in missing.text
    assert two.name == "2栋"


def test_a_wrong_row_is_shown_again_and_the_others_are_saved(clerk: Desk, world: World, buildings: list[Spot]) -> None:
    ten, one, two = buildings
    typed = {**row(one, "5555"), **row(two, "56", "只看了两项"), **row(ten, "9999")}
    page = clerk.open(SHEET).submit("2026-10", **typed)
    assert page.status == 200
    assert "已保存 1 栋；有 2 栋没有保存" in page.text
    assert page.text.count("四项都要填 1 到 5 的整数") == 2
    assert kept(world) == {str(one.id): (5, 5, 5, 5)}
    assert typed_in(page, two) == ["5", "6", "", ""]
    assert page.value("2026-10", f"{two.public_id}.note") == "只看了两项"
    assert typed_in(page, ten) == ["9", "9", "9", "9"]
    page = page.submit("2026-10", **row(two, "5454", "看完了"), **row(ten, "3333"))
    assert "检查表已保存" in page.text
    assert len(kept(world)) == 3


def test_only_wrong_rows_save_nothing(clerk: Desk, world: World, buildings: list[Spot]) -> None:
    page = clerk.open(SHEET).submit("2026-10", **row(buildings[0], "6666"))
    assert page.status == 422
    assert kept(world) == {}


def test_a_row_changed_by_a_colleague_is_not_overwritten(
    clerk: Desk, world: World, community: Spot, buildings: list[Spot]
) -> None:
    ten, one, _ = buildings
    colleague = Desk(world.staff(Role.COMMUNITY, community))
    mine = clerk.open(SHEET)
    colleague.open(SHEET).submit("2026-10", **row(one, "5555"))
    page = mine.submit("2026-10", **row(one, "1111"), **row(ten, "4444"))
    assert "有 1 栋没有保存" in page.text
    assert kept(world) == {str(one.id): (5, 5, 5, 5), str(ten.id): (4, 4, 4, 4)}
    assert typed_in(page, one) == ["1", "1", "1", "1"]


def test_a_script_saves_one_row_and_is_told_its_version(clerk: Desk, world: World, buildings: list[Spot]) -> None:
    page = clerk.open(SHEET)
    token = page.value("2026-10", "form_token")
    one = buildings[1]

    def send(stars: str, version: str) -> Any:
        data = {"form_token": token, **row(one, stars), f"{one.public_id}.version": version}
        return clerk.client.post(SHEET, data=data, headers={"Accept": "application/json"}).get_json()

    assert send("5555", "") == [{"building": one.public_id, "version": 1, "error": ""}]
    assert send("4444", "1") == [{"building": one.public_id, "version": 2, "error": ""}]
    (stale,) = send("3333", "1")
    assert "刚被别人改过" in stale["error"]
    (wrong,) = send("7777", "2")
    assert wrong["error"] == "四项都要填 1 到 5 的整数。"
    assert kept(world) == {str(one.id): (4, 4, 4, 4)}


def test_rows_of_a_neighbour_are_not_taken(clerk: Desk, world: World, buildings: list[Spot]) -> None:
    neighbour = world.building()
    token = clerk.open(SHEET).value("2026-10", "form_token")
    clerk.client.post(SHEET, data={"form_token": token, **row(neighbour, "1111"), **row(buildings[0], "5555")})
    assert list(kept(world)) == [str(buildings[0].id)]


def test_one_building_with_a_note_and_photos(clerk: Desk, world: World, buildings: list[Spot]) -> None:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), "green").save(out, "JPEG")
    address = f"{SHEET}/{buildings[0].public_id}"
    page = clerk.open(address)
    refused = page.submit(buildings[0].public_id, stairwell="5", note="三楼堆物")
    assert refused.status == 422
    assert refused.value(buildings[0].public_id, "note") == "三楼堆物"
    typed = {"stairwell": "5", "safety": "4", "care": "5", "neighbours": "4", "note": "三楼堆物"}
    page = refused.submit(buildings[0].public_id, **typed, files={"photos": [out.getvalue()]})
    assert "检查表已保存" in page.text
    shown = clerk.open(address)
    assert shown.html.count("<img") == 1
    assert shown.value(buildings[0].public_id, "version") == "1"
    again = shown.submit(buildings[0].public_id, care="3")
    assert "检查表已保存" in again.text
    assert kept(world)[str(buildings[0].id)] == (5, 4, 3, 4)


def test_the_sheet_keeps_the_lines_of_a_note(clerk: Desk, world: World, buildings: list[Spot]) -> None:
    """The sheet's one-line input shows a note without its line breaks; saving the sheet does not take them away."""
    first = buildings[0]
    typed = dict(zip(ASPECTS, "4444", strict=True))
    clerk.open(f"{SHEET}/{first.public_id}").submit(first.public_id, **typed, note="三楼堆物\n已通知")
    clerk.open(SHEET).submit("2026-10", **row(first, "5555", "三楼堆物已通知"))
    assert kept(world)[str(first.id)] == (5, 5, 5, 5)
    with world.reading() as c:
        assert c.execute(sa.select(Inspection.note)).scalar_one() == "三楼堆物\n已通知"


def test_a_month_that_is_fixed_or_to_come_takes_nothing(clerk: Desk, world: World, buildings: list[Spot]) -> None:
    page = clerk.open("/console/inspections/2026-11").submit("2026-11", **row(buildings[0], "5555"))
    assert page.status == 422
    assert "还没有到" in page.text
    assert kept(world) == {}
    assert clerk.open("/console/inspections/2026-13", 404)


def test_a_street_reads_the_sheet_and_does_not_write(clerk: Desk, world: World, buildings: list[Spot]) -> None:
    clerk.open(SHEET).submit("2026-10", **row(buildings[0], "5432"))
    officer = Desk(world.staff(Role.STREET, world.street()))
    page = officer.open(SHEET)
    assert "幸福社区 10栋" in page.text
    assert "inputmode" not in page.html
    world.clock.advance(timedelta(days=1))
    assert officer.open(f"{SHEET}/{buildings[0].public_id}").status == 200


def test_a_sheet_of_130_buildings_stays_light(world: World, community: Spot, clerk: Desk) -> None:
    grid = world.grid(community)
    for number in range(130):
        world.building(grid, f"幸福里{number}号楼")
    answer = clerk.client.get(SHEET)
    assets = [clerk.client.get(f"/static/{name}").data for name in ("console.css", "console.js", "sheet.js")]
    assert len(answer.data) + sum(map(len, assets)) < 150 * 1024
