"""户 at the console: masked lists, search, registering, correcting, moving out, opening a field, tables in and out."""

import pytest
import sqlalchemy as sa

from models import AuditEvent, Resident
from models.enums import Role
from tests.server.web.desk import Desk, Page
from tests.server.web.test_console_places import upload
from tests.world import Spot, World


@pytest.fixture
def building(world: World) -> Spot:
    return world.building(world.grid(world.community("幸福社区")), "3栋")


@pytest.fixture
def head(world: World, building: Spot) -> Desk:
    return Desk(world.head(building))


def registered(head: Desk) -> Page:
    """A household with 张小明 and 李雷 in 1单元 301, registered by forms."""
    page = head.open("/console/households/new")
    page = page.submit("/new", building=building_of(head), unit="1", door="301", tenancy="owner")
    page = page.submit("/residents", name="张小明", phone="138 1234 5678", relation="self", is_contact="true")
    return page.submit("/residents", name="李雷", relation="child")


def building_of(head: Desk) -> str:
    return head.open("/console/households/new").form("/new").options["building"][1]


def test_a_household_is_registered_by_forms_and_shown_masked(head: Desk) -> None:
    page = registered(head)
    assert "张**" in page.text
    assert "138******78" in page.text
    assert "联系人" in page.text
    for address in ("/console/households", "/console/households?q=301", "/console/households?q=zxm"):
        listed = head.open(address)
        assert "张**" in listed.text, address
        assert "张小明" not in listed.html
        assert "13812345678" not in listed.html


def test_search_marks_whom_it_found(head: Desk) -> None:
    registered(head)
    page = head.open("/console/households?q=ll")
    assert 'class="person found">李*' in page.html
    assert 'class="person">张**' in page.html
    assert "没有找到" in head.open("/console/households?q=王五").text


def test_a_wrong_phone_is_told_and_the_name_is_kept(head: Desk) -> None:
    page = registered(head).submit("/residents", name="王五", phone="12345")
    assert page.status == 422
    assert "电话应为 11 位手机号" in page.text
    assert page.value("/residents", "name") == "王五"


def test_correcting_leaves_empty_inputs_alone(head: Desk, world: World) -> None:
    page = registered(head)
    contact = page.html.split('id="r-')[1][:16]
    page = page.submit(f"{contact}/correct", relation="other")
    assert "已保存" in page.text
    assert "张**" in page.text
    assert "138******78" in page.text
    page = page.submit(f"{contact}/correct", name="张大明", no_phone="true")
    assert "138" not in page.text
    page = page.submit(f"{contact}/reveal", field="name", reason="核对登记")
    assert "张大明" in page.text


def test_a_correction_of_an_old_page_is_refused(head: Desk) -> None:
    stale = registered(head)
    address = stale.form("/residents").action.removesuffix("/residents")
    fresh = head.open(address).submit(f"{address}/correct", door="302", tenancy="rented", unit="")
    assert "3栋 302" in fresh.text
    late = stale.submit(f"{address}/correct", door="303")
    assert late.status == 412
    assert late.value(f"{address}/correct", "door") == "303"
    assert "3栋 302" in late.text


def test_opening_a_field_takes_a_reason_and_leaves_a_trace(head: Desk, world: World) -> None:
    page = registered(head)
    contact = page.html.split('id="r-')[1][:16]
    refused = page.submit(f"{contact}/reveal", field="phone", reason="")
    assert refused.status == 422
    assert "13812345678" not in refused.html
    numbered = page.submit(f"{contact}/reveal", field="phone", reason="给 13900000000 回电话")
    assert "请不要写号码" in numbered.text
    opened = page.submit(f"{contact}/reveal", field="phone", reason="通知停水")
    assert "13812345678" in opened.text
    assert "13812345678" not in head.open("/console/households").html
    with world.reading() as c:
        details = c.execute(sa.select(AuditEvent.detail).where(AuditEvent.action == "household:reveal")).scalars().all()
    assert details == [{"field": "phone", "reason": "通知停水"}]


def test_moving_out_one_and_all(head: Desk, world: World) -> None:
    page = registered(head)
    address = page.form("/residents").action.removesuffix("/residents")
    child = page.html.split('id="r-')[2][:16]
    page = page.submit(f"{child}/move-out")
    assert "李*" not in page.text
    page = page.submit("/residents", name="韩梅梅").submit(f"{address}/move-out")
    assert "空置" in page.text
    assert "还没有登记住的人" in page.text
    with world.reading() as c:
        assert c.execute(sa.select(sa.func.count()).where(Resident.moved_out_at.is_(None))).scalar() == 0


def test_a_community_chooses_the_building_and_exports(world: World, building: Spot, head: Desk) -> None:
    registered(head)
    clerk = Desk(world.staff(Role.COMMUNITY, _community_of(world, building)))
    world.building(_community_of(world, building), "4栋")
    page = clerk.open("/console/households")
    assert "3栋" in page.text
    assert "4栋" in page.text
    assert "张**" not in page.text
    export = next(link for link in page.links if "/export" in link)
    answer = clerk.client.get(export)
    assert answer.mimetype.endswith("sheet")
    assert "%E4%BD%8F%E6%88%B7" in answer.headers["Content-Disposition"]
    with world.reading() as c:
        assert c.execute(sa.select(AuditEvent.id).where(AuditEvent.action == "household:export")).scalar() is not None


def _community_of(world: World, building: Spot) -> Spot:
    with world.reading() as c:
        from models import Place

        row = c.execute(sa.select(Place.__table__).where(Place.id == building.row.community_id)).one()
    return Spot(row.id, row.public_id, row.kind, row.name, row.code, row)


def test_a_table_of_households_is_looked_at_and_loaded(head: Desk, world: World) -> None:
    table = "单元,房号,姓名,电话,关系,身份证号\n1,101,王秀英,13812345678,户主,1\n1,102,赵刚,,,2\n"
    page = upload(head.open("/console/households/import"), "/import", table, "check")
    assert "新登记 2 户、2 人" in page.text
    assert "这些列没有读：身份证号" in page.text
    page = upload(page, "/import", table, "load")
    assert "已导入" in page.text
    assert "王**" in head.open("/console/households").text
    bad = upload(head.open("/console/households/import"), "/import", "房号,姓名,电话\n101,王五,110\n", "check")
    assert "有 1 处要改" in bad.text
