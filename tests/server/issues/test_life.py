"""The life of an issue through its doors. The law itself is tested as a table in tests/rules; here: rights, rows and history."""

import itertools
import sqlite3
import threading
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from models import Issue, IssueEvent, ReturnVisit
from models.enums import Role
from server.issues import service
from tests.server.issues.whistles import called
from tests.world import Caller, Spot, World


def reported(world: World, building: Spot, **changes: Any) -> tuple[str, str]:
    """A report by code: its id and claim code."""
    body = {"category": "lift", "text": "电梯停在四楼", **changes}
    answer = world.anyone().post(f"/api/v1/codes/{building.stairwell_code}/issues", json=body)
    assert answer.status_code == 201, answer.json
    return answer.json["id"], answer.json["claim_code"]


def move(caller: Caller, issue: str, verb: str, **body: Any) -> Any:
    return caller.post(f"/api/v1/issues/{issue}/{verb}", json=body)


def say(world: World, claim: str, verb: str, **body: Any) -> Any:
    return world.anyone().post(f"/api/v1/claims/{claim}/{verb}", json=body)


def test_a_neighbour_finds_nothing(world: World) -> None:
    issue, _ = reported(world, world.building())
    neighbour = world.head(world.building())
    assert neighbour.get(f"/api/v1/issues/{issue}").status_code == 404
    for verb, body in (
        ("accept", {}),
        ("start", {}),
        ("notes", {"text": "x"}),
        ("resolve", {"text": "x", "done_by": "物业师傅"}),
        ("join", {"target": issue}),
        ("pass-up", {"text": "x"}),
        ("contact", {"reason": "好奇"}),
    ):
        assert move(neighbour, issue, verb, **body).status_code == 404, verb


def test_in_scope_but_not_allowed_is_403(world: World) -> None:
    building = world.building()
    issue, _ = reported(world, building)
    head = world.head(building)
    declined = move(head, issue, "decline", text="不归我们", responsible="物业")
    assert (declined.status_code, declined.json["code"]) == (403, "forbidden")


def test_from_report_to_write_off(world: World) -> None:
    building = world.building()
    head = world.head(building)
    issue, claim = reported(world, building)
    assert move(head, issue, "accept").json["state"] == "accepted"
    assert move(head, issue, "start", text="已叫电梯公司").json["state"] == "in_progress"
    done = move(head, issue, "resolve", text="换了接触器，试运行正常", done_by="物业师傅").json
    assert (done["state"], done["outcome"]) == ("resolved", "换了接触器，试运行正常")
    ended = say(world, claim, "confirm", contacted=True, satisfaction="satisfied").json
    assert (ended["state"], ended["ended_at"] is not None) == ("confirmed", True)
    assert [event["move"] for event in ended["timeline"]] == ["report", "accept", "start", "resolve", "confirm"]
    assert {event["who"] for event in ended["timeline"]} == {"上报人", "楼栋长"}
    with world.reading() as connection:
        row = connection.execute(sa.select(ReturnVisit.__table__)).one()
    assert (row.month, row.contacted, row.solved, row.satisfaction, row.counts) == (
        202610,
        True,
        True,
        "satisfied",
        True,
    )


def test_resolving_needs_what_was_done(world: World) -> None:
    building = world.building()
    head = world.head(building)
    issue, _ = reported(world, building)
    assert move(head, issue, "resolve", text="", done_by="物业师傅").status_code == 422
    assert move(head, issue, "resolve", text="   ", done_by="物业师傅").status_code == 422


def test_the_one_who_fixes_does_not_write_off(world: World) -> None:
    building = world.building()
    community_staff = world.staff(Role.COMMUNITY, world.place_of(building, "community_id"))
    colleague = world.staff(Role.COMMUNITY, world.place_of(building, "community_id"))
    issue, _ = reported(world, building)
    assert move(community_staff, issue, "resolve", text="修好了", done_by="物业师傅").status_code == 200
    own = move(community_staff, issue, "visit", solved=True)
    assert (own.status_code, own.json["code"]) == (409, "own_work")
    noted = move(colleague, issue, "visit", contacted=True, solved=True, satisfaction="fairly", text="电话回访")
    assert noted.json["state"] == "confirmed"


