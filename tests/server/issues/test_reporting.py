"""Reporting: by code without an account, by code signed in, on behalf of a resident."""

import threading

import pytest
import sqlalchemy as sa

from models import Appointment, Issue, IssueEvent, Place, StairwellCode
from models.enums import Channel, Level, Role
from tests.queries import count_queries
from tests.world import Caller, Spot, World

LEAK = {"category": "leak", "text": "三楼水管漏水", "spot": "二单元三楼"}


def by_code(caller: Caller, building: Spot, **changes: object) -> object:
    return caller.post(f"/api/v1/codes/{building.stairwell_code}/issues", json={**LEAK, **changes})


def test_a_neighbours_building_cannot_be_reported_for_by_its_id(world: World) -> None:
    mine, theirs = world.building(), world.building()
    answer = world.head(mine).post("/api/v1/issues", json={**LEAK, "building": theirs.public_id})
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")


def test_whoever_scans_reports_without_an_account(world: World) -> None:
    building = world.building()
    world.head(building)
    answer = by_code(world.anyone(), building)
    assert answer.status_code == 201
    told = answer.json
    assert (told["state"], told["level"]) == ("reported", "head")
    claim = told["claim_code"]
    assert told["status_url"].endswith("/r/" + claim.replace("-", ""))
    seen = world.anyone().get(f"/api/v1/claims/{claim.upper()}").json
    assert (seen["text"], seen["building_name"], seen["state"]) == (LEAK["text"], building.name, "reported")
    assert [event["move"] for event in seen["timeline"]] == ["report"]


@pytest.mark.parametrize(
    ("has_head", "in_grid", "about_head", "level"),
    [
        (True, True, False, Level.HEAD),
        (True, True, True, Level.GRID),
        (True, False, True, Level.COMMUNITY),
        (False, True, False, Level.GRID),
        (False, False, False, Level.COMMUNITY),
    ],
)
def test_where_a_report_goes_first(world: World, has_head: bool, in_grid: bool, about_head: bool, level: Level) -> None:
    building = world.building() if in_grid else world.building(world.community())
    if has_head:
        world.head(building)
    assert by_code(world.anyone(), building, about_head=about_head).json["level"] == level


def test_a_head_never_sees_what_is_about_her(world: World) -> None:
    building = world.building()
    head = world.head(building)
    issue = by_code(world.anyone(), building, about_head=True).json["id"]
    assert head.get("/api/v1/issues").json["items"] == []
    assert head.get(f"/api/v1/issues/{issue}").status_code == 404
    assert head.post(f"/api/v1/issues/{issue}/accept", json={}).status_code == 404


def test_an_ended_appointment_is_no_head(world: World) -> None:
    building = world.building()
    head = world.head(building)
    with world.writing() as connection:
        connection.execute(sa.update(Appointment).values(ends_at=world.clock.now()))
    assert by_code(world.anyone(), building).json["level"] == "grid"
    assert head.get("/api/v1/issues").status_code == 403


def test_an_unknown_code_is_404_and_a_revoked_one_410(world: World) -> None:
    building = world.building()
    with world.writing() as connection:
        connection.execute(sa.update(StairwellCode).values(revoked_at=world.clock.now()))
    assert world.anyone().post("/api/v1/codes/nosuchcode/issues", json=LEAK).status_code == 404
    revoked = by_code(world.anyone(), building)
    assert (revoked.status_code, revoked.json["code"]) == (410, "code_revoked")


def test_a_closed_building_takes_no_reports(world: World) -> None:
    building = world.building()
    with world.writing() as connection:
        connection.execute(sa.update(Place).where(Place.id == building.id).values(closed_at=world.clock.now()))
    assert by_code(world.anyone(), building).status_code == 422


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "category"),
        ({"category": "nonsense"}, "category"),
        ({"text": ""}, "text"),
        ({"text": "  \n "}, "text"),
        ({"text": "字" * 4001}, "text"),
        ({"text": "有\x00空字符"}, "text"),
        ({"text": "倒\u202e着"}, "text"),
        ({"text": 5}, "text"),
        ({"spot": "长" * 61}, "spot"),
        ({"contact": "不是电话"}, "contact"),
        ({"photo_ids": ["0" * 16] * 7}, "photo_ids"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_bad_input_names_its_field_and_nothing_is_kept(world: World, body: dict[str, object], field: str) -> None:
    building = world.building()
    sent = {**LEAK, **body} if body else {"text": "没有类别"}
    answer = world.anyone().post(f"/api/v1/codes/{building.stairwell_code}/issues", json=sent)
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert any(error["field"].startswith(field) for error in answer.json["errors"])
    with world.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(Issue)).scalar() == 0


@pytest.mark.parametrize("text", ["4号楼😀电梯坏了", "𠮷先生家漏水", "第一行\n第二行", "字" * 4000])
def test_what_people_type_comes_back_the_same(world: World, text: str) -> None:
    building = world.building()
    claim = by_code(world.anyone(), building, text=text).json["claim_code"]
    assert world.anyone().get(f"/api/v1/claims/{claim}").json["text"] == text


