"""Calling departments and their answers, through the API: who may, what stays on record, who hears of it."""

import threading
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa

from models import Issue, IssueEvent, Turn, Whistle
from models.enums import IssueState, Level, Move, PlaceKind, Role
from server.jobs import relay
from tests.server.issues.test_life import move, reported
from tests.server.issues.whistles import answer, called, departments, sound
from tests.world import Caller, Spot, World

HOUSING, WATER = "住建局", "水务局"


@pytest.fixture
def building(world: World) -> Spot:
    return world.building(world.grid(world.community("幸福社区")), "3栋")


@pytest.fixture
def clerk(world: World, building: Spot) -> Caller:
    return world.staff(Role.COMMUNITY, world.place_of(building, "community_id"))


@pytest.fixture
def housing(world: World) -> Caller:
    return world.person((Role.DEPARTMENT, world.district()), department=HOUSING)


@pytest.fixture
def water(world: World) -> Caller:
    return world.person((Role.DEPARTMENT, world.district()), department=WATER)


def row(world: World, issue: str) -> Any:
    with world.reading() as connection:
        return connection.execute(sa.select(Issue.__table__).where(Issue.public_id == issue)).one()


def titles(caller: Caller) -> list[str]:
    return [item["title"] for item in caller.get("/api/v1/messages").json["items"]]


def test_outside_their_places_nobody_finds_a_whistle(
    world: World, building: Spot, clerk: Caller, housing: Caller, water: Caller
) -> None:
    issue, _ = reported(world, building)
    (whistle,) = called(clerk, issue, HOUSING)
    stranger = world.staff(Role.COMMUNITY, world.community())
    far = world.staff(Role.DISTRICT, world.place(PlaceKind.DISTRICT, None, "别的区"))
    for caller in (stranger, far, water):
        assert caller.get(f"/api/v1/issues/{issue}/whistles").status_code == 404
        assert caller.get("/api/v1/whistles").json["items"] == []
    body = {"done_on": "2026-10-12", "text": "不该行"}
    for verb in ("sign-in", "contact", "report-back", "push-back"):
        assert (
            answer(water, whistle, verb, **(body if verb == "report-back" else {"text": "不该行"})).status_code == 404
        )
    for verb in ("call-off", "urge"):
        assert answer(stranger, whistle, verb, text="不该行").status_code == 404
    assert answer(stranger, whistle, "rating", rating="satisfied").status_code == 404
    assert answer(housing, "0" * 16, "sign-in").status_code == 404


def test_only_some_call_and_only_departments_of_their_district(
    world: World, building: Spot, clerk: Caller, housing: Caller
) -> None:
    issue, _ = reported(world, building)
    head, grid = world.head(building), world.staff(Role.GRID, world.place_of(building, "grid_id"))
    body = {"departments": [departments(clerk)[HOUSING]], "text": "漏水"}
    for caller in (head, grid, housing):
        assert caller.post(f"/api/v1/issues/{issue}/whistles", json=body).status_code == 403
    far = world.staff(Role.DISTRICT, world.place(PlaceKind.DISTRICT, None, "别的区"))
    foreign = far.post("/api/v1/departments", json={"name": "外区局"}).json["id"]
    for wrong in ([foreign], ["0" * 16], [*body["departments"], foreign], []):
        refused = clerk.post(f"/api/v1/issues/{issue}/whistles", json={**body, "departments": wrong})
        assert refused.status_code == 422, wrong
        assert refused.json["errors"][0]["field"] == "departments"
    assert clerk.post(f"/api/v1/issues/{issue}/whistles", json={**body, "text": ""}).status_code == 422
    passed_up = move(clerk, issue, "pass-up", text="要街道出面")
    assert passed_up.json["level"] == "street"
    assert sound(clerk, issue, HOUSING).json["code"] == "not_in_hand"
    by_level = move(world.staff(Role.STREET, world.street()), issue, "pass-up", to_level="department", text="x")
    assert (by_level.status_code, by_level.json["code"]) == (409, "use_whistle")


