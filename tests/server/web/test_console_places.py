"""地点 and 楼道码 at the console: walking the tree, registering, importing, codes and posters."""

import io

import pytest
import sqlalchemy as sa

from models import Place, StairwellCode
from models.enums import Role
from tests.server.places.printed import Printed
from tests.server.web.desk import Desk, Page
from tests.world import Spot, World


@pytest.fixture
def community(world: World) -> Spot:
    return world.community("幸福社区")


@pytest.fixture
def clerk(world: World, community: Spot) -> Desk:
    return Desk(world.staff(Role.COMMUNITY, community))


def upload(page: Page, ending: str, content: str, button: str, **typed: str) -> Page:
    """Send a table with one of the two buttons."""
    form = page.form(ending)
    data = {**dict(form.fields), **typed, button: "1", "file": (io.BytesIO(content.encode()), "地点.csv")}
    response = page.desk.client.post(form.action, data=data)
    if response.status_code == 303:
        return page.desk.open(response.headers["Location"])
    return Page(page.desk, response)


def test_a_clerk_starts_at_the_own_community_and_walks_down(world: World, community: Spot, clerk: Desk) -> None:
    grid = world.grid(community)
    for number in (10, 2, 1):
        world.building(grid, f"{number}栋")
    page = clerk.open("/console/places")
    assert "幸福社区" in page.text
    page = clerk.open(f"/console/places/{grid.public_id}")
    assert page.text.index("1栋") < page.text.index("2栋") < page.text.index("10栋")
    assert f"/console/places/{community.public_id}" in page.links
    assert f"/console/places/{world.street().public_id}" not in page.links


def test_searching_by_name_and_code(world: World, community: Spot, clerk: Desk) -> None:
    building = world.building(community, "锦绣3栋")
    assert "锦绣3栋" in clerk.open("/console/places?q=锦绣").text
    assert "锦绣3栋" in clerk.open(f"/console/places?q={building.code}").text
    assert "没有找到" in clerk.open("/console/places?q=不存在").text


def test_registering_a_building_gives_it_a_code(world: World, community: Spot, clerk: Desk) -> None:
    page = clerk.open(f"/console/places/{community.public_id}/new")
    assert page.form("/new").options["kind"] == ["", "grid", "estate", "building"]
    page = page.submit("/new", kind="building", name="12栋", code="XF-12")
    assert "已登记" in page.text
    code = next(link for link in page.links if link.endswith("/code"))
    shown = clerk.open(code)
    assert "/q/" in shown.html
    picture = clerk.client.get(f"{code}.svg")
    assert picture.mimetype == "image/svg+xml"
    assert b"<svg" in picture.data


def test_a_name_that_is_taken_keeps_what_was_typed(world: World, community: Spot, clerk: Desk) -> None:
    world.building(community, "12栋")
    page = clerk.open(f"/console/places/{community.public_id}/new")
    page = page.submit("/new", kind="building", name="12栋", code="XF-12")
    assert page.status == 409
    assert "已经有这个名称" in page.text
    assert page.value("/new", "name") == "12栋"
    assert page.value("/new", "code") == "XF-12"


def test_renaming_and_closing_see_the_version_they_were_made_from(community: Spot, world: World, clerk: Desk) -> None:
    building = world.building(community, "旧名")
    address = f"/console/places/{building.public_id}"
    stale = clerk.open(address)
    page = clerk.open(address).submit("/name", name="新名")
    assert "已保存" in page.text
    assert "新名" in page.text
    late = stale.submit("/name", name="更新的名")
    assert late.status == 412
    assert "刚被别人改过" in late.text
    page = clerk.open(address).submit("/close")
    assert "已停用" in page.text
    assert "已停用" not in page.submit("/open").text


def test_a_code_is_replaced_and_revoked(community: Spot, world: World, clerk: Desk) -> None:
    building = world.building(community)
    address = f"/console/places/{building.public_id}/code"
    old = clerk.open(address)
    idle = old.submit("/rotate")
    assert idle.status == 422
    assert "请选择为什么要换码" in idle.text
    assert "closed" not in old.form("/rotate").options["why"]
    new = old.submit("/rotate", why="defaced", note="二楼的被画了")
    assert "已换发新码" in new.text
    assert old.html.split("/q/")[1][:10] != new.html.split("/q/")[1][:10]
    assert "海报被涂改：二楼的被画了" in new.text
    assert "社区居委会" in new.text
    assert clerk.open(address).submit("/revoke").status == 422
    gone = new.submit("/revoke", why="abused")
    assert "没有在用的楼道码" in gone.text
    assert "被人冒用" in gone.text
    assert clerk.client.get(f"{address}.svg").status_code == 404
    assert "发码" in gone.text
    assert "/q/" in gone.submit("/rotate").html
    with world.reading() as c:
        assert c.execute(sa.select(sa.func.count()).select_from(StairwellCode)).scalar() == 3