def test_a_repeated_request_files_one_report(world: World) -> None:
    building = world.building()
    key = {"Idempotency-Key": "0123456789abcdef"}
    path = f"/api/v1/codes/{building.stairwell_code}/issues"
    first = world.anyone().post(path, json=LEAK, headers=key)
    again = world.anyone().post(path, json=LEAK, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    assert again.headers["Idempotent-Replay"] == "true"
    other = world.anyone().post(path, json={**LEAK, "text": "另一件"}, headers=key)
    assert (other.status_code, other.json["code"]) == (422, "key_reused")
    with world.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(Issue)).scalar() == 1


def test_the_same_request_at_the_same_moment_files_one_report(world: World) -> None:
    building = world.building()
    path = f"/api/v1/codes/{building.stairwell_code}/issues"
    answers: list[int] = []

    def send() -> None:
        answer = world.anyone().post(path, json=LEAK, headers={"Idempotency-Key": "fedcba9876543210"})
        answers.append(answer.status_code)

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 201 in answers
    assert set(answers) <= {201, 409}
    with world.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(Issue)).scalar() == 1
        assert connection.execute(sa.select(sa.func.count()).select_from(IssueEvent)).scalar() == 1


def test_a_key_belongs_to_who_sent_it(world: World) -> None:
    building = world.building()
    key = {"Idempotency-Key": "0123456789abcdef"}
    body = {**LEAK, "code": building.stairwell_code}
    one = world.resident().post("/api/v1/issues", json=body, headers=key)
    two = world.resident().post("/api/v1/issues", json=body, headers=key)
    assert one.json["id"] != two.json["id"]


def test_a_resident_signed_in_finds_her_own_reports(world: World) -> None:
    building = world.building()
    resident, other = world.resident(), world.resident()
    made = resident.post("/api/v1/issues", json={**LEAK, "code": building.stairwell_code})
    assert made.status_code == 201
    (item,) = resident.get("/api/v1/my/issues").json["items"]
    assert item["id"] == made.json["id"]
    assert other.get("/api/v1/my/issues").json["items"] == []
    assert other.get(f"/api/v1/my/issues/{item['id']}").status_code == 404


def test_a_head_reports_on_behalf_and_is_not_the_reporter(world: World) -> None:
    building = world.building()
    head = world.head(building)
    made = head.post("/api/v1/issues", json={**LEAK, "building": building.public_id, "channel": "paper"})
    assert made.status_code == 201
    assert head.get("/api/v1/my/issues").json["items"] == []
    seen = head.get(f"/api/v1/issues/{made.json['id']}").json
    assert (seen["channel"], seen["timeline"][0]["role"]) == (Channel.PAPER, Role.HEAD)


def test_code_and_building_are_one_or_the_other(world: World) -> None:
    building = world.building()
    head = world.head(building)
    for body in (LEAK, {**LEAK, "code": building.stairwell_code, "building": building.public_id}):
        assert head.post("/api/v1/issues", json=body).status_code == 422


def test_the_phone_left_by_the_reporter_is_sealed_and_opened_with_a_reason(world: World) -> None:
    building = world.building()
    head = world.head(building)
    issue = by_code(world.anyone(), building, contact="13800138000").json["id"]
    with world.reading() as connection:
        sealed = connection.execute(sa.select(Issue.contact_sealed)).scalar_one()
    assert b"13800138000" not in sealed
    seen = head.get(f"/api/v1/issues/{issue}")
    assert seen.json["has_contact"] is True
    assert "13800138000" not in seen.text
    assert head.post(f"/api/v1/issues/{issue}/contact", json={}).status_code == 422
    opened = head.post(f"/api/v1/issues/{issue}/contact", json={"reason": "约上门时间"})
    assert opened.json == {"contact": "13800138000"}


def test_a_report_costs_few_queries(world: World) -> None:
    """Who, where, and the issue with its event and the outbox (one statement on PostgreSQL); with a key, one more row.

    Counted so that nobody adds one unnoticed.
    """
    building = world.building()
    resident = world.resident()
    body = {**LEAK, "code": building.stairwell_code}
    with count_queries(world.app) as plain:
        assert resident.post("/api/v1/issues", json=body).status_code == 201
    with count_queries(world.app) as keyed:
        key = {"Idempotency-Key": "0123456789abcdef"}
        assert resident.post("/api/v1/issues", json=body, headers=key).status_code == 201
    with world.reading() as connection:
        at_once = connection.dialect.name == "postgresql"
    assert (len(plain), len(keyed)) == ((3, 4) if at_once else (5, 6)), [*plain, "---", *keyed]


@pytest.mark.parametrize("code", [r"c\u0000123456", r"\ud800", "楼道", "x" * 17])
def test_a_code_that_cannot_be_one_is_refused(world: World, code: str) -> None:
    body = f'{{"code": "{code}", "category": "leak", "text": "漏水"}}'
    answer = world.resident().post("/api/v1/issues", data=body.encode(), content_type="application/json")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == ["code"]