def test_two_departments_answer_and_the_community_has_it_again(
    world: World, building: Spot, clerk: Caller, housing: Caller, water: Caller
) -> None:
    issue, claim = reported(world, building)
    assert housing.get("/api/v1/issues").json["items"] == []
    first, second = called(clerk, issue, HOUSING, WATER, short=True)
    now = row(world, issue)
    assert (now.level, now.state) == (Level.DEPARTMENT, IssueState.REPORTED)
    assert [item["id"] for item in housing.get("/api/v1/issues").json["items"]] == [issue]
    assert [item["department_name"] for item in housing.get("/api/v1/whistles").json["items"]] == [HOUSING]
    again = sound(clerk, issue, WATER)
    assert (again.status_code, again.json["code"]) == (409, "already_called")
    refused = move(clerk, issue, "accept")
    assert (refused.status_code, refused.json["code"]) == (409, "not_in_hand")
    other = answer(housing, second, "sign-in")
    assert (other.status_code, other.json["code"]) == (403, "forbidden")

    assert answer(housing, first, "sign-in").status_code == 200
    assert answer(housing, first, "contact", text="约了下午上门").status_code == 200
    done = {"text": "换了主管", "done_on": "2026-10-12"}
    assert answer(housing, first, "report-back", **done).status_code == 200
    assert row(world, issue).level is Level.DEPARTMENT, "the other one is still at it"
    assert answer(housing, first, "report-back", **done).json["code"] == "whistle_ended"
    back = answer(water, second, "push-back", text="室内管道归产权人")
    assert back.status_code == 200
    now = row(world, issue)
    assert (now.level, now.state, now.pushed_back) == (Level.COMMUNITY, IssueState.REPORTED, 1)
    view = clerk.get(f"/api/v1/issues/{issue}").json
    assert [line["text"].partition("\n")[0] for line in view["timeline"]][1:] == [
        "社区居委会吹哨，请住建局、水务局办理，2个部门一起办理，3个工作日内反馈，结果由社区居委会答复您。",
        "住建局已签收。",
        "住建局已联系上报人。",
        "住建局反馈：10月12日已办理。还有1个部门没有反馈。",
        "水务局退回，记一次退回。现在由社区办理。",
    ]
    seen = world.anyone().get(f"/api/v1/claims/{claim}").json["whistles"]
    assert [(each["department_name"], each["state_name"], each["report"]) for each in seen] == [
        (HOUSING, "已反馈", "10月12日：换了主管"),
        (WATER, "已退回", ""),
    ]
    with world.reading() as connection:
        turns = connection.execute(sa.select(Turn.level, Turn.end).order_by(Turn.id)).all()
    assert [(turn.level, str(turn.end)) for turn in turns] == [("grid", "whistled"), ("department", "pushed_back")]


def test_a_department_only_answers(world: World, building: Spot, clerk: Caller, housing: Caller) -> None:
    issue, _ = reported(world, building)
    (whistle,) = called(clerk, issue, HOUSING)
    view = housing.get(f"/api/v1/issues/{issue}").json
    assert view["moves"] == ["note"]
    mine = housing.get(f"/api/v1/issues/{issue}/whistles").json["items"][0]
    assert mine["moves"] == ["sign_in", "contact", "report_back", "push_back"]
    for verb, body in (("resolve", {"text": "x", "done_by": "x"}), ("decline", {"text": "x", "responsible": "x"})):
        assert move(housing, issue, verb, **body).status_code == 403
    assert answer(housing, whistle, "rating", rating="satisfied").status_code == 403
    assert move(housing, issue, "notes", text="明天上门").status_code == 200


def test_a_department_opens_the_reporters_phone_while_it_is_called(
    world: World, building: Spot, clerk: Caller, housing: Caller, water: Caller
) -> None:
    issue, _ = reported(world, building, contact="13800138000")
    path, why = f"/api/v1/issues/{issue}/contact", {"reason": "约上门时间"}
    assert housing.post(path, json=why).status_code == 404
    (whistle,) = called(clerk, issue, HOUSING)
    assert housing.post(path, json=why).json == {"contact": "13800138000"}
    assert water.post(path, json=why).status_code == 404
    answer(housing, whistle, "report-back", text="换了", done_on="2026-10-12")
    late = housing.post(path, json=why)
    assert (late.status_code, late.json["code"]) == (409, "whistle_ended")
    assert clerk.post(path, json=why).status_code == 200


