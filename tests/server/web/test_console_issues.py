"""The ledger at the console: whose issues are seen, each move by its form, and what a form keeps when it is refused."""

import io
from datetime import timedelta

import pytest
import sqlalchemy as sa
from PIL import Image

from models import AuditEvent, Issue, IssueEvent
from models.enums import Role
from tests.queries import count_queries
from tests.server.web.desk import Desk
from tests.world import Spot, World


class Street:
    """A building with its people at the console."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.community = world.community("幸福社区")
        self.grid = world.grid(self.community)
        self.building = world.building(self.grid, "3栋")
        self.head = Desk(world.head(self.building))
        self.worker = Desk(world.staff(Role.GRID, self.grid))
        self.clerk = Desk(world.staff(Role.COMMUNITY, self.community))
        self.officer = Desk(world.staff(Role.STREET, world.street()))

    def report(self, building: Spot | None = None, **changes: object) -> str:
        """A scanned report's id."""
        body = {"category": "lift", "text": "电梯停在四楼，老人下不了楼", **changes}
        code = (building or self.building).stairwell_code
        answer = self.world.anyone().post(f"/api/v1/codes/{code}/issues", json=body)
        assert answer.status_code == 201, answer.json
        self.claim = answer.json["claim_code"]
        return str(answer.json["id"])


@pytest.fixture
def street(world: World) -> Street:
    return Street(world)


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), "red").save(out, "JPEG")
    return out.getvalue()


def test_a_neighbour_finds_nothing(street: Street, world: World) -> None:
    issue = street.report()
    neighbour = Desk(world.staff(Role.COMMUNITY, world.community()))
    token = neighbour.open("/console").value("/sign-out", "form_token")
    assert neighbour.open(f"/console/issues/{issue}", 404)
    for move in ("accept", "start", "note", "resolve", "decline", "join", "pass_up", "visit", "contact"):
        data = {
            "form_token": token,
            "text": "x",
            "responsible": "y",
            "target": issue,
            "reason": "好奇",
            "solved": "true",
        }
        assert neighbour.client.post(f"/console/issues/{issue}/{move}", data=data).status_code == 404, move
    assert "没有符合条件的诉求" in neighbour.open("/console/issues").text


def test_a_neighbours_building_cannot_be_reported_for_nor_filtered(street: Street, world: World) -> None:
    neighbour = Desk(world.staff(Role.COMMUNITY, world.community()))
    page = neighbour.open("/console/issues/new")
    token = page.value("/issues/new", "form_token")
    data = {"form_token": token, "building": street.building.public_id, "category": "lift", "text": "x"}
    assert neighbour.client.post("/console/issues/new", data=data).status_code == 404
    assert neighbour.open(f"/console/issues/new?building={street.building.public_id}", 404)
    street.report()
    assert "没有符合" in neighbour.open(f"/console/issues?building={street.building.public_id}").text


def test_a_form_of_another_site_moves_nothing(street: Street) -> None:
    issue = street.report()
    answer = street.clerk.client.post(f"/console/issues/{issue}/accept", data={"text": ""})
    assert answer.status_code == 403
    assert "待受理" in street.clerk.open(f"/console/issues/{issue}").text


def test_from_accepting_to_resolving_by_forms(street: Street) -> None:
    issue = street.report()
    page = street.head.open(f"/console/issues/{issue}").submit("/accept", text="马上去看")
    assert "已受理。" in page.text
    assert "马上去看" in page.text
    page = page.submit("/start")
    assert "已开始办理。" in page.text
    page = page.submit("/note", text="配件周三到")
    assert "配件周三到" in page.text
    page = page.submit("/resolve", text="已更换抱闸", files={"photos": [picture(), picture()]})
    assert "已办结待确认" in page.text
    assert page.html.count("<img") == 2
    photo = next(link for link in page.links if "/console/photos/" in link)
    shown = street.head.client.get(photo)
    assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")
    assert street.head.client.get(photo, headers={"If-None-Match": shown.headers["ETag"]}).status_code == 304
    neighbour = Desk(street.world.head(street.world.building()))
    assert neighbour.client.get(photo).status_code == 404


def test_the_community_notes_a_return_visit(street: Street) -> None:
    issue = street.report()
    street.head.open(f"/console/issues/{issue}").submit("/resolve", text="修好了")
    page = street.clerk.open(f"/console/issues/{issue}")
    page = page.submit("/visit", contacted="true", solved="false", satisfaction="unsatisfied", text="还是停在四楼")
    assert "还没好，重新办理" in page.text
    assert "还是停在四楼" in page.text
    assert "返工" in page.text