def test_who_heads_a_building_makes_no_return_visit_there(world: World) -> None:
    building = world.building()
    community = world.place_of(building, "community_id")
    grid = world.staff(Role.GRID, world.place_of(building, "grid_id"))
    both = world.person((Role.COMMUNITY, community), (Role.HEAD, building))
    issue, _ = reported(world, building)
    assert move(grid, issue, "resolve", text="修好了", done_by="物业师傅").status_code == 200
    assert move(both, issue, "visit", solved=True, satisfaction="satisfied").status_code == 403
    assert move(world.staff(Role.COMMUNITY, community), issue, "visit", solved=True).status_code == 200


def test_a_phone_call_adds_to_the_reporters_own_answers_and_never_replaces_them(world: World) -> None:
    building = world.building()
    clerk = world.staff(Role.COMMUNITY, world.place_of(building, "community_id"))
    head = world.head(building)
    issue, claim = reported(world, building)
    assert move(head, issue, "resolve", text="修好了", done_by="物业师傅").status_code == 200
    assert say(world, claim, "answers", satisfaction="unsatisfied").status_code == 200
    better = move(clerk, issue, "visit", contacted=True, satisfaction="satisfied")
    assert (better.status_code, better.json["code"]) == (409, "already_told")
    assert "满意吗" in better.json["detail"]
    assert move(clerk, issue, "visit", contacted=True, solved=True).json["state"] == "confirmed"
    for moment in (timedelta(0), timedelta(days=25)):  # nor a second call, nor one in the next month
        world.clock.advance(moment)
        assert move(clerk, issue, "visit", satisfaction="satisfied").status_code == 409
    with world.reading() as connection:
        (row,) = connection.execute(sa.select(ReturnVisit.__table__)).all()
    assert (row.contacted, row.solved, row.satisfaction) == (True, True, "unsatisfied")
    assert say(world, claim, "answers", satisfaction="fairly").status_code == 200, "the reporter may think again"


def test_what_a_phone_call_told_can_be_corrected(world: World) -> None:
    building = world.building()
    clerk = world.staff(Role.COMMUNITY, world.place_of(building, "community_id"))
    head = world.head(building)
    issue, claim = reported(world, building)
    assert move(head, issue, "resolve", text="修好了", done_by="物业师傅").status_code == 200
    for word in ("satisfied", "fairly"):
        assert move(clerk, issue, "visit", solved=True, satisfaction=word).status_code == 200
    assert say(world, claim, "answers", satisfaction="unsatisfied").status_code == 200
    assert move(clerk, issue, "visit", satisfaction="fairly").status_code == 409


def test_not_good_yet_goes_to_the_superior_and_counts_as_rework(world: World) -> None:
    building = world.building()
    head = world.head(building)
    issue, claim = reported(world, building)
    move(head, issue, "resolve", text="修好了", done_by="物业师傅")
    again = say(world, claim, "reopen", text="又停了").json
    assert (again["state"], again["level"], again["rework"]) == ("reopened", "grid", 1)
    refused = move(head, issue, "resolve", text="再修", done_by="物业师傅")
    assert (refused.status_code, refused.json["code"]) == (409, "not_in_hand")
    grid = world.staff(Role.GRID, world.place_of(building, "grid_id"))
    assert move(grid, issue, "resolve", text="换了主板", done_by="物业师傅").status_code == 200
    world.clock.advance(timedelta(hours=1))
    assert say(world, claim, "answers", solved=True, satisfaction="satisfied").json["state"] == "confirmed"
    with world.reading() as connection:
        (row,) = connection.execute(sa.select(ReturnVisit.__table__)).all()
    assert (row.contacted, row.solved, row.satisfaction) == (None, True, "satisfied")


