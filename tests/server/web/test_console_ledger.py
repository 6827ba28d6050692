"""导入台账 at the console: an office's own table, its columns named, looked at first, loaded once."""

import pytest
import sqlalchemy as sa

from models import Issue
from models.enums import Role
from tests.server.web.desk import Desk, Page
from tests.server.web.test_console_places import upload
from tests.world import Spot, World

TABLE = """编号,受理时间,楼栋,类别,内容,办结时间,结果
1,2026-09-01 08:00,3栋,漏水,三楼漏水,2026-09-02,满意
2,2026-09-03,3栋,停车,占道,,办理中
"""


@pytest.fixture
def community(world: World) -> Spot:
    community = world.community("幸福社区")
    world.building(community, "3栋")
    return community


@pytest.fixture
def clerk(world: World, community: Spot) -> Desk:
    return Desk(world.staff(Role.COMMUNITY, community))


def count(world: World) -> int:
    with world.reading() as c:
        return int(c.execute(sa.select(sa.func.count()).select_from(Issue)).scalar_one())


def form(clerk: Desk) -> Page:
    return clerk.open("/console/issues/import")


def test_a_ledger_is_looked_at_loaded_and_known_the_second_time(clerk: Desk, world: World) -> None:
    page = upload(form(clerk), "/import", TABLE, "check", source="旧台账")
    assert "台账“旧台账”共 2 行：可导入 2 件，已经在册 0 件" in page.text
    assert count(world) == 0
    page = upload(page, "/import", TABLE, "load")
    assert "已导入" in page.text
    assert "三楼漏水" in page.text
    assert count(world) == 2
    again = upload(form(clerk), "/import", TABLE, "check", source="旧台账")
    assert "可导入 0 件，已经在册 2 件" in again.text


def test_faults_are_listed_and_nothing_is_half_loaded(clerk: Desk, world: World) -> None:
    bad = TABLE + "3,前天,3栋,漏水,x,,\n4,2026-09-05,9栋,漏水,x,,\n"
    page = upload(form(clerk), "/import", bad, "check", source="旧台账")
    assert "有 2 处要改" in page.text
    assert "看不懂这个时间“前天”" in page.text
    assert "没有“9栋”这栋楼" in page.text
    assert page.value("/import", "source") == "旧台账"
    assert "load" not in page.form("/import").names
    forced = upload(page, "/import", bad, "load")
    assert "要改" in forced.text
    assert count(world) == 0


def test_unknown_buildings_are_made_when_asked_for(clerk: Desk, world: World) -> None:
    table = TABLE.replace("3栋", "9栋")
    page = upload(form(clerk), "/import", table, "check", create_buildings="true")
    assert "会新登记 1 栋楼：9栋" in page.text
    upload(page, "/import", table, "load", create_buildings="true")
    assert count(world) == 2


def test_columns_may_be_named_one_by_one_and_words_by_json(clerk: Desk, world: World) -> None:
    table = "工单,来件,地址栏,结论\n1,2026-09-01,3栋,搞定了\n"
    page = upload(form(clerk), "/import", table, "check")
    assert "找不到这一列" in page.text
    named = {"column_number": "工单", "column_time": "来件", "column_place": "地址栏", "column_outcome": "结论"}
    page = upload(page, "/import", table, "check", **named)
    assert "不认识“搞定了”" in page.text
    assert page.value("/import", "column_time") == "来件"
    words = '{"outcomes": {"搞定了": {"state": "confirmed", "solved": true}}}'
    page = upload(page, "/import", table, "check", **named, mapping=words)
    assert "可导入 1 件" in page.text
    for broken, said in (
        ("{", "不是 JSON"),
        ('{"x": 1}', "不认识“x”"),
        ('{"columns": 7}', "JSON 对象"),
        ("[]", "JSON 对象"),
    ):
        refused = upload(page, "/import", table, "check", **named, mapping=broken)
        assert refused.status == 422, broken
        assert said in refused.text, broken


def test_a_neighbours_community_takes_no_ledger_of_mine(clerk: Desk, world: World) -> None:
    page = form(clerk)
    other = world.community("别的社区")
    data = dict(page.form("/import").fields)
    answer = clerk.client.post("/console/issues/import", data={**data, "community": other.public_id})
    assert answer.status_code == 404
    assert other.public_id not in page.html


def test_a_head_does_not_import(world: World, community: Spot) -> None:
    assert Desk(world.head(world.building(community))).open("/console/issues/import", 403)


def test_a_community_that_cannot_be_one_is_not_there(clerk: Desk) -> None:
    assert upload(form(clerk), "/import", TABLE, "check", community="a\0b").status == 404


def test_a_neighbours_ledger_of_the_same_name_and_numbers_is_another(clerk: Desk, world: World) -> None:
    upload(upload(form(clerk), "/import", TABLE, "check", source="台账"), "/import", TABLE, "load")
    next_door = world.community("和平社区")
    world.building(next_door, "3栋")
    neighbour = Desk(world.staff(Role.COMMUNITY, next_door))
    page = upload(form(neighbour), "/import", TABLE, "check", source="台账")
    assert "可导入 2 件，已经在册 0 件" in page.text
    assert "三楼漏水" in upload(page, "/import", TABLE, "load").text
    assert count(world) == 4
    assert "已经在册 2 件" in upload(form(neighbour), "/import", TABLE, "check", source="台账").text