def test_a_return_visit_without_an_answer_says_so_and_keeps_the_words(street: Street) -> None:
    issue = street.report()
    street.head.open(f"/console/issues/{issue}").submit("/resolve", text="修好了")
    page = street.clerk.open(f"/console/issues/{issue}").submit("/visit", text="没有人接电话")
    assert page.status == 409
    assert "请至少回答一个" in page.text
    assert page.value("/visit", "text") == "没有人接电话"


def test_declining_names_who_is_responsible(street: Street) -> None:
    issue = street.report()
    page = street.clerk.open(f"/console/issues/{issue}").submit("/decline", text="属于燃气设施")
    assert page.status == 422
    assert "必须填写" in page.text
    assert page.value("/decline", "text") == "属于燃气设施"
    page = page.submit("/decline", responsible="燃气公司 96777")
    assert "不予受理，这件事由燃气公司 96777负责" in page.text


def test_joining_offers_the_open_issues_of_the_same_building(street: Street, world: World) -> None:
    first, second = street.report(), street.report(text="电梯又坏了")
    elsewhere = street.report(world.building(street.grid, "4栋"))
    ended = street.report(text="早就好了")
    street.clerk.open(f"/console/issues/{ended}").submit("/decline", text="重复", responsible="物业")
    page = street.clerk.open(f"/console/issues/{second}")
    assert page.form("/join").options["target"] == ["", first]
    assert elsewhere not in page.html
    assert ended not in page.html
    page = page.submit("/join", target=first)
    assert "已并案" in page.text
    assert f"/console/issues/{first}" in page.links


def test_passing_up_goes_one_level_up(street: Street) -> None:
    issue = street.report()
    page = street.worker.open(f"/console/issues/{issue}")
    assert "to_level" not in page.form("/pass_up").names
    page = page.submit("/pass_up", text="要协调电梯公司")
    assert "转到社区办理" in page.text
    assert not page.has_form("/accept")


def test_a_head_is_not_offered_what_she_may_not_do(street: Street) -> None:
    page = street.head.open(f"/console/issues/{street.report()}")
    assert not page.has_form("/decline")
    assert not page.has_form("/visit")
    answer = street.head.client.post(
        page.form("/accept").action.replace("accept", "decline"),
        data={"form_token": page.value("/accept", "form_token"), "text": "x", "responsible": "y"},
    )
    assert answer.status_code == 403


def test_a_move_that_came_too_late_is_told_beside_its_form(street: Street) -> None:
    issue = street.report()
    stale = street.clerk.open(f"/console/issues/{issue}")
    street.head.open(f"/console/issues/{issue}").submit("/resolve", text="修好了")
    page = stale.submit("/decline", text="不归我们", responsible="物业")
    assert page.status == 409
    assert "不能不予受理" in page.text
    assert "您刚才写的： 不归我们" in page.text


def test_a_form_sent_twice_is_done_once(street: Street, world: World) -> None:
    page = street.head.open(f"/console/issues/{street.report()}")
    page.submit("/note", text="配件周三到")
    again = page.submit("/note", text="配件周三到")
    assert again.status == 200
    with world.reading() as connection:
        query = sa.select(sa.func.count()).select_from(IssueEvent).where(IssueEvent.text.contains("配件周三到"))
        assert connection.execute(query).scalar() == 1
    changed = page.submit("/note", text="配件周四到")
    assert changed.status == 422
    assert "这一页已经提交过一次了" in changed.text


def test_the_reporters_phone_is_opened_with_a_reason_and_noted(street: Street, world: World) -> None:
    issue = street.report(contact="13812345678")
    page = street.clerk.open(f"/console/issues/{issue}")
    assert "13812345678" not in page.html
    assert page.submit("/contact", reason="").status == 422
    page = page.submit("/contact", reason="约上门时间")
    assert "13812345678" in page.text
    with world.reading() as connection:
        event = connection.execute(sa.select(AuditEvent.detail).where(AuditEvent.action == "issue:reveal")).scalar_one()
    assert event == {"field": "contact", "reason": "约上门时间"}