def test_passing_up_level_by_level_and_what_a_department_did_says_nothing_about_the_building(world: World) -> None:
    building = world.building()
    head = world.head(building)
    department = world.staff(Role.DEPARTMENT, world.district())
    issue, claim = reported(world, building)
    other, _ = reported(world, building)
    assert move(head, issue, "pass-up", text="要动主管道").json["level"] == "grid"
    assert move(head, issue, "accept").status_code == 409
    street = world.staff(Role.STREET, world.street())
    assert department.get("/api/v1/issues").json["items"] == []
    (whistle,) = called(street, issue, "住房和城乡建设局")
    assert [item["id"] for item in department.get("/api/v1/issues").json["items"]] == [issue]
    assert department.get(f"/api/v1/issues/{other}").status_code == 404
    assert move(department, issue, "resolve", text="换了主管", done_by="部门").status_code == 403
    done = {"text": "换了主管", "done_on": "2026-10-12"}
    assert department.post(f"/api/v1/whistles/{whistle}/report-back", json=done).status_code == 200
    assert move(street, issue, "resolve", text="换了主管", done_by="住建局").status_code == 200
    say(world, claim, "confirm")
    with world.reading() as connection:
        row = connection.execute(sa.select(ReturnVisit.__table__)).one()
        level = connection.execute(sa.select(Issue.resolved_level).where(Issue.public_id == issue)).scalar()
    assert (level, row.counts) == ("department", False)


def test_declining_names_who_is_responsible(world: World) -> None:
    building = world.building()
    grid = world.staff(Role.GRID, world.place_of(building, "grid_id"))
    issue, claim = reported(world, building)
    assert move(grid, issue, "decline", text="燃气表归燃气公司").status_code == 422
    declined = move(grid, issue, "decline", text="燃气表归燃气公司", responsible="燃气公司 电话96777")
    assert declined.json["state"] == "declined"
    assert say(world, claim, "reopen", text="不服").status_code == 409
    assert world.anyone().get(f"/api/v1/claims/{claim}").json["responsible"] == "燃气公司 电话96777"


def test_joining_keeps_both_and_never_in_a_circle(world: World) -> None:
    building = world.building()
    head = world.head(building)
    first, _ = reported(world, building)
    second, claim = reported(world, building)
    third, _ = reported(world, building)
    joined = move(head, second, "join", target=first)
    assert (joined.json["state"], joined.json["duplicate_of"]) == ("duplicate", first)
    assert move(head, first, "join", target=second).status_code == 409
    assert move(head, third, "join", target=third).status_code == 409
    assert move(head, third, "join", target="0" * 16).status_code == 404
    assert world.anyone().get(f"/api/v1/claims/{claim}").json["duplicate_of"] == first


def test_joining_across_communities_is_refused(world: World) -> None:
    street = world.staff(Role.STREET, world.street())
    one, _ = reported(world, world.building())
    two, _ = reported(world, world.building())
    refused = move(street, one, "join", target=two)
    assert (refused.status_code, refused.json["code"]) == (409, "target_differs")


def test_only_the_reporter_withdraws(world: World) -> None:
    building = world.building()
    resident = world.resident()
    body = {"category": "noise", "text": "半夜装修", "code": building.stairwell_code}
    issue = resident.post("/api/v1/issues", json=body).json["id"]
    other = world.resident()
    assert other.post(f"/api/v1/my/issues/{issue}/withdraw", json={}).status_code == 404
    assert resident.post(f"/api/v1/my/issues/{issue}/withdraw", json={}).json["state"] == "withdrawn"
    assert resident.post(f"/api/v1/my/issues/{issue}/withdraw", json={}).status_code == 409


@pytest.mark.parametrize("claim", ["", "short", "abcd-efgh-jkm", "ABCDEFGHJKMNP", "中文中文中文中文中文中文", "0" * 12])
def test_a_claim_code_that_is_none_finds_nothing(world: World, claim: str) -> None:
    assert world.anyone().get(f"/api/v1/claims/{claim}").status_code == 404


