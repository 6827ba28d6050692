"""Handing over, pauses, more time, urging, triage and the end of an issue through their doors: rights, rows, what is shown."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from models import CommunityMonth, Extension, Issue, ReturnVisit, RuleSet, TriageDecision, Turn
from models.enums import Level, MonthState, Role, Triage, TurnEnd
from server.jobs import relay
from tests.server.issues.test_clockwork import offices, rows, start_clock
from tests.server.issues.test_life import move, reported, say
from tests.world import Caller, Spot, World

__all__ = ["offices"]
Offices = tuple[Spot, dict[Level, Caller]]
DONE = {"text": "修好了", "done_by": "物业电工"}
NEW_DOORS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("sign-in", {}),
    ("contacted", {}),
    ("triage", {"triage": "big"}),
    ("follow-up", {"text": "x"}),
    ("assign", {"to_level": "head"}),
    ("push-back", {"text": "x"}),
    ("suspend", {"text": "x", "until": "2026-10-19T09:00:00+08:00"}),
    ("resume", {}),
    ("extension", {"text": "x", "workdays": 3}),
    ("extension/grant", {}),
    ("extension/refuse", {"text": "x"}),
    ("urge", {}),
)


def titles(world: World, caller: Caller) -> list[str]:
    relay.run(world.app)
    return [item["title"] for item in caller.get("/api/v1/messages").json["items"]]


def test_a_neighbour_finds_nothing_and_a_resident_may_nothing(world: World) -> None:
    issue, _ = reported(world, world.building())
    neighbour, resident = world.staff(Role.COMMUNITY, world.community()), world.resident()
    for verb, body in NEW_DOORS:
        assert move(neighbour, issue, verb, **body).status_code == 404, verb
        assert move(resident, issue, verb, **body).status_code == 403, verb
    assert neighbour.get(f"/api/v1/issues/{issue}/colleagues").status_code == 404
    assert resident.post(f"/api/v1/my/issues/{issue}/urge", json={}).status_code == 404


def test_a_heads_clock_stops_when_she_has_passed_it_up(world: World, offices: Offices) -> None:
    building, people = offices
    issue, _ = reported(world, building)
    now = world.clock.now()
    start_clock(world, sign_in_due_at=now + timedelta(hours=2), due_at=now + timedelta(days=5))
    assert move(people[Level.HEAD], issue, "sign-in").json["hands"]["signed_in_at"] is not None
    world.clock.advance(timedelta(hours=1))
    up = move(people[Level.HEAD], issue, "pass-up", text="要动主管道").json
    assert up["hands"]["holder"].endswith(("网格员", "网格网格员"))
    assert up["hands"]["signed_in_at"] is None
    assert up["hands"]["sign_in_due_at"].startswith("2026-10-12T03:00")  # one working hour from 10:00, in UTC
    ((level, end, began, signed, ended),) = rows(
        world, Turn.level, Turn.end, Turn.began_at, Turn.signed_in_at, Turn.ended_at
    )
    assert (level, end) == (Level.HEAD, TurnEnd.PASSED_UP)
    assert (began, signed, ended) == (now, now, now + timedelta(hours=1))
    # back down: by the grid worker to the head, counted, with new clocks
    back = move(people[Level.GRID], issue, "push-back", text="请先请物业看").json
    assert (back["level"], back["hands"]["pushed_back"]) == ("head", 1)
    assert "请先请物业看" in back["timeline"][-1]["text"]
    assert "的诉求被退回" in titles(world, people[Level.HEAD])[0]
    assert move(people[Level.GRID], issue, "push-back", text="x").status_code == 409


def test_handing_down_and_to_a_colleague(world: World, offices: Offices) -> None:
    building, people = offices
    clerk = people[Level.COMMUNITY]
    community = world.place_of(building, "community_id")
    colleague, other = world.staff(Role.COMMUNITY, community), world.staff(Role.COMMUNITY, community)
    issue, _ = reported(world, building)
    assert move(people[Level.HEAD], issue, "assign", to_level="grid").status_code == 403
    move(people[Level.HEAD], issue, "pass-up", text="x")
    move(people[Level.GRID], issue, "pass-up", text="x")
    assert move(clerk, issue, "assign").status_code == 422
    known = {item["id"] for item in clerk.get(f"/api/v1/issues/{issue}/colleagues").json["items"]}
    assert known == {colleague.public_id, other.public_id}
    given = move(clerk, issue, "assign", assignee=colleague.public_id, text="请今天去看").json
    assert (given["level"], given["hands"]["assigned"]) == ("community", True)
    assert any("交给您办" in title for title in titles(world, colleague))
    assert not any("交给您办" in title for title in titles(world, other))
    stranger = world.staff(Role.COMMUNITY, world.community())
    refused = move(clerk, issue, "assign", assignee=stranger.public_id)
    assert (refused.status_code, refused.json["code"]) == (409, "not_staffed")
    down = move(clerk, issue, "assign", to_level="head").json
    assert (down["level"], down["hands"]["assigned"], down["state"]) == ("head", False, "reported")
    assert [turn.end for turn in rows(world, Turn.end, order=Turn.id)] == [
        TurnEnd.PASSED_UP,
        TurnEnd.PASSED_UP,
        TurnEnd.ASSIGNED,
        TurnEnd.ASSIGNED,
    ]


def test_a_complaint_about_a_head_is_never_handed_to_her(world: World) -> None:
    building = world.building()
    both = world.person((Role.HEAD, building), (Role.GRID, world.place_of(building, "grid_id")))
    clerk = world.staff(Role.COMMUNITY, world.place_of(building, "community_id"))
    issue, _ = reported(world, building, about_head=True)
    for level, code in (("head", "about_head"), ("grid", "not_staffed")):  # she works the grid, too
        refused = move(clerk, issue, "assign", to_level=level)
        assert (refused.status_code, refused.json["code"]) == (409, code)
    assert titles(world, both) == []


def test_more_time_is_asked_for_decided_above_and_shown(world: World, offices: Offices) -> None:
    building, people = offices
    head, worker = people[Level.HEAD], people[Level.GRID]
    issue, claim = reported(world, building)
    start_clock(world, due_at=world.clock.now() + timedelta(days=2, hours=8))  # Wednesday 17:00
    assert move(head, issue, "extension", text="等备件", workdays=16).status_code == 422
    asked = move(head, issue, "extension", text="等备件", workdays=3).json
    assert asked["hands"]["extension_asked"] == 3
    assert "grant_extension" not in asked["moves"]
    assert any("申请延期" in title for title in titles(world, worker))
    assert world.anyone().get(f"/api/v1/claims/{claim}").json["hands"]["extension_asked"] == 3
    assert move(head, issue, "extension/grant").status_code == 403
    granted = move(worker, issue, "extension/grant", text="可以").json
    assert granted["due_at"].startswith("2026-10-19T09:00")  # Monday 17:00
    assert (granted["hands"]["extensions"], granted["hands"]["extension_asked"]) == (1, None)
    assert move(worker, issue, "extension/refuse", text="x").json["code"] == "nothing_asked"
    assert move(head, issue, "extension", text="还要等", workdays=1).status_code == 200
    assert move(worker, issue, "extension/refuse", text="够了").json["due_at"] == granted["due_at"]
    # what nobody decided is over when the issue goes on
    assert move(head, issue, "extension", text="还要等", workdays=1).status_code == 200
    assert move(head, issue, "pass-up", text="x").json["hands"]["extension_asked"] is None
    assert rows(world, Extension.granted, Extension.decided_role, order=Extension.id) == [
        (True, Role.GRID),
        (False, Role.GRID),
        (False, None),
    ]


def test_urging_is_once_a_day_a_side_and_tells_the_holder(world: World, offices: Offices) -> None:
    building, people = offices
    issue, claim = reported(world, building)
    first = say(world, claim, "urge", text="老人下不了楼")
    assert (first.status_code, first.json["hands"]["urged"]) == (200, 1)
    assert "urge" not in first.json["moves"]
    again = say(world, claim, "urge")
    assert (again.status_code, again.json["code"]) == (409, "urged_already")
    assert "10月13日09:00以后可以再催" in again.json["detail"]
    assert move(people[Level.COMMUNITY], issue, "urge").json["hands"]["urged"] == 2
    assert move(people[Level.STREET], issue, "urge").json["code"] == "urged_already"
    assert len([title for title in titles(world, people[Level.HEAD]) if "催办" in title]) == 2
    world.clock.advance(timedelta(hours=24))
    assert say(world, claim, "urge").status_code == 200
    assert len(rows(world, Issue.id)) == 1, "it is still the same issue"


def test_a_private_matter_is_decided_by_a_person_followed_up_and_reminded_of(world: World, offices: Offices) -> None:
    from server.issues import service

    building, people = offices
    head = people[Level.HEAD]
    issue, _ = reported(world, building)
    start_clock(
        world, suggested="small", sign_in_due_at=None, contact_due_at=None, due_at=world.clock.now() + timedelta(days=1)
    )
    assert move(head, issue, "triage", triage="private").json["code"] == "reason_missing"
    decided = move(head, issue, "triage", triage="private", text="是自家的轮椅升降机").json
    assert (decided["hands"]["triage"], decided["hands"]["suggested"]) == ("private", "small")
    assert decided["hands"]["follow_up_at"].startswith("2026-10-19T01:00")
    assert decided["due_at"].startswith("2026-10-22T09:00"), "it is settled after it was asked after"
    assert "邻居、志愿者" in decided["timeline"][-1]["text"]
    assert "resolve" not in decided["moves"]
    assert move(head, issue, "resolve", **DONE).json["code"] == "not_asked_after"
    world.clock.advance(timedelta(days=7))
    with world.app.app_context():
        assert service.run_clocks(world.clock.now()) == 1
    assert any("该跟进了" in title for title in titles(world, head))
    followed = move(head, issue, "follow-up", text="邻居帮忙修了", follow_up_at="2026-10-21T09:00:00+08:00").json
    assert followed["hands"]["follow_up_at"].startswith("2026-10-21")
    assert move(head, issue, "follow-up", text="好了").json["hands"]["follow_up_at"] is None
    assert move(head, issue, "resolve", **DONE).status_code == 200
    assert rows(world, TriageDecision.suggested, TriageDecision.decided, TriageDecision.reason) == [
        (Triage.SMALL, Triage.PRIVATE, "是自家的轮椅升降机")
    ]
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), world.writing() as connection:
        connection.execute(sa.update(TriageDecision).values(reason="改写"))


def test_the_end_says_what_was_done_by_whom_and_when(world: World, offices: Offices) -> None:
    building, people = offices
    head = people[Level.HEAD]
    issue, claim = reported(world, building)
    assert move(head, issue, "resolve", text="修好了").status_code == 422
    tomorrow = (world.clock.now() + timedelta(days=1)).isoformat()
    assert move(head, issue, "resolve", **DONE, done_at=tomorrow).json["code"] == "done_at_wrong"
    done = move(head, issue, "resolve", **DONE).json
    assert (done["done_by"], done["done_at"] is not None, done["hands"]["signed_in_at"] is not None) == (
        "物业电工",
        True,
        True,
    )
    assert world.anyone().get(f"/api/v1/claims/{claim}").json["done_by"] == "物业电工"
    assert rows(world, Issue.clock_at) == [(None,)]


def test_a_phone_call_keeps_its_caller_and_residents_never_see_it(world: World, offices: Offices) -> None:
    building, people = offices
    issue, claim = reported(world, building)
    move(people[Level.HEAD], issue, "resolve", **DONE)
    clerk = people[Level.COMMUNITY]
    noted = {"contacted": True, "caller": "赵敏敏"}
    assert clerk.post(f"/api/v1/issues/{issue}/visit", json=noted).status_code == 200
    assert rows(world, ReturnVisit.caller) == [("赵敏敏",)]
    assert move(clerk, issue, "visit", solved=True).status_code == 200
    assert rows(world, ReturnVisit.caller) == [("社区居委会工作人员",)], "whoever notes it down"
    seen = world.anyone().get(f"/api/v1/claims/{claim}").get_data(as_text=True)
    assert "赵敏敏" not in seen
    assert "工作人员" not in seen


@pytest.mark.parametrize("notice_is_open", [False, True])
def test_one_resolution_never_counts_in_two_months(world: World, offices: Offices, notice_is_open: bool) -> None:
    building, people = offices
    issue, claim = reported(world, building)
    move(people[Level.HEAD], issue, "resolve", **DONE)
    assert say(world, claim, "confirm", satisfaction="satisfied").status_code == 200
    world.clock.advance(timedelta(days=25))  # November
    if notice_is_open:
        with world.writing() as connection:
            connection.execute(
                sa.insert(CommunityMonth).values(
                    community_id=world.place_of(building, "community_id").id,
                    month=202610,
                    version=1,
                    state=MonthState.NOTICE,
                    rule_set_id=sa.select(RuleSet.id).limit(1).scalar_subquery(),
                    drafted_at=world.clock.now(),
                )
            )
    assert say(world, claim, "answers", satisfaction="unsatisfied").status_code == 200
    assert say(world, claim, "answers", contacted=True).status_code == 200
    found = rows(world, *(ReturnVisit.__table__.c[n] for n in ("month", "satisfaction", "counts")))
    if notice_is_open:
        assert found == [(202610, "satisfied", True), (202611, "unsatisfied", False)]
    else:
        assert found == [(202610, "unsatisfied", True)]
