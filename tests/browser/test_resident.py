"""A resident with a phone, on the stairs: with script and without, with signal and without."""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from PIL import Image
from playwright.sync_api import Page, Route, expect

from models import Issue, Photo
from tests.browser.conftest import PHONE, Browse
from tests.server.web.stairwell import Stairwell
from tests.world import World

BIG_ENOUGH = 47.5  # CSS pixels; 48 less rounding


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    """A photo as a camera makes it: large, and turned by its EXIF."""
    path = tmp_path / "IMG_0001.jpg"
    image = Image.effect_noise((3000, 2000), 60).convert("RGB")
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(path, "JPEG", quality=92, exif=exif)
    return path


def reports(world: World) -> int:
    with world.reading() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(Issue)).scalar_one())


def photos(world: World) -> list[tuple[int, int]]:
    with world.reading() as connection:
        return [tuple(row) for row in connection.execute(sa.select(Photo.width, Photo.height).order_by(Photo.id))]


def tap_report(page: Page) -> None:
    page.locator("label[for=c-lift]").tap()
    page.locator("label[for=p-lift-1]").tap()
    page.locator("#send").tap()


@pytest.mark.parametrize("script", [True, False])
def test_a_report_takes_three_taps(world: World, browse: Browse, script: bool) -> None:
    page = browse(script=script)
    page.goto(f"/q/{world.building().stairwell_code}")
    tap_report(page)
    expect(page.locator("h1")).to_have_text("收到了")
    assert len(page.locator("#claim").inner_text()) == 14
    assert reports(world) == 1
    page.locator("a.button").tap()
    expect(page.locator("h1")).to_contain_text("等受理")


@pytest.mark.parametrize("script", [True, False])
def test_the_return_visit_takes_three_taps(world: World, browse: Browse, script: bool) -> None:
    building = world.building()
    head = world.head(building)
    page = browse(script=script)
    page.goto(f"/q/{building.stairwell_code}")
    tap_report(page)
    page.locator("a.button").tap()
    expect(page.locator("h1")).to_contain_text("等受理")
    issue = head.get("/api/v1/issues").json["items"][0]["id"]
    world.clock.advance(timedelta(hours=1))
    head.post(f"/api/v1/issues/{issue}/resolve", json={"text": "修好了", "done_by": "物业师傅"})
    page.reload()
    page.locator("summary", has_text="已解决").tap()
    page.locator("label[for=confirm-yes]").tap()
    page.locator("button", has_text="基本满意").tap()
    expect(page.locator("h1")).to_have_text("已经解决，销号了")


def test_a_photo_is_made_small_before_it_travels(world: World, browse: Browse, snapshot: Path) -> None:
    page = browse()
    sent: list[int] = []
    page.on("request", lambda r: sent.append(len(r.post_data_buffer or b"")) if r.method == "POST" else None)
    page.goto(f"/q/{world.building().stairwell_code}")
    page.set_input_files("#photos", [snapshot, snapshot])
    expect(page.locator("#previews li")).to_have_count(2)
    page.locator("#previews button").first.tap()
    expect(page.locator("#previews li")).to_have_count(1)
    tap_report(page)
    expect(page.locator("h1")).to_have_text("收到了")
    assert photos(world) == [(853, 1280)]  # upright
    assert max(sent) < snapshot.stat().st_size / 3


def test_what_is_no_photo_and_what_is_too_much_is_told_at_once(
    world: World, browse: Browse, snapshot: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(snapshot.read_bytes()[:100])
    page = browse()
    page.goto(f"/q/{world.building().stairwell_code}")
    page.set_input_files("#photos", [broken])
    expect(page.locator("#wrong-photos")).to_contain_text("打不开")
    small = tmp_path / "small.png"
    Image.new("RGBA", (20, 20)).save(small)
    page.set_input_files("#photos", [small] * 7)
    expect(page.locator("#wrong-photos")).to_contain_text("最多 6 张")
    expect(page.locator("#previews li")).to_have_count(6)


def test_without_signal_nothing_is_lost_and_it_is_sent_once(world: World, browse: Browse, snapshot: Path) -> None:
    page = browse()
    page.goto(f"/q/{world.building().stairwell_code}")
    page.set_input_files("#photos", [snapshot])
    expect(page.locator("#previews li")).to_have_count(1)
    page.context.set_offline(True)
    tap_report(page)
    expect(page.locator("#sending")).to_contain_text("没有信号")
    expect(page.locator("#send")).to_be_disabled()
    assert reports(world) == 0
    page.context.set_offline(False)
    expect(page.locator("h1")).to_have_text("收到了")
    assert (reports(world), len(photos(world))) == (1, 1)


def test_an_answer_lost_on_the_way_is_asked_for_again(world: World, browse: Browse) -> None:
    page = browse()
    lost: list[int] = []

    def lose_the_first(route: Route) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch(max_redirects=0).status)  # it arrived
            route.abort()  # the answer did not
        else:
            route.continue_()

    page.route("**/q/*", lose_the_first)
    page.goto(f"/q/{world.building().stairwell_code}")
    tap_report(page)
    expect(page.locator("h1")).to_have_text("收到了")
    assert lost == [303]
    assert reports(world) == 1


