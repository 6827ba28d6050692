"""The office's queue: who sees it, who decides, and that every decision can be answered for."""

from itertools import pairwise

import pytest
import sqlalchemy as sa

from models import AuditEvent
from models.enums import CheckState, Role
from tests.queries import count_queries
from tests.server.moderation.conftest import Checking
from tests.world import Caller

S = CheckState


def callers(check: Checking) -> dict[Caller, tuple[int, int]]:
    """Everybody, with what they get: the list (200 with the row, 404 without it, 401, 403) and a decision."""
    world = check.world
    return {
        world.staff(Role.COMMUNITY, world.community()): (404, 404),
        check.clerk: (200, 200),
        world.staff(Role.STREET, world.street()): (200, 200),
        world.head(check.building): (403, 403),
        world.staff(Role.GRID, world.place_of(check.building, "grid_id")): (403, 403),
        world.staff(Role.DISTRICT, world.district()): (403, 403),
        world.staff(Role.DEPARTMENT, world.district()): (403, 403),
        world.staff(Role.OPERATOR, world.district()): (403, 403),
        world.resident(): (403, 403),
        world.anyone(): (401, 401),
    }


def test_the_neighbours_queue_is_not_there(check: Checking) -> None:
    for passes, (caller, (seen, decided)) in enumerate(callers(check).items()):
        check.report("傻逼物业", anonymous=True)
        check.work()
        at = len(check.checks()) - 1
        listed = caller.get("/api/v1/moderation")
        status = listed.status_code
        if status == 200 and not listed.json["items"]:
            status = 404
        assert status == seen
        assert check.decide(bool(passes % 2), "看过", by=caller, at=at).status_code == decided
        assert check.states()[at] is (S.QUEUED if decided != 200 else (S.PASSED if passes % 2 else S.WITHHELD))


def test_a_clerk_who_is_a_head_reads_and_decides_no_complaint_about_herself(check: Checking) -> None:
    """The list of issues keeps it from her, whatever other post she has: so does the queue."""
    both = check.world.person((Role.HEAD, check.building), (Role.COMMUNITY, check.community))
    check.report("楼栋长不理人", anonymous=True, about_head=True)
    check.report("三楼漏水", anonymous=True)
    check.work()
    assert [item["text"] for item in check.queue(both)] == ["三楼漏水"]
    assert check.decide(False, "没有的事", by=both, at=0).status_code == 404
    assert check.decide(True, by=both, at=1).status_code == 200
    assert [item["text"] for item in check.queue()] == ["楼栋长不理人"]


def test_a_row_tells_what_is_needed_to_decide(check: Checking) -> None:
    check.report("三楼漏水，加微信abc_12345", anonymous=True, spot="3楼", photos=1, contact="13812345678")
    check.work()
    text, photo = check.queue()
    assert (text["text"], text["spot"], text["label"], text["label_name"]) == (
        "三楼漏水，加微信abc_12345",
        "3楼",
        "ads",
        "广告",
    )
    assert (text["photo"], text["building"], text["category"]) == (None, check.building.public_id, "leak")
    assert (photo["text"], photo["spot"], photo["label"]) == ("", "", "unchecked")
    assert check.clerk.get(f"/api/v1/photos/{photo['photo']}").status_code == 200
    assert "13812345678" not in str((text, photo))


def test_a_row_says_whether_neighbours_would_see_it(check: Checking) -> None:
    check.report(anonymous=True, photos=1)
    check.report("楼上吵", anonymous=True, category="noise")
    check.report("楼栋长不理人", anonymous=True, about_head=True)
    check.work()
    assert [item["shows"] for item in check.queue()] == [True, True, False, False]


def test_a_note_shows_its_own_words_without_the_laws(check: Checking) -> None:
    issue = check.report(anonymous=False)
    check.forward(hours=3)
    check.reporter.post(f"/api/v1/my/issues/{issue}/notes", json={"text": "第一行\n第二行"})
    check.work()
    assert [item["text"] for item in check.queue()] == ["三楼水管漏水", "第一行\n第二行"]


def test_the_longest_wait_comes_first_and_samples_the_newest(check: Checking) -> None:
    for n in range(5):
        check.report(f"第{n}件 漏水", anonymous=True)
        check.work()
    assert [item["text"][1] for item in check.queue()] == list("01234")
    for n in range(5):
        assert check.decide(True, at=n).status_code == 200
    assert check.queue() == []
    assert [item["text"][1] for item in check.queue(state="passed")] == list("43210")


@pytest.mark.parametrize("state", ["queued", "passed"])
def test_pages_meet_without_gap_or_repetition(check: Checking, state: str) -> None:
    for _ in range(7):
        check.report("漏水" if state == "queued" else "楼上往下漏水", anonymous=True)
    check.work()
    seen, cursor = [], None
    while True:
        query = {"state": state, "limit": 3} | ({"cursor": cursor} if cursor else {})
        answer = check.clerk.get("/api/v1/moderation", query_string=query).json
        seen += [item["id"] for item in answer["items"]]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    ids = [row.public_id for row in check.checks()]
    assert seen == (ids if state == "queued" else ids[::-1])


