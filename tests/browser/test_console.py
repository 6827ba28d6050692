"""The console in a browser: the sheet by keyboard, a month closed and opened to its evidence on a phone, nothing too wide."""

import re
from datetime import datetime

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from models import Inspection, Message, new_public_id
from models.enums import MessageKind, Role
from server.core import auth
from tests.browser.conftest import Browse
from tests.conftest import SHANGHAI
from tests.world import Caller, Spot, World

SHEET = "/console/inspections/2026-10"


class Office:
    """A community with three buildings, a clerk and a little history."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.community = world.community("幸福里社区")
        self.grid = world.grid(self.community)
        self.buildings = [world.building(self.grid, f"{number}栋") for number in (1, 2, 3)]
        self.heads = [world.head(building) for building in self.buildings]
        self.clerk = world.staff(Role.COMMUNITY, self.community)

    def report(self, building: Spot, head: Caller, text: str) -> None:
        """A report, resolved and confirmed."""
        body = {"category": "lift", "text": text, "spot": "四楼", "contact": "13812345678"}
        made = self.world.anyone().post(f"/api/v1/codes/{building.stairwell_code}/issues", json=body).json
        head.post(f"/api/v1/issues/{made['id']}/resolve", json={"text": "修好了", "done_by": "物业师傅"})
        answers = {"contacted": True, "solved": True, "satisfaction": "satisfied"}
        self.world.anyone().post(f"/api/v1/claims/{made['claim_code']}/answers", json=answers)


@pytest.fixture
def office(world: World) -> Office:
    return Office(world)


def sign_in(page: Page, caller: Caller) -> Page:
    """The console's cookie, as signing in leaves it."""
    assert caller.token
    cookie = {"name": auth.COOKIE, "value": caller.token, "domain": "127.0.0.1", "path": "/console"}
    page.context.add_cookies([cookie])  # type: ignore[list-item]
    return page


def stars(world: World) -> list[tuple[int, ...]]:
    with world.reading() as c:
        rows = c.execute(sa.select(Inspection.__table__).order_by(Inspection.building_id)).all()
    return [(each.stairwell, each.safety, each.care, each.neighbours) for each in rows]


def test_the_sheet_is_filled_by_keyboard_and_saves_each_row(office: Office, browse: Browse, world: World) -> None:
    page = sign_in(browse(1280), office.clerk)
    page.goto(SHEET)
    first, second, third = (page.locator(f"#b-{building.public_id}") for building in office.buildings)
    first.locator("input").first.focus()
    page.keyboard.type("5432")  # digits jump on by themselves
    page.keyboard.type("三楼堆了纸箱")
    page.keyboard.press("Enter")
    expect(first.locator("[data-state]")).to_have_text("已保存")
    page.keyboard.type("44x6")  # what is no star is not taken
    page.keyboard.press("Enter")
    expect(second.locator("[data-state]")).to_have_text("还没填完")
    page.keyboard.type("1111")
    page.keyboard.press("Enter")
    expect(third.locator("[data-state]")).to_have_text("已保存")
    expect(page.locator("[data-filled]")).to_have_text("2")
    assert stars(world) == [(5, 4, 3, 2), (1, 1, 1, 1)]

    # What was left incomplete is still there, is finished, and a saved row is corrected without a reload.
    assert [second.locator("input").nth(number).input_value() for number in range(4)] == ["4", "4", "", ""]
    second.locator("input").nth(2).focus()
    page.keyboard.type("55")
    page.keyboard.press("ArrowUp")
    expect(second.locator("[data-state]")).to_have_text("已保存")
    first.locator("input").first.focus()
    page.keyboard.type("1")
    third.locator("input").first.focus()
    expect(first.locator("[data-state]")).to_have_text("已保存")
    assert stars(world) == [(1, 4, 3, 2), (4, 4, 5, 5), (1, 1, 1, 1)]
    page.reload()
    expect(page.locator("#progress")).to_have_text("已填 3 / 3 栋")
    assert first.locator("input").nth(4).input_value() == "三楼堆了纸箱"


def test_a_row_that_cannot_be_sent_stays_and_is_sent_later(office: Office, browse: Browse, world: World) -> None:
    page = sign_in(browse(1280), office.clerk)
    page.goto(SHEET)
    row = page.locator(f"#b-{office.buildings[0].public_id}")
    page.context.set_offline(True)
    row.locator("input").first.focus()
    page.keyboard.type("5555")
    page.keyboard.press("Enter")
    expect(row.locator("[data-state]")).to_have_text("没有网络，还没保存")
    page.context.set_offline(False)
    row.locator("input").nth(4).focus()
    page.keyboard.press("Enter")
    expect(row.locator("[data-state]")).to_have_text("已保存")
    assert stars(world) == [(5, 5, 5, 5)]


def test_a_month_is_closed_and_a_line_opened_to_its_evidence_on_a_phone(
    office: Office, browse: Browse, world: World
) -> None:
    for number in range(3):
        office.report(office.buildings[0], office.heads[0], f"电梯停在四楼，第{number + 1}次")
    page = sign_in(browse(), office.clerk)
    page.goto(f"{SHEET}/{office.buildings[0].public_id}")
    for group in page.locator("fieldset.stars").all():
        group.get_by_text("5", exact=True).tap()
    with page.expect_navigation():
        page.get_by_role("button", name="保存").tap()
    world.clock.set(datetime(2026, 11, 1, 9, tzinfo=SHANGHAI))
    page.goto("/console")
    page.get_by_text("可以生成得分草稿").tap()
    page.get_by_role("button", name="确定生成草稿").tap()
    expect(page.get_by_role("status")).to_have_text("得分草稿已生成，请核对。")
    page.get_by_role("link", name="1栋").tap()
    expect(page.locator("#case_handling")).to_contain_text("怎样能更好")
    page.locator("#case_handling").get_by_role("link", name="看依据").tap()
    expect(page.locator("ol.evidence li")).to_have_count(3)
    page.locator("ol.evidence a").first.tap()
    expect(page.get_by_text("电梯停在四楼，第1次")).to_be_visible()
    assert width(page) <= 375


