"""A month at the console: from the open month to its publication, the ranking, and each line with its evidence."""

import io
from datetime import datetime, timedelta

import pytest

from models.enums import Role
from server.core import sheets
from tests.conftest import SHANGHAI
from tests.queries import count_queries
from tests.server.web.desk import Desk
from tests.server.web.test_console_inspections import row
from tests.world import Caller, Spot, World

MONTH = "2026-10"


class Home:
    """A community with three buildings, of which two have enough data to be ranked in October."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.community = world.community("幸福社区")
        grid = world.grid(self.community)
        self.buildings = [world.building(grid, f"{number}栋") for number in (1, 2, 3)]
        self.heads = [world.head(building) for building in self.buildings]
        self.clerk = Desk(world.staff(Role.COMMUNITY, self.community))
        self.colleague = Desk(world.staff(Role.COMMUNITY, self.community))
        self.page = f"/console/months/{MONTH}/{self.community.public_id}"

    def at(self, month: int, day: int, hour: int = 9) -> None:
        self.world.clock.set(datetime(2026, month, day, hour, tzinfo=SHANGHAI))

    def visits(self, building: Spot, head: Caller, count: int, solved: bool) -> None:
        """Reports that were resolved and answered."""
        for _ in range(count):
            body = {"category": "lift", "text": "电梯停在四楼"}
            made = self.world.anyone().post(f"/api/v1/codes/{building.stairwell_code}/issues", json=body).json
            assert (
                head.post(
                    f"/api/v1/issues/{made['id']}/resolve", json={"text": "修好了", "done_by": "物业师傅"}
                ).status_code
                == 200
            )
            answers = {"contacted": True, "satisfaction": "satisfied" if solved else "unsatisfied", "solved": solved}
            claim = made["claim_code"]
            said = self.world.anyone().post(f"/api/v1/claims/{claim}/answers", json=answers)
            assert said.status_code == 200, said.json


@pytest.fixture
def home(world: World) -> Home:
    home = Home(world)
    first, second, _ = home.buildings
    home.visits(first, home.heads[0], 4, solved=True)
    home.visits(second, home.heads[1], 4, solved=False)
    home.clerk.open(f"/console/inspections/{MONTH}").submit(MONTH, **row(first, "5555"), **row(second, "3333"))
    return home


def closed(home: Home) -> None:
    home.at(11, 1)
    home.clerk.open(home.page).submit("/close")


def test_before_it_is_over_a_month_cannot_be_closed(home: Home) -> None:
    page = home.clerk.open(home.page)
    assert "还没有过完" in page.text
    assert not page.has_form("/close")
    token = page.value("/sign-out", "form_token")
    answer = home.clerk.client.post(f"{home.page}/close", data={"form_token": token})
    assert answer.status_code == 409
    assert "还没有过完" in answer.get_data(as_text=True)


def test_the_life_of_a_month(home: Home) -> None:
    home.at(11, 1)
    overview = home.clerk.open("/console/months")
    assert "还没有生成得分草稿" in overview.text
    assert "上个月已经过完，可以生成得分草稿" in home.clerk.open("/console").text
    page = home.clerk.open(home.page).submit("/close")
    assert "得分草稿已生成" in page.text
    assert "下一步： 请社区核对分数" in page.text
    page = page.submit("/redraft")
    assert "重新生成" in page.text
    assert not page.has_form("/seal")
    home.at(11, 2)
    page = page.submit("/open_notice")
    assert "已开始公示" in page.text
    assert "正在公示，到11月9日24点为止" in page.text
    assert not page.has_form("/seal")
    assert "社区居委会工作人员" in page.text
    home.at(11, 10)
    refused = home.clerk.open(home.page).submit("/seal")
    assert refused.status == 409
    assert "封存要由另一个人来做" in refused.text
    page = home.colleague.open(home.page).submit("/seal")
    assert "已封存" in page.text
    assert "封存校验码" in page.text
    page = home.clerk.open(home.page).submit("/publish")
    assert "已公布，流动红旗生效" in page.text
    assert "全部完成" in page.text
    assert "流动红旗" in page.text
    assert "拟授" not in page.text
    for move in ("close", "redraft", "open_notice", "seal", "publish"):
        assert not page.has_form(f"/{move}"), move


def test_a_notice_in_a_year_without_announced_holidays_says_so_as_long_as_it_runs(home: Home) -> None:
    home.world.clock.set(datetime(2031, 3, 3, 9, tzinfo=SHANGHAI))
    home.clerk.open(home.page).submit("/close").submit("/open_notice")
    assert "2031年的节假日安排还没有收录" in home.colleague.open(home.page).text


def test_a_second_click_on_an_old_page_is_told(home: Home) -> None:
    closed(home)
    stale = home.colleague.open(home.page)
    home.clerk.open(home.page).submit("/open_notice")
    late = stale.submit("/open_notice")
    assert late.status == 409
    assert "公示中" in late.text


def test_the_ranking_shows_ranks_flags_and_who_is_not_ranked(home: Home) -> None:
    closed(home)
    page = home.clerk.open(home.page)
    ranked, _, thin = page.text.partition("数据不足，不参与排名")
    assert "排名（2 栋）" in ranked
    assert ranked.index("1栋") < ranked.index("2栋")
    assert "拟授流动红旗" in ranked
    assert "3栋" in thin
    assert "3栋" not in ranked
    assert page.html.count('<svg class="bar"') == 2
    assert "standard-1" in page.text


def test_thin_data_are_never_shown_as_zero_points(home: Home) -> None:
    closed(home)
    page = home.clerk.open(f"{home.page}/{home.buildings[2].public_id}")
    assert "数据不足" in page.text
    assert "0 分" not in page.text


def test_ties_are_shown_as_ties(world: World) -> None:
    home = Home(world)
    for building, head in zip(home.buildings, home.heads, strict=True):
        home.visits(building, head, 3, solved=True)
    rows = {}
    for building in home.buildings:
        rows |= row(building, "4444")
    home.clerk.open(f"/console/inspections/{MONTH}").submit(MONTH, **rows)
    closed(home)
    assert home.clerk.open(home.page).text.count("并列第 1") == 3


def test_each_line_opens_to_its_evidence(home: Home) -> None:
    closed(home)
    score = home.clerk.open(f"{home.page}/{home.buildings[0].public_id}")
    for words in (
        "诉求办理",
        "星级评定",
        "履职记录",
        "居民测评",
        "数据不足",
        "怎样能更好",
        "规则 standard-1/star_book 第 1 版",
    ):
        assert words in score.text, words
    cases = home.clerk.open(next(link for link in score.links if link.endswith("/case_handling")))
    issues = [link for link in cases.links if link.startswith("/console/issues/")]
    assert len(issues) == 4
    assert "电梯停在四楼" in home.clerk.open(issues[0]).text
    stars = home.clerk.open(next(link for link in score.links if link.endswith("/star_book")))
    assert "楼道环境5星" in stars.text
    inspection = next(link for link in stars.links if "/inspections/" in link)
    assert home.clerk.open(inspection).status == 200
    assert "不记名" in home.clerk.open(f"{home.page}/{home.buildings[0].public_id}/survey").text
    assert home.clerk.open(f"{home.page}/{home.buildings[0].public_id}/nothing", 404)


def test_evidence_of_a_draft_says_that_it_may_be_newer_than_the_draft(home: Home) -> None:
    closed(home)
    evidence = f"{home.page}/{home.buildings[0].public_id}/star_book"
    home.clerk.open(f"/console/inspections/{MONTH}").submit(MONTH, **row(home.buildings[2], "1111"))
    assert "这个月还是草稿" in home.clerk.open(evidence).text
    home.clerk.open(home.page).submit("/open_notice")
    assert "这个月还是草稿" not in home.clerk.open(evidence).text


def test_deductions_and_duties_reach_the_score_and_its_evidence(home: Home) -> None:
    building, head = home.buildings[0], home.heads[0]
    desk = Desk(head)
    form = desk.open("/console/duties/new")
    item = form.form("/duties/new").options["item"][1]
    submitted = form.submit("/duties/new", item=item, done_on="2026-10-12", text="清理楼道")
    assert "待核实" in submitted.text
    todo = home.clerk.open(f"/console/duties/{MONTH}?state=submitted")
    record = next(link for link in todo.links if "/duties/records/" in link)
    refused = home.clerk.open(record).submit(record, state="rejected")
    assert refused.status == 422
    assert "请写明理由" in refused.text
    assert "没有待核实" in home.clerk.open(record).submit(record, state="accepted").text
    page = home.clerk.open(f"/console/deductions/{MONTH}").submit(
        MONTH, building=building.public_id, points="1.5", reason="消防通道堆物", evidence="10月12日巡查照片"
    )
    assert "扣分已登记" in page.text
    closed(home)
    score = home.clerk.open(f"{home.page}/{building.public_id}")
    duties = home.clerk.open(next(link for link in score.links if link.endswith("/duties")))
    assert "清理楼道" in duties.text
    assert record in duties.links
    deduction = home.clerk.open(next(link for link in score.links if link.endswith("/deduction")))
    assert "扣1.5分：消防通道堆物" in deduction.text
    assert "10月12日巡查照片" in deduction.text


def test_a_head_sees_the_own_score_and_only_totals_of_others(home: Home) -> None:
    closed(home)
    head = Desk(home.heads[0])
    assert "还没有开始公示" in head.open("/console/months").text
    own, other = home.buildings[0].public_id, home.buildings[1].public_id
    assert head.open(home.page).text.count("1栋") == 1
    home.at(11, 2)
    home.clerk.open(home.page).submit("/open_notice")
    ranking = head.open(home.page)
    assert f"{home.page}/{own}" in ranking.links
    assert f"{home.page}/{other}" not in ranking.links
    assert not any(ranking.has_form(f"/{move}") for move in ("seal", "publish", "redraft"))
    assert "工作人员" not in ranking.text
    assert head.open(f"{home.page}/{own}").status == 200
    assert head.open(f"{home.page}/{other}", 404)
    inbox = head.open("/console/inbox")
    assert "新" in inbox.text
    read = inbox.submit(inbox.forms[1].action)
    assert "已记为看过" in read.text


def test_the_export_is_an_excel_file(home: Home) -> None:
    closed(home)
    answer = home.clerk.client.get(f"{home.page}/export")
    assert answer.status_code == 200
    assert "%E5%B9%B8%E7%A6%8F%E7%A4%BE%E5%8C%BA" in answer.headers["Content-Disposition"]
    rows = sheets.read(io.BytesIO(answer.data), "x.xlsx")
    assert [each.cells["楼栋"] for each in rows] == ["1栋", "2栋", "3栋"]


def test_a_street_sees_every_community_of_a_month(home: Home, world: World) -> None:
    closed(home)
    world.community("滨江社区")
    officer = Desk(world.staff(Role.STREET, world.street()))
    page = officer.open("/console/months")
    assert "2026年10月：1 个社区已生成得分" in page.text
    assert "滨江社区 没有草稿" in page.text
    ranking = officer.open(home.page)
    assert "排名（2 栋）" in ranking.text
    assert not ranking.has_form("/open_notice")
    assert "0 个社区已生成" in officer.open("/console/months?month=2026-09").text
    assert officer.open("/console/months?month=1999-13", 404)


def test_a_deduction_is_refused_with_what_was_typed_and_taken_back(home: Home) -> None:
    page = home.clerk.open(f"/console/deductions/{MONTH}")
    for points, said in (
        ("", "请填扣几分"),
        ("十", "请填扣几分"),
        ("0", "0.001 到 10"),
        ("11", "0.001 到 10"),
        ("1e9", "0.001 到 10"),
        ("9e999999", "请填扣几分"),
        ("1e-999999", "0.001 到 10"),
        ("sNaN", "请填扣几分"),
    ):
        refused = page.submit(
            MONTH, building=home.buildings[0].public_id, points=points, reason="堆物", evidence="照片"
        )
        assert refused.status == 422, points
        assert said in refused.text, points
        assert refused.value(MONTH, "reason") == "堆物"
    page = home.clerk.open(f"/console/deductions/{MONTH}")
    page = page.submit(MONTH, building=home.buildings[0].public_id, points="0.5", reason="堆物", evidence="照片")
    empty = page.submit("/cancel", reason="")
    assert empty.status == 422
    assert "已撤销：登错楼栋" in empty.submit("/cancel", reason="登错楼栋").text


def test_reading_a_ranking_costs_few_queries(home: Home, world: World) -> None:

    closed(home)
    with count_queries(world.app) as sent:
        home.clerk.open(home.page)
    assert len(sent) <= 9
    world.clock.advance(timedelta(hours=1))


def test_a_ranking_of_130_buildings_stays_light(world: World) -> None:
    home = Home(world)
    grid = world.grid(home.community)
    rows: dict[str, str] = {}
    for number in range(130):
        rows |= row(world.building(grid, f"阳光花园{number}号楼"), "5434"[number % 2 :] + "4" * (number % 2))
    for building, head in zip(home.buildings, home.heads, strict=True):
        home.visits(building, head, 3, solved=True)
    home.clerk.open(f"/console/inspections/{MONTH}").submit(MONTH, **rows)
    closed(home)
    page = home.clerk.open(home.page)
    assert "排名（133 栋）" in page.text
    assets = [home.clerk.client.get(f"/static/{name}").data for name in ("console.css", "console.js")]
    assert len(page.response.data) + sum(map(len, assets)) < 150 * 1024


def published(home: Home) -> None:
    closed(home)
    home.at(11, 2)
    home.clerk.open(home.page).submit("/open_notice")
    home.at(11, 10)
    home.colleague.open(home.page).submit("/seal")
    home.clerk.open(home.page).submit("/publish")


def test_a_month_is_corrected_from_its_page(home: Home, world: World) -> None:
    published(home)
    why = "1栋和2栋的检查表填反了"
    page = home.clerk.open(home.page)
    assert "封存的这一版不会改动" in page.text
    empty = page.submit("/correct", reason=" ")
    assert empty.status == 422
    assert empty.has_form("/correct")
    page = empty.submit("/correct", reason=why)
    assert "更正版的草稿已生成" in page.text
    assert f"更正的理由：{why}" in page.text
    first, second, _ = home.buildings
    home.clerk.open(f"/console/inspections/{MONTH}").submit(MONTH, **row(first, "1111"), **row(second, "5555"))
    corrected = f"{home.page}?version=2"
    page = home.clerk.open(corrected).submit("/redraft")
    assert "重新生成" in page.text
    assert not page.has_form("/correct")
    # Without a version the page shows what counts, and how far the correction has come.
    old = home.clerk.open(home.page)
    assert "第 2 版（更正）是草稿" in old.text
    assert "公布以前，以这一版为准" in old.text
    assert any(link.endswith("?version=2") for link in old.links)
    for move in ("redraft", "open_notice", "seal", "publish", "correct"):
        assert not old.has_form(f"/{move}"), move
    head = Desk(home.heads[0])
    head.open(corrected, 404)
    assert "第 2 版" not in head.open(home.page).text

    page = home.clerk.open(corrected).submit("/open_notice")
    assert "正在公示" in page.text
    assert "第 2 版（更正）正在公示" in head.open(home.page).text
    assert head.open(corrected).status == 200
    home.at(11, 20)
    refused = home.clerk.open(corrected).submit("/seal")
    assert refused.status == 409
    assert "封存要由另一个人来做" in refused.text
    assert home.colleague.open(corrected).submit("/seal").status == 200
    page = home.clerk.open(corrected).submit("/publish")
    assert "已公布，流动红旗生效" in page.text
    assert home.clerk.open(home.page).text == home.clerk.open(corrected).text
    old = home.clerk.open(f"{home.page}?version=1")
    assert "这一版已经更正，以第 2 版（更正）为准" in old.text
    assert old.text.count("封存校验码 ") == 2
    score = next(link for link in old.links if first.public_id in link)
    assert score.endswith("?version=1")
    score = home.clerk.open(score)
    evidence = home.clerk.open(next(link for link in score.links if "star_book" in link))
    assert "这一版的得分和理由是封存时的，没有变" in evidence.text
    assert "第 2 版（更正）" in home.clerk.open("/console/months").text


def test_a_correction_shows_on_the_way_in(home: Home) -> None:
    published(home)
    home.clerk.open(home.page).submit("/correct", reason="登记错了")
    assert "第 2 版（更正）是草稿" in home.clerk.open("/console").text
    assert "第 2 版（更正）是草稿" in home.clerk.open("/console/months").text
    street = Desk(home.world.staff(Role.STREET, home.world.street()))
    assert "第 2 版（更正）是草稿" in street.open(f"/console/months?month={MONTH}").text
    assert not street.open(home.page).has_form("/correct")


def test_a_neighbour_has_no_page_of_a_correction(home: Home, world: World) -> None:
    published(home)
    home.clerk.open(home.page).submit("/correct", reason="登记错了")
    other = Desk(world.staff(Role.COMMUNITY, world.community("和谐社区")))
    for address in (f"{home.page}?version=2", f"{home.page}/export?version=2"):
        other.open(address, 404)