def test_the_queue_costs_two_queries_however_long(check: Checking) -> None:
    for _ in range(6):
        check.report(anonymous=True)
    check.work()
    with count_queries(check.world.app) as sent:
        assert len(check.queue()) == 6
    assert len(sent) == 2, sent


def test_withholding_says_why_and_passing_need_not(check: Checking) -> None:
    check.report(anonymous=True)
    check.work()
    refused = check.decide(False)
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "reason")
    shown = check.decide(True)
    assert (shown.status_code, shown.json["state"], shown.headers["ETag"]) == (200, "passed", '"2"')
    assert check.decide(True, "还是可以").json["code"] == "already_decided"
    assert check.decide(False).status_code == 422
    again = check.decide(False, "细看写了门牌")
    assert (again.status_code, again.json["reason"]) == (200, "细看写了门牌")


def test_nobody_decides_over_what_they_have_not_seen(check: Checking) -> None:
    check.report(anonymous=True)
    check.work()
    path = f"/api/v1/moderation/{check.checks()[0].public_id}/decide"
    assert check.clerk.post(path, json={"pass": True}).status_code == 428
    assert check.decide(True, version=1).status_code == 200
    assert check.decide(False, "晚了一步", version=1).status_code == 412
    assert check.states() == [S.PASSED]


def test_nobody_judges_their_own_words(check: Checking) -> None:
    check.reporter = check.world.staff(Role.COMMUNITY, check.community)
    check.report()
    check.work()
    assert check.decide(True, by=check.reporter).status_code == 403
    assert check.decide(True).status_code == 200


def test_wechats_verdict_can_be_overturned_with_a_reason(check: Checking) -> None:
    from wechat.gateway import Suggestion, Verdict

    check.wechat.verdict = Verdict(Suggestion.RISKY, 20003, "t")
    check.report()
    check.work()
    assert check.states() == [S.WITHHELD]
    assert check.decide(True).status_code == 422
    assert check.decide(True, "说的是水管，不是骂人").status_code == 200
    assert check.states() == [S.PASSED]


def test_every_decision_is_in_the_trail(check: Checking) -> None:
    check.report(anonymous=True)
    check.work()
    check.decide(True)
    check.decide(False, "写了门牌")
    with check.world.reading() as connection:
        trail = connection.execute(
            sa.select(AuditEvent.actor_id, AuditEvent.actor_role, AuditEvent.subject, AuditEvent.detail).where(
                AuditEvent.action == "content:decide"
            )
        ).all()
    subject = f"content:{check.checks()[0].public_id}"
    assert [tuple(row) for row in trail] == [
        (check.clerk.person_id, Role.COMMUNITY, subject, {"from": "queued", "to": "passed", "reason": ""}),
        (check.clerk.person_id, Role.COMMUNITY, subject, {"from": "passed", "to": "withheld", "reason": "写了门牌"}),
    ]


def test_staff_see_at_once_with_the_mark_and_the_reporter_sees_their_own(check: Checking) -> None:
    issue = check.report(photos=1)
    check.ask()
    for view in (
        check.world.head(check.building).get(f"/api/v1/issues/{issue}").json,
        check.clerk.get(f"/api/v1/issues/{issue}").json,
        check.reporter.get(f"/api/v1/my/issues/{issue}").json,
    ):
        assert view["text"] == "三楼水管漏水"
        assert [event["check"] for event in view["timeline"]] == ["waiting"]
        assert [photo["check"] for photo in view["photos"]] == ["waiting"]
    check.work()
    assert check.decide(False, "写了名字", at=1).status_code == 200
    view = check.clerk.get(f"/api/v1/issues/{issue}").json
    assert [view["timeline"][0]["check"], view["photos"][0]["check"]] == ["passed", "withheld"]


def test_versions_only_grow(check: Checking) -> None:
    check.report(photos=1)
    versions = [check.ask() and check.checks()[1].version]
    check.work()
    check.push("review", 21000)
    versions.append(check.checks()[1].version)
    check.decide(True, at=1)
    versions.append(check.checks()[1].version)
    assert all(a < b for a, b in pairwise(versions))


def test_whoever_typed_a_report_in_does_not_judge_it(check: Checking) -> None:
    """代报: the clerk who wrote down what a resident said would pass her own words, and her own pictures of it."""
    body = {"building": check.building.public_id, "category": "noise", "text": "楼上半夜拖桌子", "channel": "phone"}
    told = check.clerk.post("/api/v1/issues", json=body)
    check.world.anyone().post(f"/api/v1/claims/{told.json['claim_code']}/notes", json={"text": "今晚又拖了"})
    check.work()
    for at in (0, 1):  # the report, and what was added under the claim code she was shown
        refused = check.decide(True, at=at)
        assert (refused.status_code, refused.json["code"]) == (403, "forbidden")
        assert "代报" in refused.json["detail"]
    colleague = check.world.staff(Role.COMMUNITY, check.community)
    assert [check.decide(True, by=colleague, at=at).status_code for at in (0, 1)] == [200, 200]