def test_a_grid_worker_prints_but_does_not_replace(community: Spot, world: World) -> None:
    grid = world.grid(community)
    building = world.building(grid, "3栋")
    worker = Desk(world.staff(Role.GRID, grid))
    page = worker.open(f"/console/places/{building.public_id}/code")
    assert not page.has_form("/rotate")
    links = [link for link in page.links if "posters.pdf" in link]
    assert [link.split("size=")[1] for link in links] == ["a4", "a6", "label"]
    for link in links:
        sheet = worker.client.get(link)
        assert sheet.mimetype == "application/pdf"
        assert sheet.headers["Content-Disposition"].startswith("inline; ")
        assert set(Printed(sheet.data).read()) == {f"http://louzhang.test/q/{building.stairwell_code}"}


def test_posters_of_a_whole_community_name_the_buildings_without_a_code(
    community: Spot, world: World, clerk: Desk
) -> None:
    grid = world.grid(community)
    buildings = [world.building(grid, f"{number}栋") for number in (1, 2, 3)]
    with world.writing() as c:
        dark = sa.update(StairwellCode).where(StairwellCode.building_id == buildings[1].id)
        c.execute(dark.values(revoked_at=world.clock.now()))
    page = clerk.open(f"/console/places/{community.public_id}")
    address = next(link for link in page.links if link.endswith("/posters"))
    page = clerk.open(address)
    assert "共 2 栋楼" in page.text
    assert "2栋" in page.text.split("没有码、印不出来的楼")[1]
    sheet = clerk.client.get(next(link for link in page.links if link.endswith("size=a6")))
    assert len(Printed(sheet.data).read()) == 2
    stranger = Desk(world.staff(Role.COMMUNITY, world.community()))
    assert stranger.open(address, 404)
    assert stranger.open(f"{address}.pdf", 404)
    officer = Desk(world.staff(Role.STREET, world.street()))
    assert address not in officer.open(f"/console/places/{community.public_id}").links
    empty = world.community()
    page = Desk(world.staff(Role.COMMUNITY, empty)).open(f"/console/places/{empty.public_id}/posters")
    assert "这里没有在用的楼道码" in page.text


TABLE = "编码,名称,类别,上级\nXF-G9,第九网格,网格,{code}\nXF-901,九号楼,楼栋,XF-G9\n"


@pytest.fixture
def officer(world: World) -> Desk:
    return Desk(world.staff(Role.STREET, world.street()))


def test_a_table_is_looked_at_first_and_loaded_when_it_comes_again(
    community: Spot, world: World, officer: Desk
) -> None:
    table = TABLE.format(code=community.code)
    page = officer.open("/console/places/import")
    assert not any(name == "checked" for name, _ in page.form("/import").fields)
    page = upload(page, "/import", table, "check")
    assert "可以导入" in page.text
    assert "网格 1 个" in page.text
    with world.reading() as c:
        assert c.execute(sa.select(Place.id).where(Place.code == "XF-901")).scalar() is None
    page = upload(page, "/import", table, "load")
    assert "已导入" in page.text
    with world.reading() as c:
        assert c.execute(sa.select(Place.id).where(Place.code == "XF-901")).scalar() is not None


def test_another_file_than_the_one_looked_at_is_not_loaded(community: Spot, world: World, officer: Desk) -> None:
    table = TABLE.format(code=community.code)
    page = upload(officer.open("/console/places/import"), "/import", table, "check")
    page = upload(page, "/import", table.replace("九号楼", "十号楼"), "load")
    assert "不是同一个" in page.text
    with world.reading() as c:
        assert c.execute(sa.select(Place.id).where(Place.code == "XF-901")).scalar() is None


def test_faults_are_listed_with_line_and_column(community: Spot, world: World, officer: Desk) -> None:
    table = TABLE.format(code=community.code) + "XF-902,,楼栋,XF-G9\nXF-903,三号楼,城堡,XF-G9\n"
    page = upload(officer.open("/console/places/import"), "/import", table, "check")
    assert "有 2 处要改" in page.text
    assert "名称 没有填写" in page.text
    assert "不认识这个类别" in page.text
    assert "load" not in {name for name, _ in page.form("/import").fields}


def test_what_is_no_table_is_told(officer: Desk) -> None:
    for content, said in (("", "没有内容"), ("<html>", "不是表格"), ("甲\n1\n", "没有“编码”")):
        page = upload(officer.open("/console/places/import"), "/import", content, "check")
        assert page.status == 422, content
        assert said in page.text, content


def test_a_form_without_a_file_says_so(officer: Desk) -> None:
    page = officer.open("/console/places/import").submit("/import")
    assert page.status == 422
    assert "请选择要导入的表格文件" in page.text


def test_a_community_does_not_import_places(clerk: Desk) -> None:
    assert clerk.open("/console/places/import", 403)