def width(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth"))


IDS = re.compile(r"[0-9a-hjkmnp-tv-z]{16}|(?<=whistles/report/)[0-9-]{7}")


def test_no_page_is_wider_than_a_phone(office: Office, browse: Browse, world: World) -> None:
    """Walks the console link by link, one page of each kind, for a clerk, a head and an officer of the street."""
    for building, head in zip(office.buildings[:2], office.heads, strict=False):
        office.report(building, head, "电梯停在四楼" * 30 + "x" * 200)
    household = {
        "building": office.buildings[0].public_id,
        "door": "301",
        "tenancy": "owner",
        "residents": [{"name": "张小明", "phone": "13812345678", "is_contact": True}],
    }
    assert office.heads[0].post("/api/v1/households", json=household).status_code == 201
    invitation = {"place": office.buildings[0].public_id, "name": "王秀英"}
    assert office.clerk.post("/api/v1/invitations", json=invitation).status_code == 201
    item = office.heads[0].get("/api/v1/duties/items").json["items"][0]["id"]
    duty = {"item": item, "done_on": "2026-10-12", "text": "清理楼道"}
    assert office.heads[0].post("/api/v1/duties/records", json=duty).status_code == 201
    with world.writing() as c:
        c.execute(
            sa.insert(Message).values(
                public_id=new_public_id(),
                person_id=office.clerk.person_id,
                kind=MessageKind.NOTICE,
                title="通知" * 20,
                body="https://example.org/" + "a" * 200,
                link="",
                dedup_key="x",
                created_at=world.clock.now(),
            )
        )
    world.clock.set(datetime(2026, 11, 1, 9, tzinfo=SHANGHAI))
    close = f"/api/v1/months/2026-10/communities/{office.community.public_id}/close"
    assert office.clerk.post(close).status_code == 200
    officer = world.staff(Role.STREET, world.street())
    for caller, least in ((office.clerk, 33), (office.heads[0], 18), (officer, 15)):
        seen = walked(sign_in(browse(), caller))
        assert len(seen) >= least, sorted(seen)


def walked(page: Page) -> set[str]:
    """Every kind of page that links lead to; each must fit."""
    waiting, seen = ["/console"], set()
    while waiting:
        path = waiting.pop()
        kind = IDS.sub("_", path.partition("?")[0]) + ("?…" if "?" in path else "")
        if kind in seen or re.search(r"/export|\.svg|\.pdf|\.xlsx|/photos/", path):
            continue
        seen.add(kind)
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert width(page) <= 375, path
        links = page.eval_on_selector_all("a[href^='/console']", "all => all.map(one => one.getAttribute('href'))")
        waiting += [link.partition("#")[0] for link in links]
    return seen


def test_checking_a_table_keeps_the_chosen_file(office: Office, browse: Browse, world: World) -> None:
    page = sign_in(browse(1280), office.clerk)
    page.goto("/console/issues/import")
    table = "编号,受理时间,楼栋,类别,内容\n1,2026-09-01,1栋,漏水,三楼漏水\n".encode()
    page.set_input_files("[name=file]", {"name": "旧台账.csv", "mimeType": "text/csv", "buffer": table})
    page.get_by_role("button", name="先检查，不导入").click()
    expect(page.get_by_role("status")).to_contain_text("可导入 1 件")
    page.get_by_role("button", name="导入", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("已导入。")
    expect(page.get_by_text("三楼漏水")).to_be_visible()


def test_the_console_works_without_script(office: Office, browse: Browse, world: World) -> None:
    body = {"category": "lift", "text": "电梯停在四楼"}
    world.anyone().post(f"/api/v1/codes/{office.buildings[0].stairwell_code}/issues", json=body)
    page = sign_in(browse(script=False), office.clerk)
    page.goto(SHEET)
    row = page.locator(f"#b-{office.buildings[0].public_id}")
    for number in range(4):
        row.locator("input").nth(number).fill("4")
    page.get_by_role("button", name="全部保存").tap()
    expect(page.get_by_role("status")).to_have_text("检查表已保存。")
    assert stars(world) == [(4, 4, 4, 4)]
    page.get_by_role("link", name="诉求").tap()
    page.get_by_role("link", name="电梯停在四楼").tap()
    page.locator("#pass_up summary").tap()
    page.locator("#pass_up textarea").fill("物业不配合")
    page.get_by_role("button", name="吹哨上报").tap()
    expect(page.get_by_role("status")).to_have_text("已吹哨上报。")
    expect(page.get_by_text("物业不配合")).to_be_visible()


def test_keyboard_reaches_the_content_first(office: Office, browse: Browse) -> None:
    page = sign_in(browse(1280), office.clerk)
    page.goto("/console/issues")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="跳到正文")
    expect(skip).to_be_focused()
    assert skip.bounding_box()["y"] >= 0  # type: ignore[index]
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
