"""What is counted for a building, and what is not."""

import itertools
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models import DutyRecord
from models.enums import DutyState, Level, Move, Satisfaction
from server.rules.scoring import BuildingFacts
from server.scores import facts
from tests.server.scores.given import STARS, Community, reopened, visits
from tests.world import Spot, World

_talks = itertools.count(1)


def _facts(world: World, building: Spot, month: int = 202610) -> BuildingFacts:
    with world.reading():
        (found,) = [row for rows in facts.gather(month).values() for row in rows if row.building_id == building.id]
    return found


def _record(world: World, community: Community, building: Spot, state: DutyState) -> None:
    head = world.head(building)
    made = head.post(
        "/api/v1/duties/records",
        json={"item": "task000000000001", "done_on": "2026-10-11", "text": f"宣讲{next(_talks)}"},
    )
    with world.writing() as connection:
        connection.execute(sa.update(DutyRecord).where(DutyRecord.public_id == made.json["id"]).values(state=state))


def test_a_building_without_anything_has_nothing(world: World) -> None:
    building = Community(world).building(stars=None, answers=0)
    assert _facts(world, building) == BuildingFacts(building.id)


def test_return_visits_count_answers_to_each_question_for_itself(world: World) -> None:
    building = Community(world).building(stars=None, answers=0)
    visits(world, building, 3)
    visits(world, building, 2, contacted=False, solved=None, satisfaction=Satisfaction.FAIRLY)
    visits(world, building, 1, contacted=None, solved=False, satisfaction=Satisfaction.UNSATISFIED)
    visits(world, building, 1, contacted=None, solved=True, satisfaction=None)
    visits(world, building, 4, month=202609)
    visits(world, building, 4, counts=False)
    found = _facts(world, building)
    assert (found.contacted, found.contacted_of) == (3, 5)
    assert (found.solved, found.solved_of) == (4, 5)
    assert (found.satisfied, found.fairly, found.satisfaction_of) == (3, 2, 6)
    assert _facts(world, building, 202609).solved == 4


def test_stars_of_the_inspection(world: World) -> None:
    community = Community(world)
    building = community.building(stars=None, answers=0)
    community.inspect(building, {"stairwell": 1, "safety": 2, "care": 3, "neighbours": 5})
    community.inspect(building, STARS, "2026-09")
    found = _facts(world, building)
    assert (found.stars_got, found.stars_of, found.inspections) == (11, 20, 1)


def test_accepted_duties_count_and_put_the_duty_book_in_use_for_the_whole_community(world: World) -> None:
    community, other = Community(world), Community(world)
    doing, waiting = (community.building(stars=None, answers=0) for _ in range(2))
    elsewhere = other.building(stars=None, answers=0)
    for state in (DutyState.ACCEPTED, DutyState.ACCEPTED, DutyState.REJECTED):
        _record(world, community, doing, state)
    _record(world, community, waiting, DutyState.SUBMITTED)
    _record(world, other, elsewhere, DutyState.REJECTED)
    assert [(_facts(world, b).duties, _facts(world, b).duties_in_use) for b in (doing, waiting, elsewhere)] == [
        (2, True),
        (0, True),
        (0, False),
    ]


def test_rework_is_counted_by_shanghais_month_and_not_when_a_department_had_it(world: World) -> None:
    building = Community(world).building(stars=None, answers=0)
    issues = visits(world, building, 6)
    for issue, moment, level, move in (
        (issues[0], "2026-10-01T00:00:00+08:00", Level.GRID, Move.REOPEN),  # still September in UTC
        (issues[1], "2026-10-31T23:59:59+08:00", Level.COMMUNITY, Move.RATE),  # "not solved" on the return visit
        (issues[2], "2026-10-15T12:00:00+08:00", Level.STREET, Move.REOPEN),  # the community had said it was done
        (issues[3], "2026-10-15T12:00:00+08:00", Level.DISTRICT, Move.REOPEN),  # a department or the street had
        (issues[4], "2026-09-30T23:59:59+08:00", Level.GRID, Move.REOPEN),
        (issues[5], "2026-11-01T00:00:00+08:00", Level.GRID, Move.REOPEN),
    ):
        reopened(world, issue, moment, level, move)
    assert _facts(world, building).rework == 3
    assert _facts(world, building, 202609).rework == 1


def test_deductions_add_up_without_those_taken_back(world: World) -> None:
    community = Community(world)
    building = community.building(stars=None, answers=0)
    body: dict[str, Any] = {
        "building": building.public_id, "month": "2026-10", "reason": "堆物", "evidence": "照片"
    }  # fmt: skip
    made = [community.office.post("/api/v1/deductions", json={**body, "points": p}).json["id"] for p in (500, 700, 900)]
    community.office.post(f"/api/v1/deductions/{made[1]}/cancel", json={"reason": "弄错了"})
    found = _facts(world, building)
    assert found.deductions == 1400
    assert type(found.deductions) is int


def test_facts_are_plain_integers_on_every_database(world: World) -> None:
    community = Community(world)
    building = community.building(4)
    _record(world, community, building, DutyState.ACCEPTED)
    reopened(world, visits(world, building, 1)[0], datetime(2026, 10, 15, 4).isoformat() + "+00:00")
    assert {type(value) for value in _facts(world, building)} == {int, bool}


def test_what_reporters_answer_through_the_doors_is_what_counts(world: World) -> None:
    community = Community(world)
    building = community.building(stars=None, answers=0)
    head = world.head(building)
    for answers in ({"solved": False, "contacted": True}, {"solved": True, "satisfaction": "fairly"}):
        made = world.anyone().post(
            f"/api/v1/codes/{building.stairwell_code}/issues", json={"category": "lift", "text": "电梯停在四楼"}
        )
        assert (
            head.post(
                f"/api/v1/issues/{made.json['id']}/resolve", json={"text": "已修好", "done_by": "物业师傅"}
            ).status_code
            == 200
        )
        told = world.anyone().post(f"/api/v1/claims/{made.json['claim_code']}/answers", json=answers)
        assert told.status_code == 200, told.json
    found = _facts(world, building)
    assert (found.contacted, found.contacted_of, found.solved, found.solved_of) == (1, 1, 1, 2)
    assert (found.fairly, found.satisfaction_of, found.rework) == (1, 1, 1)