def test_silence_ends_after_seven_days_and_is_shown_as_silence(world: World) -> None:
    building = world.building()
    head = world.head(building)
    issue, claim = reported(world, building)
    move(head, issue, "resolve", text="修好了", done_by="物业师傅")
    world.clock.advance(timedelta(days=7) - timedelta(seconds=1))
    assert _close_silent(world) == 0
    world.clock.advance(timedelta(seconds=1))
    assert _close_silent(world) == 1
    assert _close_silent(world) == 0
    seen = world.anyone().get(f"/api/v1/claims/{claim}").json
    assert (seen["state"], seen["timeline"][-1]["who"]) == ("closed_silent", "系统")
    rated = say(world, claim, "answers", solved=False, satisfaction="unsatisfied")
    assert rated.json["state"] == "closed_silent", "an ended issue stays as it ended"


def _close_silent(world: World) -> int:
    with world.app.app_context():
        return service.close_silent(world.clock.now())


def test_history_only_grows(world: World) -> None:
    reported(world, world.building())
    for statement in (sa.update(IssueEvent).values(text="改写"), sa.delete(IssueEvent)):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), world.writing() as connection:
            connection.execute(statement)


def test_a_hundred_hands_on_one_issue_leave_one_legal_history(world: World) -> None:
    building = world.building()
    grid = world.staff(Role.GRID, world.place_of(building, "grid_id"))
    issue, claim = reported(world, building)
    move(grid, issue, "accept")
    codes: list[int] = []

    def work(verb: str, body: dict[str, Any]) -> None:
        if verb == "reopen":
            codes.append(say(world, claim, verb, **body).status_code)
        else:
            codes.append(move(Caller(world.app, grid.token), issue, verb, **body).status_code)

    wishes = [
        ("resolve", {"text": "好了", "done_by": "物业师傅"}),
        ("reopen", {"text": "没好"}),
        ("decline", {"text": "x", "responsible": "物业"}),
    ]
    threads = [threading.Thread(target=work, args=wishes[i % 3]) for i in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(codes) <= {200, 409}
    with world.reading() as connection:
        events = connection.execute(sa.select(IssueEvent.__table__).order_by(IssueEvent.id)).all()
        state = connection.execute(sa.select(Issue.state)).scalar_one()
    assert len(events) == 2 + codes.count(200)
    for before, after in itertools.pairwise(events):
        assert after.from_state == before.to_state
    assert events[-1].to_state == state


def test_a_locked_database_is_a_clear_503_and_nothing_is_lost(world: World, fresh_database: str) -> None:
    """Another writer holds the lock: the answer is a problem, and the same request succeeds afterwards."""
    if not fresh_database.startswith("sqlite"):
        pytest.skip("PostgreSQL's writers do not wait for each other")
    building = world.building()
    other = sqlite3.connect(fresh_database.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    busy = world.anyone().post(
        f"/api/v1/codes/{building.stairwell_code}/issues", json={"category": "lift", "text": "电梯坏了"}
    )
    other.execute("ROLLBACK")
    other.close()
    assert (busy.status_code, busy.json["code"], busy.headers["Retry-After"]) == (503, "busy", "2")
    reported(world, building)


def test_under_a_claim_code_the_fixer_was_shown_answers_count_after_a_call(world: World) -> None:
    building = world.building()
    head = world.head(building)
    clerk = world.staff(Role.COMMUNITY, world.place_of(building, "community_id"))
    body = {"category": "lift", "text": "电梯停在四楼", "building": building.public_id, "channel": "phone"}
    made = head.post("/api/v1/issues", json=body).json
    assert move(head, made["id"], "resolve", text="换了门机", done_by="物业师傅").status_code == 200
    told = {"contacted": True, "satisfaction": "satisfied"}
    assert say(world, made["claim_code"], "confirm", **told).status_code == 200
    assert visits(world) == [(True, True, "satisfied", False)]
    asked = move(clerk, made["id"], "visit", contacted=True, satisfaction="unsatisfied")
    assert asked.status_code == 200, asked.json
    assert visits(world) == [(True, None, "unsatisfied", True)]


def visits(world: World) -> list[tuple[Any, ...]]:
    with world.reading() as connection:
        table = ReturnVisit.__table__.c
        query = sa.select(table.contacted, table.solved, table.satisfaction, table.counts)
        return [tuple(row) for row in connection.execute(query)]
