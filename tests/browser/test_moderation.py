"""The review queue and the stairwell's list on a phone: what waits is judged there, and nothing is too wide."""

import pytest
from playwright.sync_api import Page, expect

from models.enums import Role
from server.jobs import relay
from tests.browser.conftest import Browse
from tests.browser.test_console import sign_in
from tests.server.web.stairwell import Stairwell, picture
from tests.world import Caller, Spot, World


@pytest.fixture
def street(world: World) -> tuple[Spot, Caller]:
    """A building with four reports that wait, and its clerk."""
    community = world.community("幸福里社区")
    building = world.building(world.grid(community), "3栋")
    stairs = Stairwell(world, building)
    stairs.send(
        category="lift",
        text="电梯停在四楼，按什么都没有反应，里面还有一股焦味",
        spot="2单元",
        photos=[picture(640, 480) for _ in range(2)],
    )
    stairs.send(category="leak", text="302室漏水，加微信 abc_12345 疏通，电话13812345678")
    stairs.send(category="noise", text="楼上半夜打麻将")
    stairs.send(category="lighting", phrase=["楼道灯不亮"], text="")
    relay.run(world.app)
    return building, world.staff(Role.COMMUNITY, community)


def fits(page: Page) -> None:
    """Nothing sticks out to the side, and what is tapped is big enough for a thumb."""
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    for button in page.locator("main button:visible, main summary:visible").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 40, button.inner_text()


def test_the_queue_is_judged_on_a_phone(street: tuple[Spot, Caller], browse: Browse) -> None:
    _, clerk = street
    page = sign_in(browse(), clerk)
    page.goto("/console/moderation")
    fits(page)
    expect(page.locator("article.review")).to_have_count(5)
    first = page.locator("article.review").first
    first.get_by_role("button", name="可以公开").click()
    expect(page.get_by_role("status")).to_contain_text("可以公开")
    spam = page.locator("article.review", has_text="加微信")
    spam.locator("summary").click()
    spam.get_by_label("为什么不公开").fill("留微信拉客")
    fits(page)
    spam.get_by_role("button", name="不公开").click()
    expect(page.get_by_role("status")).to_contain_text("不公开")
    expect(page.locator("article.review")).to_have_count(3)


@pytest.mark.parametrize("width", [375, 1280])
def test_the_stairwell_tells_what_is_going_on_without_script(
    street: tuple[Spot, Caller], browse: Browse, width: int
) -> None:
    building, clerk = street
    desk = sign_in(browse(), clerk)
    desk.goto("/console/moderation")
    for _ in range(2):
        desk.locator("article.review").first.get_by_role("button", name="可以公开").click()
        expect(desk.get_by_role("status")).to_be_visible()
    page = browse(width, script=False)
    page.goto(f"/q/{building.stairwell_code}")
    fits(page)
    page.get_by_text("这栋楼正在办的事（4 件）").click()
    fits(page)
    going = page.locator(".going li")
    expect(going).to_have_count(4)
    expect(going.nth(3)).to_contain_text("电梯停在四楼")
    expect(going.nth(3).locator("img")).to_have_count(1)
    expect(page.locator(".going")).not_to_contain_text("302")
    expect(page.locator(".going")).not_to_contain_text("麻将")
    expect(page.get_by_label("怎么回事？")).to_be_visible()