def test_urging_calling_off_and_rating(world: World, building: Spot, clerk: Caller, housing: Caller) -> None:
    issue, _ = reported(world, building)
    first, second = called(clerk, issue, HOUSING, "城管局") if world.department("城管局") else ("", "")
    urged = answer(clerk, first, "urge", text="居民又来问了")
    assert urged.json["items"][0]["urged"] == 1
    assert answer(clerk, first, "urge").json["code"] == "urged_lately"
    world.clock.advance(timedelta(hours=24))
    assert answer(clerk, first, "urge").status_code == 200
    assert answer(clerk, second, "call-off", text="不用了").status_code == 200
    assert answer(clerk, second, "rating", rating="satisfied").json["code"] == "called_off"
    assert row(world, issue).level is Level.DEPARTMENT
    assert answer(clerk, first, "rating", rating="satisfied").json["code"] == "whistle_open"
    answer(housing, first, "report-back", text="换了", done_on="2026-10-13")
    assert row(world, issue).state is IssueState.IN_PROGRESS
    assert row(world, issue).pushed_back == 0
    assert answer(clerk, first, "rating", rating="unsatisfied").json["code"] == "text_missing"
    assert answer(clerk, first, "rating", rating="unsatisfied", text="拖了一天").status_code == 200
    world.clock.advance(timedelta(days=7))
    better = answer(clerk, first, "rating", rating="fairly").json["items"][0]
    assert (better["rating"], better["rating_text"]) == ("fairly", "")
    world.clock.advance(timedelta(seconds=1))
    assert answer(clerk, first, "rating", rating="satisfied").json["code"] == "rated"


def test_calling_off_the_last_one_brings_it_back(world: World, building: Spot, clerk: Caller, housing: Caller) -> None:
    issue, _ = reported(world, building)
    (whistle,) = called(clerk, issue, HOUSING)
    assert answer(clerk, whistle, "call-off", text="自己修好了").status_code == 200
    assert (row(world, issue).level, row(world, issue).state) == (Level.COMMUNITY, IssueState.IN_PROGRESS)
    called(clerk, issue, HOUSING)  # and it may be called again


def test_an_issue_that_ends_waits_for_no_department(
    world: World, building: Spot, clerk: Caller, housing: Caller
) -> None:
    issue, claim = reported(world, building)
    (whistle,) = called(clerk, issue, HOUSING)
    assert world.anyone().post(f"/api/v1/claims/{claim}/withdraw", json={}).status_code == 200
    item = clerk.get(f"/api/v1/issues/{issue}/whistles").json["items"][0]
    assert (item["end"], item["moves"]) == ("called_off", [])
    assert answer(housing, whistle, "sign-in").json["code"] == "whistle_ended"
    relay.run(world.app)
    assert titles(housing)[0] == "吹哨已撤销：3栋的电梯"


def test_only_the_called_department_hears_and_the_caller_hears_its_answer(
    world: World, building: Spot, clerk: Caller, housing: Caller, water: Caller
) -> None:
    colleague = world.staff(Role.COMMUNITY, world.place_of(building, "community_id"))
    issue, claim = reported(world, building)
    relay.run(world.app)
    first, second = called(clerk, issue, HOUSING, WATER)
    relay.run(world.app)
    assert titles(housing) == titles(water) == ["吹哨：3栋的电梯"]
    assert HOUSING in housing.get("/api/v1/messages").json["items"][0]["body"]
    answer(clerk, first, "urge")
    relay.run(world.app)
    assert (titles(housing)[0], len(titles(water))) == ("催办：3栋的电梯", 1)
    answer(housing, first, "report-back", text="换了", done_on="2026-10-12")
    relay.run(world.app)
    assert titles(colleague)[0] == "住建局已反馈：3栋的电梯"
    assert "还有1个部门没有反馈" in colleague.get("/api/v1/messages").json["items"][0]["body"]
    answer(water, second, "push-back", text="不归我们")
    relay.run(world.app)
    assert titles(clerk)[0] == titles(colleague)[0] == "水务局已退回：3栋的电梯"
    assert len(titles(water)) == 1, "nobody is told of what they did themselves"
    assert world.anyone().get(f"/api/v1/claims/{claim}").status_code == 200