def test_closing_the_page_without_signal_keeps_the_report_on_its_way(
    world: World, browse: Browse, snapshot: Path
) -> None:
    code = world.building().stairwell_code
    page = browse()
    page.goto(f"/q/{code}")
    page.fill("#spot", "2单元3楼")
    page.set_input_files("#photos", [snapshot])
    expect(page.locator("#previews li")).to_have_count(1)
    page.context.set_offline(True)
    tap_report(page)
    expect(page.locator("#sending")).to_contain_text("没有信号")
    page.close()
    page.context.set_offline(False)
    again = browse(context=page.context)
    again.goto(f"/q/{code}")
    expect(again.locator("h1")).to_have_text("收到了")
    assert (reports(world), len(photos(world))) == (1, 1)
    fresh = browse(context=page.context)
    fresh.goto(f"/q/{code}")  # and is not sent a second time
    fresh.wait_for_timeout(500)
    assert fresh.input_value("#spot") == ""
    assert reports(world) == 1


def test_a_draft_survives_the_page(world: World, browse: Browse, snapshot: Path) -> None:
    code = world.building().stairwell_code
    page = browse()
    page.goto(f"/q/{code}")
    page.locator("label[for=c-leak]").tap()
    page.locator("label[for=p-leak-2]").tap()
    page.fill("#text", "厨房顶上")
    page.set_input_files("#photos", [snapshot])
    expect(page.locator("#previews li")).to_have_count(1)
    page.wait_for_timeout(600)
    page.close()
    again = browse(context=page.context)
    again.goto(f"/q/{code}")
    expect(again.locator("#text")).to_have_value("厨房顶上")
    expect(again.locator("#c-leak")).to_be_checked()
    expect(again.locator("#p-leak-2")).to_be_checked()
    expect(again.locator("#previews li")).to_have_count(1)
    elsewhere = browse(context=page.context)
    elsewhere.goto(f"/q/{world.building().stairwell_code}")  # another building's form stays empty
    elsewhere.wait_for_timeout(300)
    expect(elsewhere.locator("#text")).to_have_value("")


def test_what_has_arrived_is_not_offered_again(world: World, browse: Browse) -> None:
    code = world.building().stairwell_code
    page = browse()
    page.goto(f"/q/{code}")
    page.fill("#text", "三楼的灯")
    tap_report(page)
    expect(page.locator("h1")).to_have_text("收到了")
    page.goto(f"/q/{code}")
    page.wait_for_timeout(300)
    expect(page.locator("#text")).to_have_value("")
    expect(page.locator("#c-lift")).not_to_be_checked()
    expect(page.locator("#sending")).to_be_empty()


def test_a_stopped_sending_can_be_changed(world: World, browse: Browse) -> None:
    page = browse()
    page.goto(f"/q/{world.building().stairwell_code}")
    page.context.set_offline(True)
    tap_report(page)
    page.locator("#sending button").tap()
    page.fill("#text", "改成三楼")
    page.context.set_offline(False)
    page.wait_for_timeout(300)
    assert reports(world) == 0
    page.locator("#send").tap()
    expect(page.locator("h1")).to_have_text("收到了")
    with world.reading() as connection:
        assert "改成三楼" in connection.execute(sa.select(Issue.text)).scalar_one()


def test_a_refused_form_keeps_photos_and_words(world: World, browse: Browse, snapshot: Path) -> None:
    page = browse()
    page.goto(f"/q/{world.building().stairwell_code}")
    page.set_input_files("#photos", [snapshot])
    page.fill("#contact", "打我电话")
    tap_report(page)
    expect(page.locator("#wrong-contact")).to_contain_text("电话号码只能是")
    expect(page.locator("#previews li")).to_have_count(1)
    page.fill("#contact", "13812345678")
    page.locator("#send").tap()
    expect(page.locator("h1")).to_have_text("收到了")
    assert (reports(world), len(photos(world))) == (1, 1)


def test_without_script_a_refused_form_says_that_photos_must_be_chosen_again(
    world: World, browse: Browse, snapshot: Path
) -> None:
    page = browse(script=False)
    page.goto(f"/q/{world.building().stairwell_code}")
    page.set_input_files("#photos", [snapshot])
    page.fill("#contact", "打我电话")
    page.fill("#text", "电梯停在四楼")
    page.locator("label[for=c-lift]").tap()
    page.locator("#send").tap()
    expect(page.locator("#lost")).to_contain_text("再选一次")
    expect(page.locator("#text")).to_have_value("电梯停在四楼")
    expect(page.locator("#c-lift")).to_be_checked()
    page.fill("#contact", "")
    page.set_input_files("#photos", [snapshot])
    page.locator("#send").tap()
    expect(page.locator("h1")).to_have_text("收到了")
    assert photos(world) == [(1067, 1600)]  # the server made it small and upright


