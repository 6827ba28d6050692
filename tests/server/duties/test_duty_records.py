"""The duty book: a head's word, the community's decision, and the months that still take it."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models import AuditEvent, CommunityMonth, DutyRecord, RuleSet, new_public_id
from models.enums import MonthState, Role
from tests.world import Caller, Spot, World

ITEM = "task000000000013"  # 巡查楼道安全
TODAY = "2026-10-12"


def _record(head: Caller, **change: Any) -> Any:
    return head.post(
        "/api/v1/duties/records", json={"item": ITEM, "done_on": TODAY, "text": "检查了各层消防栓。", **change}
    )


def _decide(office: Caller, record: str, state: str = "accepted", reason: str = "") -> Any:
    return office.post(f"/api/v1/duties/records/{record}/decision", json={"state": state, "reason": reason})


def _community_of(world: World) -> tuple[Spot, Spot]:
    community = world.community()
    return community, world.building(world.grid(community))


def _notice_opened(world: World, community: Spot, month: int) -> None:
    with world.writing() as connection:
        connection.execute(
            sa.insert(CommunityMonth).values(
                public_id=new_public_id(),
                community_id=community.id,
                month=month,
                version=1,
                state=MonthState.NOTICE,
                rule_set_id=connection.execute(sa.select(RuleSet.id)).scalar_one(),
                drafted_at=world.clock.now(),
                manifest_hash="",
            )
        )


def test_neighbours_do_not_see_or_decide_each_others_records(world: World) -> None:
    community, building = _community_of(world)
    record = _record(world.head(building)).json["id"]
    next_door = world.head(world.building(world.grid(community)))
    other_office = world.staff(Role.COMMUNITY, world.community())
    for stranger in (next_door, other_office):
        assert stranger.get(f"/api/v1/duties/records/{record}").status_code == 404
        assert stranger.get("/api/v1/duties/records").json["items"] == []
    assert other_office.get(f"/api/v1/duties/records?building={building.public_id}").status_code == 404
    assert _decide(other_office, record).status_code == 404
    assert _record(next_door, building=building.public_id).status_code == 404


def test_the_nineteen_duties_are_there(world: World) -> None:
    head = world.head(world.building())
    found = head.get("/api/v1/duties/items").json["items"]
    assert len(found) == 19
    assert [item["group"] for item in found] == ["policy"] * 6 + ["harmony"] * 6 + ["service"] * 7
    assert (found[12]["id"], found[12]["title"]) == (ITEM, "巡查楼道安全")
    assert world.resident().get("/api/v1/duties/items").status_code == 403


def test_a_record_is_accepted_and_the_head_hears_of_it_once(world: World) -> None:
    community, building = _community_of(world)
    head, office = world.head(building), world.staff(Role.COMMUNITY, community)
    made = _record(head)
    assert made.status_code == 201
    assert (made.json["state"], made.json["month"], made.json["mine"]) == ("submitted", "2026-10", True)
    (waiting,) = office.get("/api/v1/duties/records?state=submitted").json["items"]
    assert (waiting["id"], waiting["mine"]) == (made.json["id"], False)
    assert _decide(office, made.json["id"]).json["state"] == "accepted"
    assert _decide(office, made.json["id"]).json["code"] == "already_decided"
    assert office.get("/api/v1/duties/records?state=submitted").json["items"] == []
    (message,) = head.get("/api/v1/messages").json["items"]
    assert "巡查楼道安全" in message["title"]
    assert head.get(message["link"]).json["state"] == "accepted"


def test_rejecting_says_why_and_can_be_taken_back_with_a_reason(world: World) -> None:
    community, building = _community_of(world)
    head, office = world.head(building), world.staff(Role.COMMUNITY, community)
    record = _record(head).json["id"]
    assert _decide(office, record, "rejected").json["errors"][0]["field"] == "reason"
    assert _decide(office, record, "rejected", "没有写在哪一层。").json["decision"] == "没有写在哪一层。"
    assert _decide(office, record, "accepted").status_code == 422
    assert _decide(office, record, "accepted", "已经补充说明。").json["version"] == 3
    assert len(head.get("/api/v1/messages").json["items"]) == 2
    with world.reading() as connection:
        trail = (
            connection.execute(sa.select(AuditEvent.detail).where(AuditEvent.action == "duty:decide")).scalars().all()
        )
    assert [(event["from"], event["to"]) for event in trail] == [("submitted", "rejected"), ("rejected", "accepted")]


def test_nobody_verifies_her_own(world: World) -> None:
    community, building = _community_of(world)
    both = world.person((Role.HEAD, building), (Role.COMMUNITY, community))
    assert _decide(both, _record(both).json["id"]).status_code == 403


def test_nobody_verifies_those_of_a_building_she_heads(world: World) -> None:
    community, building = _community_of(world)
    record = _record(world.head(building)).json["id"]
    both = world.person((Role.HEAD, building), (Role.COMMUNITY, community))
    assert _decide(both, record).status_code == 403
    assert _decide(world.staff(Role.COMMUNITY, community), record).status_code == 200


def test_the_grid_reads_but_does_not_decide(world: World) -> None:
    community = world.community()
    grid = world.grid(community)
    record = _record(world.head(world.building(grid))).json["id"]
    officer = world.staff(Role.GRID, grid)
    assert officer.get(f"/api/v1/duties/records/{record}").status_code == 200
    assert _decide(officer, record).status_code == 403


def test_only_days_of_this_month_and_the_last(world: World) -> None:
    _, building = _community_of(world)
    head = world.head(building)
    for done_on in ("2026-10-12", "2026-09-01"):
        assert _record(head, done_on=done_on).status_code == 201, done_on
    for done_on in ("2026-10-13", "2026-08-31", "2026-02-30", "0001-01-01", "yesterday"):
        refused = _record(head, done_on=done_on)
        assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "done_on"), done_on


def test_today_is_shanghais(world: World) -> None:
    _, building = _community_of(world)
    head = world.head(building)
    world.clock.set(datetime.fromisoformat("2026-10-13T00:10:00+08:00"))  # the 12th in UTC
    assert _record(head, done_on="2026-10-13").status_code == 201


def test_once_the_notice_opened_nothing_is_added_or_decided(world: World) -> None:
    community, building = _community_of(world)
    head, office = world.head(building), world.staff(Role.COMMUNITY, community)
    record = _record(head, done_on="2026-09-20").json["id"]
    _notice_opened(world, community, 202609)
    assert _record(head, done_on="2026-09-20").json["code"] == "month_fixed"
    assert _decide(office, record).json["code"] == "month_fixed"
    assert _record(head).status_code == 201
    assert head.get("/api/v1/messages").json["items"] == []


def test_who_heads_two_buildings_says_which(world: World) -> None:
    community, building = _community_of(world)
    second = world.building(world.grid(community))
    head = world.person((Role.HEAD, building), (Role.HEAD, second))
    assert _record(head).json["errors"][0]["field"] == "building"
    assert _record(head, building=second.public_id).json["building"] == second.public_id
    found = head.get(f"/api/v1/duties/records?building={building.public_id}").json["items"]
    assert found == []


BAD: list[dict[str, Any]] = [
    {"item": "0" * 16},
    {"item": "x"},
    {"text": ""},
    {"text": "x" * 501},
    {"photo_ids": ["0" * 16]},
    {"x": 1},
]


def test_a_bad_record_is_refused_and_leaves_nothing(world: World) -> None:
    _, building = _community_of(world)
    head = world.head(building)
    for change in BAD:
        assert _record(head, **change).status_code == 422, change
    with world.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(DutyRecord)).scalar() == 0


def test_a_decision_is_a_yes_or_a_no(world: World) -> None:
    community, building = _community_of(world)
    record = _record(world.head(building)).json["id"]
    assert _decide(world.staff(Role.COMMUNITY, community), record, "submitted").status_code == 422


def test_the_same_post_twice_is_one_record(world: World) -> None:
    _, building = _community_of(world)
    head = world.head(building)
    body = {"item": ITEM, "done_on": TODAY, "text": "清理楼道。"}
    answers = [head.post("/api/v1/duties/records", json=body, headers={"Idempotency-Key": "k" * 20}) for _ in range(2)]
    assert answers[0].json["id"] == answers[1].json["id"]
    assert len(head.get("/api/v1/duties/records").json["items"]) == 1


def test_the_very_same_is_not_written_down_twice_by_anybody(world: World) -> None:
    community, building = _community_of(world)
    head, second = world.head(building), world.head(building)
    record = _record(head).json["id"]
    for caller in (head, second):
        again = _record(caller)
        assert (again.status_code, again.json["code"]) == (409, "already_recorded")
    assert _record(head, text="晚上又检查了一遍。").status_code == 201
    assert _record(second, done_on="2026-10-11").status_code == 201
    assert _record(world.head(world.building(world.grid(community)))).status_code == 201
    _decide(world.staff(Role.COMMUNITY, community), record, "rejected", "没有写在哪一层。")
    assert _record(head).status_code == 201


def test_pages_hang_together(world: World) -> None:
    _, building = _community_of(world)
    head = world.head(building)
    made = [_record(head, text=f"第{n}次").json["id"] for n in range(3)]
    first = head.get("/api/v1/duties/records?limit=2").json
    second = head.get("/api/v1/duties/records", query_string={"limit": 2, "cursor": first["next_cursor"]}).json
    assert [row["id"] for row in first["items"] + second["items"]] == made[::-1]