def test_a_report_for_a_resident_gives_the_claim_code_once(street: Street, world: World) -> None:
    page = street.clerk.open("/console/issues/new")
    assert page.form("/issues/new").options["building"] == ["", street.building.public_id]
    page = page.submit(
        "/issues/new",
        building=street.building.public_id,
        category="leak",
        text="三楼渗水到二楼",
        channel="phone",
        contact="13812345678",
        files={"photos": [picture()]},
    )
    assert page.status == 200
    assert "请把这张回执交给居民" in page.text
    issue = next(link for link in page.links if "/console/issues/" in link and not link.endswith("/new"))
    shown = street.clerk.open(issue)
    assert "电话" in shown.text
    assert shown.html.count("<img") == 1
    with world.reading() as connection:
        assert connection.execute(sa.select(Issue.reporter_id)).scalar_one() is None


def test_a_refused_report_keeps_what_was_typed(street: Street) -> None:
    page = street.clerk.open("/console/issues/new").submit(
        "/issues/new",
        building=street.building.public_id,
        category="leak",
        text="渗水",
        contact="请打给我",
        about_head="true",
    )
    assert page.status == 422
    assert "电话号码只能是数字、空格和横线" in page.text
    form = dict(page.form("/issues/new").fields)
    assert (form["building"], form["category"], form["text"]) == (street.building.public_id, "leak", "渗水")
    assert (form["contact"], form["about_head"]) == ("请打给我", "true")


def test_a_broken_photo_is_told_beside_the_form_and_nothing_is_filed(street: Street, world: World) -> None:
    page = street.clerk.open("/console/issues/new").submit(
        "/issues/new",
        building=street.building.public_id,
        category="leak",
        text="渗水",
        files={"photos": [b"\xff\xd8\xff" + b"not a picture" * 9]},
    )
    assert page.status == 422
    assert "这张照片打不开" in page.text
    assert page.value("/issues/new", "text") == "渗水"
    with world.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(Issue)).scalar() == 0


def test_hostile_text_is_shown_as_text(street: Street) -> None:
    nasty = '<script>alert(1)</script><img src=x onerror="x"> {{ 7*7 }} "quoted"'
    issue = street.report(text=nasty, spot="<b>三楼</b>")
    for path in ("/console/issues", f"/console/issues/{issue}", "/console"):
        page = street.clerk.open(path)
        assert "<script>alert" not in page.html
        assert "<img src=x" not in page.html
        assert "<b>" not in page.html
    shown = street.clerk.open(f"/console/issues/{issue}")
    assert nasty in shown.text
    page = shown.submit("/decline", text=nasty)
    assert page.value("/decline", "text") == nasty
    assert "<script>alert" not in page.html


def test_the_list_filters_and_turns_its_pages(street: Street, world: World) -> None:
    for number in range(25):
        world.clock.advance(timedelta(minutes=1))
        street.report(text=f"第{number}件", category="lift" if number % 2 else "leak")
    page = street.clerk.open("/console/issues?family=open")
    assert "第24件" in page.text
    assert "第4件" not in page.text
    following = next(link for link in page.links if "cursor=" in link)
    assert "family=open" in following
    page = street.clerk.open(following)
    assert "第4件" in page.text
    assert "第24件" not in page.text
    page = street.clerk.open("/console/issues?category=leak&level=head&building=" + street.building.public_id)
    assert "第24件" in page.text
    assert "第23件" not in page.text
    assert "没有符合" in street.clerk.open("/console/issues?state=resolved").text


def test_a_filter_that_cannot_be_is_told(street: Street) -> None:
    for query in ("family=all", "category=fire", "cursor=!!", "building=1", "limit=5000", "color=red"):
        assert street.clerk.open(f"/console/issues?{query}", 422), query


def test_today_shows_what_waits_at_my_level(street: Street) -> None:
    street.report()
    street.report(about_head=True, text="楼长不理人")
    home = street.worker.open("/console")
    assert "楼长不理人" in home.text
    assert "电梯停在四楼" not in home.text
    head = street.head.open("/console")
    assert "电梯停在四楼" in head.text
    assert "楼长不理人" not in head.text


def test_an_address_of_a_form_leads_back_to_its_page(street: Street) -> None:
    issue = street.report()
    answer = street.clerk.client.get(f"/console/issues/{issue}/decline")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/console/issues/{issue}#decline")


def test_the_ledger_costs_the_same_few_queries_however_long(street: Street, world: World) -> None:
    street.report()
    with count_queries(world.app) as one:
        street.clerk.open("/console/issues")
    for _ in range(19):
        street.report()
    with count_queries(world.app) as twenty:
        street.clerk.open("/console/issues")
    assert len(one) == len(twenty) <= 5  # with the places and the colleagues to choose from