@pytest.mark.parametrize("script", [True, False])
def test_what_burns_is_answered_with_a_number_before_it_is_sent(world: World, browse: Browse, script: bool) -> None:
    building = world.building()
    head = world.head(building)
    page = browse(script=script)
    page.goto(f"/q/{building.stairwell_code}")
    page.locator("label[for=c-power]").click()
    page.locator("label[for=t-power_out]").click()
    page.locator("#t-power_out ~ .q select").first.select_option("一个单元")
    _fits(page)
    page.fill("#text", "配电箱冒烟了，快来人")
    page.locator("#send").click()
    call = page.locator(".alarm a")
    expect(call).to_have_attribute("href", "tel:119")
    _fits(page)
    assert head.get("/api/v1/issues").json["items"] == []
    expect(page.locator("#text")).to_have_value("配电箱冒烟了，快来人")
    page.locator(".alarm button").click()
    expect(page.locator("h1")).to_have_text("收到了")
    (item,) = head.get("/api/v1/issues").json["items"]
    assert (item["topic_name"], item["urgent"]) == ("停电", True)
    assert head.get(f"/api/v1/issues/{item['id']}").json["answers"] == [["影响多少人家？", "一个单元"]]


@pytest.mark.parametrize("width", [188, 320, PHONE, 1280])  # 188: a phone at 200 %
def test_pages_fit_and_fingers_hit(world: World, browse: Browse, width: int) -> None:
    building = world.building(name="纺织厂家属院第十二栋（东侧）")
    head = world.head(building)
    page = browse(width)
    page.goto(f"/q/{building.stairwell_code}")
    page.locator("label[for=c-leak]").click()
    _fits(page)
    page.fill("#text", "漏" * 300)
    page.locator("#send").click()
    expect(page.locator("h1")).to_have_text("收到了")
    _fits(page)
    issue = head.get("/api/v1/issues").json["items"][0]["id"]
    head.post(f"/api/v1/issues/{issue}/resolve", json={"text": "W" * 200, "done_by": "物业师傅"})
    page.locator("a.button").click()
    for summary in page.locator("summary").all():
        summary.click()
    _fits(page)
    page.goto("/r?claim=nothing")
    _fits(page)
    page.goto("/q/nothing0")
    _fits(page)


def _fits(page: Page) -> None:
    """No sideways scrolling; every control is labelled and large enough for a thumb; type is 18 px."""
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url
    assert page.evaluate("getComputedStyle(document.body).fontSize") == "18px"
    small = page.evaluate(
        """least => [...document.querySelectorAll('button, summary, .button, .urgent a, .foot > a, textarea,'
            + 'input:not([type=hidden]):not([type=radio]):not([type=checkbox]):not([type=file]),'
            + '.tiles label, .pair label, .phrases-open label, .tick label')]
          .filter(e => e.offsetParent && e.getBoundingClientRect().height < least).map(e => e.outerHTML)""",
        BIG_ENOUGH,
    )
    assert small == []
    silent = page.evaluate(
        """() => [...document.querySelectorAll('input:not([type=hidden]), textarea')]
          .filter(e => !e.labels.length).map(e => e.outerHTML)"""
    )
    assert silent == []


def test_the_keyboard_alone_can_report(world: World, browse: Browse) -> None:
    page = browse(1280)
    page.goto(f"/q/{world.building().stairwell_code}")
    page.locator("#c-leak").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#c-power")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.locator("#t-power_out")).to_be_checked()
    for _ in range(3):  # past the topic's two questions to the usual sentences
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.locator("#p-power-1")).to_be_checked()
    page.locator("#spot").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("收到了")


@pytest.mark.parametrize("script", [True, False])
def test_a_neighbours_report_is_joined_with_one_tap(world: World, browse: Browse, script: bool) -> None:
    building = world.building()
    Stairwell(world, building).send(category="lift", text="电梯停了")
    page = browse(script=script)
    page.goto(f"/q/{building.stairwell_code}")
    button = page.get_by_role("button", name="我也遇到")
    expect(button).to_be_hidden()
    page.locator("label[for=c-lift]").click()
    expect(button).to_be_visible()
    page.fill("#text", "我在五楼")
    button.click()
    page.wait_for_url("**/receipt*")
    expect(page.get_by_text("并在一起办理")).to_be_visible()
    head = world.head(building)
    (target,) = head.get("/api/v1/issues?family=open").json["items"]
    (joiner,) = head.get(f"/api/v1/issues/{target['id']}/joiners").json["items"]
    assert joiner["excerpt"] == "我在五楼"
