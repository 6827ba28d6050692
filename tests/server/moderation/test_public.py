"""What anybody in the stairwell sees: only what passed, only of this building, nothing of anybody."""

import html

import pytest

from models.enums import CheckState, IssueCategory
from server.rules.publicity import LISTED, Publicity, publicity
from tests.queries import count_queries
from tests.server.moderation.conftest import Checking, ChosenWeChat
from tests.server.web.stairwell import Stairwell
from wechat.gateway import Suggestion, Verdict

S = CheckState
WHOLE = [c for c in LISTED if publicity(c) is Publicity.WHOLE]


def test_a_text_is_public_after_it_passed_and_at_no_moment_before(check: Checking, wechat: ChosenWeChat) -> None:
    """Between report and verdict, while WeChat thinks, and after a bad verdict: the category alone."""
    seen: list[str] = []

    def look() -> None:
        seen.append(str(check.public()) + check.page)

    wechat.verdict = Verdict(Suggestion.RISKY, 20003, "t")
    wechat.during = look
    check.report("骂人的话RISKY", spot="楼道RISKY")
    look()
    check.ask()
    look()
    check.work()
    look()
    check.forward(hours=5)
    look()
    assert len(seen) == 5
    assert not any("RISKY" in told for told in seen)
    (item,) = check.public()
    assert (item["category"], item["state"], item["excerpt"], item["spot"], item["photos"]) == (
        "leak", "reported", "", "", [],
    )  # fmt: skip
    assert check.states() == [S.WITHHELD]


def test_a_text_that_passed_is_shown_and_disappears_when_withheld(check: Checking) -> None:
    check.report("三楼水管漏水", spot="2单元3楼")
    check.work()
    (item,) = check.public()
    assert (item["excerpt"], item["spot"], item["since"]) == ("三楼水管漏水", "2单元3楼", "2026-10-12")
    assert "三楼水管漏水" in check.page
    assert check.decide(False, "写了门牌").status_code == 200
    (item,) = check.public()
    assert (item["excerpt"], item["spot"]) == ("", "")
    assert "三楼水管漏水" not in check.page


def test_nothing_of_anybody_is_shown(check: Checking) -> None:
    issue = check.report(
        "302室漏水，找我13812345678，身份证11010519491231002X", spot="302室", contact="13987654321", photos=1
    )
    check.work()
    check.decide(True, "可以")
    check.push()
    (item,) = check.public()
    seen = {"id", "category", "category_name", "state", "state_name", "since", "excerpt", "spot", "photos", "joined"}
    assert set(item) == seen
    assert (item["excerpt"], item["spot"]) == ("＊＊＊室漏水，找我＊＊＊，身份证＊＊＊", "")
    page = check.page.partition('<ul class="going">')[2].partition("</ul>")[0]
    assert item["id"] != issue
    for secret in ("302", "138", "139", "1101", issue, check.reporter.public_id, "09:00"):
        assert secret not in str({k: v for k, v in item.items() if k not in ("photos", "id")})
        assert secret not in page.replace(item["photos"][0]["id"], "")


def test_what_is_about_the_head_is_not_listed_at_all(check: Checking) -> None:
    check.report("楼栋长不理人", about_head=True, photos=1)
    check.work()
    check.push()
    assert check.public() == []
    assert "正在办的事" not in check.page


@pytest.mark.parametrize("category", list(IssueCategory))
def test_private_matters_stay_private(check: Checking, category: IssueCategory) -> None:
    check.report("只说这一句", category=category, photos=1)
    check.work()
    check.push()
    assert check.states() == [S.PASSED, S.PASSED]
    items = check.public()
    match publicity(category):
        case Publicity.NOTHING:
            assert items == []
        case Publicity.CATEGORY:
            assert [(i["category"], i["excerpt"], i["photos"]) for i in items] == [(category, "", [])]
        case _:
            assert [(i["category"], i["excerpt"], len(i["photos"])) for i in items] == [(category, "只说这一句", 1)]
    photo = check.clerk.get("/api/v1/moderation?state=passed").json["items"][0]["photo"]
    code = check.building.stairwell_code
    for path in (f"/api/v1/codes/{code}/photos/{photo}", f"/q/{code}/photos/{photo}"):
        status = check.world.anyone().get(path).status_code
        assert status == (200 if publicity(category) is Publicity.WHOLE else 404)


