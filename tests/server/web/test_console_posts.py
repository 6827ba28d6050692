"""任职 at the console: who holds what, inviting a head, appointing with a first password, ending with a reason."""

import re

import pytest

from models.enums import Role
from tests.server.web.desk import Desk
from tests.world import Caller, Spot, World


@pytest.fixture
def community(world: World) -> Spot:
    return world.community("幸福社区")


@pytest.fixture
def building(world: World, community: Spot) -> Spot:
    return world.building(world.grid(community), "3栋")


@pytest.fixture
def clerk(world: World, community: Spot) -> Desk:
    return Desk(world.staff(Role.COMMUNITY, community))


def test_a_building_without_a_head_is_named_and_its_head_is_invited(world: World, building: Spot, clerk: Desk) -> None:
    page = clerk.open("/console/posts")
    assert "还没有楼栋长的楼栋（1）" in page.text
    assert "1 栋楼没有楼栋长" in clerk.open("/console").text
    form = clerk.open(f"/console/posts/invite?building={building.public_id}")
    assert form.value("/invite", "place") == building.public_id
    page = form.submit("/invite", name="王秀英", term_ends_on="2027-10-31")
    code = re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}", page.text)
    assert code is not None
    assert code[0] not in clerk.open("/console/posts/invitations").html
    resident = world.resident()
    taken = resident.post("/api/v1/invitations/acceptances", json={"code": code[0]})
    assert taken.status_code == 201
    page = clerk.open("/console/posts")
    assert "王秀英" in page.text
    assert "2027年10月31日" in page.text
    assert "还没有楼栋长" not in page.text


def test_an_invitation_is_taken_back(building: Spot, clerk: Desk) -> None:
    clerk.open("/console/posts/invite").submit("/invite", place=building.public_id, name="王秀英")
    page = clerk.open("/console/posts/invitations").submit("/revoke")
    assert "邀请已撤回" in page.text
    assert "没有待接受的邀请" in page.text
    assert "已撤回" in clerk.open("/console/posts/invitations?all=1").text


def test_a_term_that_is_too_short_keeps_what_was_typed(building: Spot, clerk: Desk) -> None:
    page = clerk.open("/console/posts/invite").submit(
        "/invite", place=building.public_id, name="王秀英", term_ends_on="2026-10-13"
    )
    assert page.status == 422
    assert "要晚于邀请的有效期" in page.text
    assert page.value("/invite", "name") == "王秀英"
    assert page.value("/invite", "term_ends_on") == "2026-10-13"
    broken = page.submit("/invite", term_ends_on="明天")
    assert "日期格式" in broken.text


def test_ending_takes_a_reason_and_is_dark_at_once(world: World, building: Spot, clerk: Desk) -> None:
    head = Desk(world.person((Role.HEAD, building), name="王秀英"))
    page = clerk.open("/console/posts?role=head")
    refused = page.submit("/end", reason="")
    assert refused.status == 422
    assert "必须填写" in refused.text
    assert head.open("/console/issues").status == 200
    page = page.submit("/end", reason="任期届满")
    assert "任职已结束" in page.text
    assert head.open("/console/issues", 403)
    assert "任期届满" in clerk.open("/console/posts?state=ended").text


def test_a_clerk_does_not_end_a_colleague(world: World, community: Spot, clerk: Desk) -> None:
    colleague = world.staff(Role.COMMUNITY, community)
    assert not clerk.open("/console/posts").has_form("/end")
    officer = Desk(world.staff(Role.STREET, world.street()))
    assert officer.open("/console/posts?role=community").has_form("/end")
    assert colleague


def test_a_grid_worker_gets_an_account_a_post_and_a_first_password(world: World, community: Spot, clerk: Desk) -> None:
    grid = world.grid(community)
    page = clerk.open(f"/console/posts/appoint/{grid.public_id}")
    unknown = page.submit(f"appoint/{grid.public_id}", username="zhao.qiang")
    assert unknown.status == 422
    assert "还没有这个用户名" in unknown.text
    made = page.submit(f"appoint/{grid.public_id}", username="zhao.qiang", name="赵强")
    assert "赵强已任" in made.text
    password = re.search(r'class="huge">([^<]+)<', made.html)
    assert password is not None
    visitor = Desk(Caller(world.app, None))
    home = visitor.open("/console/sign-in").submit("/sign-in", username="zhao.qiang", password=password[1])
    assert "网格员" in home.text
    change = visitor.open("/console/password")
    wrong = change.submit("/password", old="x", new="a long new password", again="a long new password")
    assert "原密码不对" in wrong.text
    differing = change.submit("/password", old=password[1], new="a long new password", again="another password")
    assert "两次输入的新密码不一样" in differing.text
    done = change.submit("/password", old=password[1], new="a long new password", again="a long new password")
    assert "密码已改" in done.text
    assert visitor.client.get("/console").status_code == 303
    again = visitor.open("/console/sign-in").submit("/sign-in", username="zhao.qiang", password="a long new password")
    assert "赵强" in again.text


def test_an_account_that_is_there_is_appointed_without_a_new_password(
    world: World, community: Spot, clerk: Desk
) -> None:
    grids = [world.grid(community), world.grid(community)]
    for grid in grids:
        page = clerk.open(f"/console/posts/appoint/{grid.public_id}")
        page = page.submit(f"appoint/{grid.public_id}", username="zhao.qiang", name="赵强")
    assert "初始密码" not in page.text
    twice = clerk.open(f"/console/posts/appoint/{grids[0].public_id}")
    twice = twice.submit(f"appoint/{grids[0].public_id}", username="zhao.qiang")
    assert twice.status == 409
    assert twice.value(f"appoint/{grids[0].public_id}", "username") == "zhao.qiang"


def test_nobody_is_appointed_from_the_side(world: World, community: Spot, building: Spot, clerk: Desk) -> None:
    assert "这里的任职由别的单位办理" in clerk.open(f"/console/posts/appoint/{community.public_id}").text
    page = clerk.open(f"/console/posts/appoint/{building.public_id}")
    assert page.form(building.public_id).options["role"] == ["head"]
    answer = clerk.client.post(
        f"/console/posts/appoint/{community.public_id}",
        data={
            "form_token": page.value(building.public_id, "form_token"),
            "role": "community",
            "username": "sneaky",
            "name": "王五",
        },
    )
    assert answer.status_code == 403
