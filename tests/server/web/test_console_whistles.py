"""Whistles at the console: the district registers, the community calls, a department answers at its desk, all by forms."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from models.enums import Role
from tests.server.issues.test_life import reported
from tests.server.issues.whistles import called, departments
from tests.server.web.desk import Desk
from tests.world import Spot, World

HOUSING, WATER = "住建局", "水务局"


@pytest.fixture
def building(world: World) -> Spot:
    return world.building(world.grid(world.community("幸福社区")), "3栋")


def pick(desk: Desk, page: Any, ending: str, **typed: Any) -> Any:
    """A form with several boxes ticked, which `Page.submit` cannot say."""
    form = page.form(ending)
    return desk.send(form.action, {**dict(form.fields), **typed})


def test_from_registering_a_department_to_rating_it(world: World, building: Spot) -> None:
    district = Desk(world.staff(Role.DISTRICT, world.district()))
    page = district.open("/console/departments").submit("/departments", name=HOUSING, duty="房屋漏水、电梯")
    assert "部门已登记" in page.text
    assert HOUSING in page.text
    twice = page.submit("/departments", name=HOUSING, duty="")
    assert (twice.status, "已经登记过这个部门" in twice.text) == (409, True)
    page.submit("/departments", name=WATER)

    # An account for somebody of the department, made where the district makes posts.
    form = district.open(f"/console/posts/appoint/{world.district().public_id}")
    assert HOUSING in form.html
    unnamed = form.submit(f"/appoint/{world.district().public_id}", role="department", username="zhujian", name="王五")
    assert (unnamed.status, "请选择是哪个部门" in unnamed.text) == (422, True)
    ids = departments(district.caller)
    made = form.submit(
        f"/appoint/{world.district().public_id}",
        role="department", username="zhujian", name="王五", department=ids[HOUSING],
    )  # fmt: skip
    assert f"王五已任{world.district().name}{HOUSING}" in made.text

    clerk = Desk(world.staff(Role.COMMUNITY, world.place_of(building, "community_id")))
    housing = Desk(world.person((Role.DEPARTMENT, world.district()), department=HOUSING))
    issue, claim = reported(world, building)
    page = clerk.open(f"/console/issues/{issue}")
    nobody = page.submit("/whistle", text="主管漏水")
    assert (nobody.status, "请选择 1 到 8 个部门" in nobody.text, "主管漏水" in nobody.html) == (422, True, True)
    page = pick(clerk, page, "/whistle", departments=[ids[HOUSING], ids[WATER]], text="主管漏水", short="true")
    assert "已吹哨" in page.text
    assert page.text.count("待签收") == 2
    assert not page.has_form("/sign_in"), "the caller signs nothing in"

    home = housing.open("/console")
    assert "1 件等本部门办理的吹哨" in home.text
    assert "等我这一级受理" not in home.text
    desk = housing.open("/console/whistles")
    assert (HOUSING in desk.text, WATER in desk.text) == (True, False)
    page = housing.open(f"/console/issues/{issue}").submit("/sign_in", text="下午到")
    assert "已签收。" in page.text
    page = page.submit("/contact")
    missing = page.submit("/report_back", text="换了主管", done_on="2099-01-01")
    assert (missing.status, "今天以后" in missing.text) == (409, True)
    page = page.submit("/report_back", text="换了主管", done_on="2026-10-12")
    assert "已反馈" in page.text

    page = clerk.open(f"/console/issues/{issue}")
    assert "10月12日：换了主管" in page.text
    page = page.submit("/urge")
    assert "已催办" in page.text
    page = page.submit("/call_off", text="已经修好")
    assert "已撤销这次吹哨" in page.text
    form = page.form("/rate_department")
    page = clerk.send(form.action, {**dict(form.fields), "rating": "unsatisfied", "text": ""})
    assert (page.status, "不满意的，请写明" in page.text) == (409, True)
    page = clerk.send(
        form.action, {**dict(form.fields), "once": "another-key-of-this-form", "rating": "satisfied", "text": ""}
    )
    assert "评价已记下" in page.text

    report = clerk.open("/console/whistles/report/2026-10")
    assert HOUSING in report.text
    assert "1 / 1" in report.text
    assert "部门办得快慢不影响楼栋和楼栋长的得分" in report.text
    assert clerk.client.get("/console/whistles/report/2026-10.xlsx").status_code == 200
    assert clerk.client.get("/console/whistles/report").status_code == 303

    seen = world.anyone().get(f"/r/{claim}").get_data(as_text=True)
    assert HOUSING in seen


def test_late_departments_stand_on_the_callers_first_page(world: World, building: Spot) -> None:
    caller = world.staff(Role.COMMUNITY, world.place_of(building, "community_id"))
    housing = Desk(world.person((Role.DEPARTMENT, world.district()), department=HOUSING))
    clerk, district = Desk(caller), Desk(world.staff(Role.DISTRICT, world.district()))
    issue, _ = reported(world, building)
    called(caller, issue, HOUSING)
    assert "超期没有反馈" not in clerk.open("/console").text
    world.clock.advance(timedelta(days=10))
    for desk in (clerk, district):
        assert "1 件部门超期没有反馈" in desk.open("/console").text
        assert "已超期" in desk.open("/console/whistles?state=overdue").text
    assert "1 件超期没有反馈" in housing.open("/console").text
    refused = district.open("/console/departments").submit("/close")
    assert (refused.status, "还有1件吹哨没有反馈" in refused.text) == (409, True)


def test_a_post_that_names_no_department_is_told_why_it_sees_nothing(world: World) -> None:
    caller = world.staff(Role.DEPARTMENT, world.district())
    with world.writing() as connection:
        connection.execute(sa.text("UPDATE appointments SET department_id = NULL"))
    assert "没有写明是哪个部门" in Desk(caller).open("/console").text


def test_who_does_not_call_finds_no_form_for_it(world: World, building: Spot) -> None:
    issue, _ = reported(world, building)
    for role, spot in ((Role.HEAD, building), (Role.GRID, world.place_of(building, "grid_id"))):
        page = Desk(world.person((role, spot))).open(f"/console/issues/{issue}")
        assert not page.has_form("/whistle"), role
    assert Desk(world.head(building)).open("/console/whistles", 403)