def test_only_this_buildings_open_issues_the_latest_ten(check: Checking) -> None:
    next_door = check.world.building(check.world.place_of(check.building, "grid_id"))
    ended = check.report("已经撤回的")
    assert check.reporter.post(f"/api/v1/my/issues/{ended}/withdraw", json={}).status_code == 200
    for n in range(12):
        check.report(f"第{n}件漏水", category=WHOLE[n % len(WHOLE)])
    check.work()
    assert check.public(next_door) == []
    items = check.public()
    assert [item["excerpt"] for item in items] == [f"第{n}件漏水" for n in range(11, 1, -1)]
    assert "10 件以上" in check.page


def test_a_photo_is_public_only_between_its_pass_and_its_end(check: Checking) -> None:
    issue = check.report(photos=1)
    check.work()
    code = check.building.stairwell_code
    photo = check.clerk.get(f"/api/v1/issues/{issue}").json["photos"][0]["id"]
    anyone = check.world.anyone()
    paths = (f"/api/v1/codes/{code}/photos/{photo}", f"/q/{code}/photos/{photo}")

    def statuses(**headers: str) -> list[int]:
        return [anyone.get(path, headers=headers).status_code for path in paths]

    assert statuses() == [404, 404]
    assert check.public()[0]["photos"] == []
    check.push()
    assert statuses() == [200, 200]
    assert [p["id"] for p in check.public()[0]["photos"]] == [photo]
    shown = anyone.get(paths[0])
    assert (shown.content_type, shown.headers["Cache-Control"]) == ("image/jpeg", "private, no-cache")
    tag = {"If-None-Match": shown.headers["ETag"]}
    assert statuses(**tag) == [304, 304]
    next_door = check.world.building(check.world.place_of(check.building, "grid_id"))
    assert anyone.get(f"/q/{next_door.stairwell_code}/photos/{photo}").status_code == 404
    check.decide(False, "有人脸", at=1)
    assert statuses(**tag) == [404, 404]
    check.decide(True, "看错了", at=1)
    assert statuses() == [200, 200]
    check.reporter.post(f"/api/v1/my/issues/{issue}/withdraw", json={})
    assert statuses() == [404, 404]


def test_an_old_code_opens_nothing(check: Checking) -> None:
    check.report(photos=1)
    check.work()
    code = check.building.stairwell_code
    anyone = check.world.anyone()
    assert (
        check.clerk.post(f"/api/v1/places/{check.building.public_id}/code/rotations", json={"why": "torn"}).status_code
        == 201
    )
    assert anyone.get(f"/api/v1/codes/{code}/issues").status_code == 410
    assert anyone.get("/api/v1/codes/c00000000/issues").status_code == 404
    assert anyone.get(f"/api/v1/codes/{code}/photos/{'0' * 16}").status_code == 410


def test_the_list_costs_three_queries_and_the_page_one_more(check: Checking) -> None:
    for n in range(10):
        check.wechat.order = f"trace-{n}"
        check.report(photos=1)
        check.work()
        check.push(trace=f"trace-{n}")
    code = check.building.stairwell_code
    for path, most in ((f"/api/v1/codes/{code}/issues", 3), (f"/q/{code}", 4)):  # the page asks for the rule book too
        with count_queries(check.world.app) as sent:
            assert check.world.anyone().get(path).status_code == 200
        assert len(sent) == most, sent


def test_the_fullest_page_stays_small(check: Checking) -> None:
    for _ in range(10):
        check.report("漏" * 2000, spot="楼" * 60, anonymous=True, photos=6)
    check.work()
    for at in range(len(check.checks())):
        check.decide(True, at=at)
    assert len(check.public()[0]["photos"]) == 3
    assert len(check.page.encode()) < 60_000


def test_words_are_shown_as_words(check: Checking) -> None:
    check.report("<script>alert(1)</script>&\"'")
    check.work()
    (item,) = check.public()
    assert item["excerpt"] == "<script>alert(1)</script>&\"'"
    assert "<script>alert" not in check.page
    assert html.escape("<script>alert(1)") in check.page


def test_a_page_with_a_refused_form_still_tells_what_is_going_on(check: Checking) -> None:
    check.report()
    check.work()
    refused = Stairwell(check.world, check.building).post(text="没选类别")
    assert refused.status_code == 422
    assert "这栋楼正在办的事" in refused.text
