"""Handing over, pauses, more time and urging by the console's forms, and the reporter's 催一催."""

import pytest

from models.enums import Role
from tests.server.web.desk import Desk
from tests.server.web.stairwell import Stairwell, words
from tests.server.web.test_console_issues import Street
from tests.world import World


@pytest.fixture
def street(world: World) -> Street:
    return Street(world)


def test_only_what_is_possible_is_offered(street: Street) -> None:
    page = street.head.open(f"/console/issues/{street.report()}")
    for form in ("/sign_in", "/contacted", "/triage", "/suspend", "/ask_extension"):
        assert page.has_form(form), form
    for form in ("/resume", "/grant_extension", "/follow_up", "/assign", "/push_back", "/urge"):
        assert not page.has_form(form), form
    page = page.submit("/sign_in")
    assert "已签收" in page.text
    assert not page.has_form("/sign_in")


def test_the_three_kinds_of_matter_and_following_up(street: Street) -> None:
    issue = street.report()
    page = street.head.open(f"/console/issues/{issue}").submit("/triage", triage="private", text="是自家的门")
    assert "私事" in page.text
    assert not page.has_form("/resolve")
    assert "私事要先联系上报人或者跟进一次" in page.text
    page = page.submit("/follow_up", text="邻居来帮忙了", follow_up_at="2026-10-11")
    assert (page.status, page.value("/follow_up", "text")) == (409, "邻居来帮忙了")
    page = page.submit("/follow_up", text="邻居来帮忙了", follow_up_at="2026-10-15")
    assert "下次跟进" in page.text
    assert page.has_form("/resolve")


def test_a_pause_with_a_date_and_back(street: Street) -> None:
    issue = street.report()
    page = street.head.open(f"/console/issues/{issue}").submit("/suspend", text="等厂家发货", until="明天")
    assert page.status == 422
    page = page.submit("/suspend", text="等厂家发货", until="2026-10-20")
    assert "到 2026年10月20日 为止：等厂家发货" in page.text
    page = page.submit("/resume")
    assert "为止：等厂家发货" not in page.text
    assert "暂缓过 1 次" in page.text


def test_more_time_handing_down_and_sending_back(street: Street) -> None:
    issue = street.report()
    page = street.head.open(f"/console/issues/{issue}").submit("/ask_extension", text="等备件", workdays="3")
    assert "延期申请已交上级决定" in page.text
    page = street.worker.open(f"/console/issues/{issue}")
    assert "申请延期 3 个工作日" in page.text
    page = page.submit("/grant_extension")
    assert "已延期 1 次" in page.text
    street.head.open(f"/console/issues/{issue}").submit("/pass_up", text="要动主管道")
    page = street.worker.open(f"/console/issues/{issue}").submit("/push_back", text="先请物业看")
    assert "已退回下级" in page.text
    page = page.submit("/urge")
    assert "已催办" in page.text
    street.head.open(f"/console/issues/{issue}").submit("/pass_up", text="还是不行")
    page = street.worker.open(f"/console/issues/{issue}").submit("/assign", to_level="head", text="请今天去看")
    assert "已交办" in page.text


def test_a_colleague_is_chosen_by_name(street: Street, world: World) -> None:
    colleague = world.staff(Role.GRID, world.place_of(street.building, "grid_id"))
    issue = street.report()
    street.head.open(f"/console/issues/{issue}").submit("/pass_up", text="要动主管道")
    page = street.worker.open(f"/console/issues/{issue}")
    assert colleague.public_id in page.form("/hand_over").options["assignee"]
    page = page.submit("/hand_over", assignee=colleague.public_id)
    assert "已交给一位同事" in page.text
    neighbour = Desk(world.staff(Role.COMMUNITY, world.community()))
    assert neighbour.open(f"/console/issues/{issue}", 404)


def test_the_reporter_urges_once_a_day(world: World) -> None:
    building = world.building()
    head = world.head(building)
    stairs = Stairwell(world, building)
    stairs.send(category="lift", text="电梯停在四楼")
    assert "催一催" in words(stairs.follow())
    assert stairs.say("urge", text="老人下不了楼").status_code == 303
    page = words(stairs.follow())
    assert "已催办1次" in page
    assert "催一催" not in page
    (item,) = head.get("/api/v1/issues").json["items"]
    assert head.get(f"/api/v1/issues/{item['id']}").json["hands"]["urged"] == 1