def test_a_head_hears_and_sees_nothing_of_what_is_about_her(world: World, building: Spot, clerk: Caller) -> None:
    world.department(HOUSING)
    both = world.person((Role.HEAD, building), (Role.DEPARTMENT, world.district()), department=HOUSING)
    issue, _ = reported(world, building, about_head=True)
    (whistle,) = called(clerk, issue, HOUSING)
    relay.run(world.app)
    assert titles(both) == []
    assert both.get("/api/v1/whistles").json["items"] == []
    assert both.get(f"/api/v1/issues/{issue}/whistles").status_code == 404
    assert answer(both, whistle, "sign-in").status_code == 404


def test_an_old_post_without_a_department_sees_nothing(world: World, building: Spot, clerk: Caller) -> None:
    issue, _ = reported(world, building)
    world.department(HOUSING)
    called(clerk, issue, HOUSING)
    nameless = world.staff(Role.DEPARTMENT, world.district())
    with world.writing() as connection:
        connection.execute(
            sa.text("UPDATE appointments SET department_id = NULL WHERE person_id = :id"), {"id": nameless.person_id}
        )
    assert nameless.get("/api/v1/issues").json["items"] == []
    assert nameless.get("/api/v1/whistles").json["items"] == []
    assert nameless.get(f"/api/v1/issues/{issue}").status_code == 404


def test_the_database_keeps_one_open_whistle_a_department(world: World, building: Spot, clerk: Caller) -> None:
    issue, _ = reported(world, building)
    world.department(HOUSING)
    called(clerk, issue, HOUSING)
    columns = [column for column in Whistle.__table__.c if column.name not in ("id", "public_id")]
    twice = sa.insert(Whistle).from_select(
        ["public_id", *(column.name for column in columns)], sa.select(sa.literal("x" * 16), *columns)
    )
    with world.writing() as connection, pytest.raises(sa.exc.IntegrityError):
        connection.execute(twice)


def test_answers_at_once_leave_one_legal_history(world: World, building: Spot, clerk: Caller) -> None:
    """Six departments and both sides press everything at the same time: each whistle ends once, the issue comes back once."""
    issue, _ = reported(world, building)
    names = [f"第{n}局" for n in range(6)]
    people = {name: world.person((Role.DEPARTMENT, world.district()), department=name) for name in names}
    whistles = dict(zip(names, called(clerk, issue, *names), strict=True))
    tries = [
        (caller, whistles[name], verb, body)
        for name in names
        for caller, verb, body in (
            (people[name], "report-back", {"text": "办了", "done_on": "2026-10-12"}),
            (people[name], "push-back", {"text": "不归我们"}),
            (people[name], "sign-in", {}),
            (clerk, "call-off", {"text": "不用了"}),
            (clerk, "urge", {}),
        )
    ]
    codes: Counter[int] = Counter()
    gate = threading.Barrier(8)

    def worker(part: list[Any]) -> None:
        gate.wait()
        for caller, whistle, verb, body in part:
            fresh = Caller(world.app, caller.token)
            codes[answer(fresh, whistle, verb, **body).status_code] += 1

    threads = [threading.Thread(target=worker, args=(tries[n::8],)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(codes) <= {200, 409}, codes
    with world.reading() as connection:
        rows = connection.execute(sa.select(Whistle.end, Whistle.ended_at)).all()
        events = connection.execute(
            sa.select(IssueEvent.move, IssueEvent.from_state, IssueEvent.to_state, IssueEvent.level).order_by(
                IssueEvent.id
            )
        ).all()
    assert all(each.end is not None and each.ended_at is not None for each in rows)
    ends = [each for each in events if each.move in (Move.REPORT_BACK, Move.PUSH_BACK, Move.CALL_OFF)]
    assert len(ends) == len(names), "each whistle ended exactly once"
    assert [each.level for each in ends[:-1]] == [Level.DEPARTMENT] * 5
    assert ends[-1].level is Level.COMMUNITY
    for earlier, later in pairwise(events):
        assert later.from_state == earlier.to_state
    assert row(world, issue).version == len(events)
