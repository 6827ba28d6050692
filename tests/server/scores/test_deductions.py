"""Points taken off: with a reason and evidence, in time, and never in silence."""

from typing import Any

import sqlalchemy as sa

from models import AuditEvent, Deduction
from models.enums import Role
from tests.server.scores.given import FIRST_OF_NOVEMBER, Community, at
from tests.world import Caller, Spot, World

PATH = "/api/v1/deductions"


def _take(office: Caller, spot: Spot, **change: Any) -> Any:
    body = {
        "building": spot.public_id,
        "month": "2026-10",
        "points": 2000,
        "reason": "楼道堆物没有清理",
        "evidence": "10月9日检查照片两张",
    }
    return office.post(PATH, json={**body, **change})


def test_a_neighbouring_office_neither_takes_nor_sees_nor_gives_back(world: World) -> None:
    ours, theirs = Community(world), Community(world)
    building = ours.building()
    assert _take(theirs.office, building).status_code == 404
    deduction = _take(ours.office, building).json["id"]
    assert theirs.office.get(PATH).json["items"] == []
    assert theirs.office.get(f"{PATH}?building={building.public_id}").status_code == 404
    assert theirs.office.post(f"{PATH}/{deduction}/cancel", json={"reason": "x"}).status_code == 404


def test_only_the_community_takes_points_off(world: World) -> None:
    community = Community(world)
    building = community.building()
    for caller in (
        world.head(building),
        world.staff(Role.GRID, community.grid),
        world.staff(Role.STREET, world.street()),
    ):
        assert _take(caller, building).status_code == 403
        assert caller.get(PATH).status_code == 403


def test_who_heads_a_building_neither_takes_its_points_nor_gives_them_back(world: World) -> None:
    community = Community(world)
    building, other = community.building(), community.building()
    both = world.person((Role.COMMUNITY, community.spot), (Role.HEAD, building))
    deduction = _take(community.office, building).json["id"]
    assert _take(both, building).status_code == 403
    assert both.post(f"{PATH}/{deduction}/cancel", json={"reason": "是我的楼"}).status_code == 403
    assert _take(both, other).status_code == 201


def test_a_deduction_lowers_the_score_until_it_is_taken_back(world: World) -> None:
    community = Community(world)
    building = community.building(4)
    made = _take(community.office, building)
    assert (made.status_code, made.json["points_shown"]) == (201, "2")
    community.drafted()
    (with_it,) = community.ranking()
    cancelled = community.office.post(f"{PATH}/{made.json['id']}/cancel", json={"reason": "当天已经清理"})
    assert cancelled.json["cancel_reason"] == "当天已经清理"
    again = community.office.post(f"{PATH}/{made.json['id']}/cancel", json={"reason": "再撤一次"})
    assert again.json["code"] == "already_cancelled"
    assert community.move("redraft").status_code == 200
    (without,) = community.ranking()
    assert without["total"] - with_it["total"] == 2000
    listed = community.office.get(f"{PATH}?month=2026-10&building={building.public_id}").json["items"]
    assert [row["id"] for row in listed] == [made.json["id"]]


def test_no_more_than_ten_points_a_month_however_many_deductions(world: World) -> None:
    community = Community(world)
    building = community.building(4)
    for _ in range(3):
        assert _take(community.office, building, points=4000).status_code == 201
    community.drafted()
    score = community.office.get(f"{community.path()}/buildings/{building.public_id}").json
    (line,) = [line for line in score["lines"] if line["component"] == "deduction"]
    assert (line["points"], line["points_shown"]) == (-10_000, "-10")


def test_on_notice_it_is_too_late_to_take_or_give_back(world: World) -> None:
    community = Community(world)
    building = community.building()
    deduction = _take(community.office, building).json["id"]
    community.on_notice()
    assert _take(community.office, building).json["code"] == "month_fixed"
    late = community.office.post(f"{PATH}/{deduction}/cancel", json={"reason": "太晚了"})
    assert (late.status_code, late.json["code"]) == (409, "month_fixed")


def test_the_future_is_not_deducted_from(world: World) -> None:
    community = Community(world)
    building = community.building()
    assert _take(community.office, building, month="2026-11").json["code"] == "month_in_future"
    at(world, FIRST_OF_NOVEMBER)
    assert _take(community.office, building, month="2026-11").status_code == 201


BAD: list[dict[str, Any]] = [
    {"points": 0},
    {"points": 10_001},
    {"points": 1.5},
    {"points": "2000"},
    {"reason": " "},
    {"evidence": ""},
    {"month": "2026-00"},
    {"building": "nowhere"},
    {"why": "not"},
]


def test_a_deduction_needs_points_reason_and_evidence(world: World) -> None:
    community = Community(world)
    building = community.building()
    for change in BAD:
        assert _take(community.office, building, **change).status_code == 422, change
    with world.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(Deduction)).scalar() == 0


def test_pages_hang_together_and_each_one_leaves_its_trace(world: World) -> None:
    community = Community(world)
    building = community.building()
    made = [_take(community.office, building).json["id"] for _ in range(3)]
    first = community.office.get(f"{PATH}?limit=2").json
    second = community.office.get(PATH, query_string={"limit": 2, "cursor": first["next_cursor"]}).json
    assert [row["id"] for row in first["items"] + second["items"]] == made[::-1]
    with world.reading() as connection:
        trail = connection.execute(
            sa.select(AuditEvent.subject, AuditEvent.detail).where(AuditEvent.action == "deduction:enter")
        ).all()
    assert [row.subject for row in trail] == [f"deduction:{each}" for each in made]
    assert trail[0].detail == {"month": 202610, "points": 2000}
