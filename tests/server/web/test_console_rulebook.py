"""The rule book at the console, without script: reading, changing a topic and the settings, versions, trying, taking down."""

import pytest
import sqlalchemy as sa

from models import Issue
from models.enums import Role
from tests.server.web.desk import Desk
from tests.server.web.stairwell import Stairwell, words
from tests.world import Spot, World


@pytest.fixture
def community(world: World) -> Spot:
    return world.community("幸福里社区")


@pytest.fixture
def building(world: World, community: Spot) -> Spot:
    return world.building(world.grid(community), "3号楼")


@pytest.fixture
def clerk(world: World, community: Spot) -> Desk:
    return Desk(world.staff(Role.COMMUNITY, community))


def test_a_topic_is_changed_and_the_versions_tell_what(
    world: World, community: Spot, building: Spot, clerk: Desk
) -> None:
    page = clerk.open("/console/rulebook")
    assert "用的是系统自带的规则" in page.text
    form = clerk.open(f"/console/rulebook/{community.public_id}/topics/light_stairs")
    behind = clerk.open(f"/console/rulebook/{community.public_id}/topics/light_yard")
    refused = form.submit("/topics/light_stairs", name="楼道的灯", note="")
    assert "请写一句改了什么" in refused.text
    assert refused.value("/topics/light_stairs", "name") == "楼道的灯"
    refused = form.submit("/topics/light_stairs", words="灯", **{"q2.text": "哪边？", "q2.options": "东"}, note="试试")
    assert "“灯”只有一个字" in refused.text
    assert "选项应有2到8个" in refused.text
    done = form.submit(
        "/topics/light_stairs",
        name="楼道的灯",
        first="grid",
        note="灯归网格管",
        **{"ordinary.report": "3", "ordinary.report.unit": "workdays"},
    )
    assert "新的一版规则已经生效" in done.text
    assert "第 1 版" in done.text
    late = behind.submit("/topics/light_yard", name="别的", note="没看到第一版")
    assert "刚被别人改过" in late.text
    told = clerk.open(f"/console/rulebook/{community.public_id}/versions/1").text
    for line in (
        "灯归网格管",
        "社区居委会",
        "小类“楼道的灯”的名称：楼道灯 → 楼道的灯",
        "先由谁办：楼栋长 → 网格",
        "没有 → 3个工作日",
    ):
        assert line in told
    assert "灯归网格管" in clerk.open(f"/console/rulebook/{community.public_id}/versions").text
    assert "楼道的灯" in words(Stairwell(world, building).scan())
    # The head reads it and cannot change it.
    head = Desk(world.head(building))
    assert "楼道的灯" in head.open("/console/rulebook").text
    shown = head.open(f"/console/rulebook/{building.public_id}/topics/light_stairs")
    assert "这里只能看" in shown.text


def test_a_new_topic_and_the_settings(community: Spot, clerk: Desk) -> None:
    place = community.public_id
    new = clerk.open(f"/console/rulebook/{place}/topics/new?category=lift")
    made = new.submit("/topics/new", name="按钮坏了", words="按钮+坏 按键", note="电梯按钮常坏")
    assert "按钮坏了" in made.text
    assert clerk.open(f"/console/rulebook/{place}/topics/own_1").value("/topics/own_1", "category") == "lift"
    assert clerk.open(f"/console/rulebook/{place}/topics/own_2", 404)
    settings = clerk.open(f"/console/rulebook/{place}/settings")
    refused = settings.submit("/settings", opens="18:00", follow_up_days="x", note="改时间")
    assert "下班要晚于上班" in refused.text
    done = settings.submit(
        "/settings",
        **{
            "k.pets.off": "true",
            "c.head.ordinary.sign_in": "4",
            "e.gas.number": "0571 96000",
            "note": "宠物不收，燃气有专线",
        },
    )
    assert "新的一版规则已经生效" in done.text
    told = clerk.open(f"/console/rulebook/{place}/versions/2").text
    for line in (
        "类别“宠物”的启用：是 → 否",
        "楼栋长的时限（一般，签收）：8个工作小时 → 4个工作小时",
        "119 → 0571 96000",
    ):
        assert line in told
    assert clerk.open(f"/console/rulebook/{place}/versions/3", 404)


def test_trying_shows_route_and_why(world: World, building: Spot, clerk: Desk) -> None:
    form = clerk.open("/console/rulebook/try")
    tried = form.submit("/try", building=building.public_id, text="地下室起火了")
    assert "先打119" in tried.text
    assert "三事分流建议" in tried.text
    tried = form.submit("/try", building=building.public_id, text="私自搭建阳光房")
    assert "社区先办 · 大事" in tried.text
    street = Desk(world.staff(Role.STREET, world.street()))
    shown = street.open(f"/console/rulebook/try?building={building.public_id}")
    assert shown.value("/try", "building") == building.public_id
    with world.reading() as c:
        assert c.execute(sa.select(sa.func.count()).select_from(Issue)).scalar() == 0


def test_taking_down_a_report_with_its_topic_and_answers(world: World, building: Spot, clerk: Desk) -> None:
    form = clerk.open(f"/console/issues/new?building={building.public_id}")
    done = form.submit("/issues/new", topic="lift_trapped", text="三个人在里面", **{"a-lift_trapped-1": "是"})
    assert "请居民先打" in done.text
    issue = clerk.open("/console/issues")
    assert "有人被困" in issue.text
    with world.reading() as c:
        row = c.execute(sa.select(Issue.__table__)).one()
    assert (row.category, row.topic, row.answers) == ("lift", "lift_trapped", [["现在有人困在里面吗？", "是"]])
    shown = clerk.open(f"/console/issues/{row.public_id}").text
    assert "现在有人困在里面吗？" in shown
    assert "加急" in shown
    assert "请" in form.submit("/issues/new", text="没选类别").text


def test_a_reporter_chooses_a_topic_without_script(world: World, building: Spot) -> None:
    stairs = Stairwell(world, building)
    stairs.send(category="power", topic="power_out", text="", **{"a-power_out-1": "一个单元"})
    page = words(stairs.follow())
    for said in ("停电用电 · 停电 · 加急", "影响多少人家？ 一个单元"):
        assert said in page
    # A topic left ticked under a category that is no longer chosen counts for nothing.
    stairs.send(category="lift", topic="power_out", text="轿厢灯闪")
    assert "电梯 ·" not in words(stairs.follow())
    # What burns answers a number first, with everything still in its place; the second time it is filed.
    alarm = stairs.post(category="power", topic="power_out", text="配电箱着火了", **{"a-power_out-2": "刚停"})
    assert alarm.status_code == 422
    assert 'href="tel:119">马上打 119' in alarm.text
    for kept in ("配电箱着火了</textarea>", 'value="power_out" checked', "<option selected>刚停"):
        assert kept in alarm.text
    assert 'name="called" value="true"' in alarm.text
    with world.reading() as c:
        assert c.execute(sa.select(sa.func.count()).select_from(Issue)).scalar() == 2
    stairs.send(category="power", topic="power_out", text="配电箱着火了", called="true")
