"""A building's score, line by line: for its head, for the office, and for nobody else."""

from typing import Any

import sqlalchemy as sa

from models import Appointment
from models.enums import Role, Satisfaction
from tests.queries import count_queries
from tests.server.scores.given import FIRST_OF_NOVEMBER, NOTICE_OVER, Community, at, days, visits
from tests.world import Caller, Spot, World

MINE = "/api/v1/scores/mine"


def _lines(score: Any) -> dict[str, Any]:
    return {line["component"]: line for line in score["lines"]}


def _score(caller: Caller, community: Community, building: Spot) -> Any:
    return caller.get(f"{community.path()}/buildings/{building.public_id}")


def test_a_neighbour_reads_no_ones_lines(world: World) -> None:
    community = Community(world)
    building, next_door = community.building(), community.building()
    community.on_notice()
    assert _score(world.head(next_door), community, building).status_code == 404
    assert _score(Community(world).office, community, building).status_code == 404
    assert _score(world.resident(), community, building).status_code == 403
    assert _score(world.head(building), community, building).status_code == 200
    assert _score(community.office, community, building).status_code == 200


def test_every_line_says_why_and_the_lines_add_up(world: World) -> None:
    community = Community(world)
    building = community.building(4, answers=6, satisfaction=Satisfaction.FAIRLY)
    community.drafted()
    score = _score(community.office, community, building).json
    lines = _lines(score)
    assert list(lines) == ["survey", "star_book", "case_handling", "duties"]
    assert sum(line["points"] for line in score["lines"]) == score["total"]
    assert lines["survey"]["thin"] is True
    assert "数据不足" in lines["survey"]["reason"]
    assert (lines["star_book"]["points"], lines["star_book"]["points_shown"]) == (40_000, "40")
    assert lines["star_book"]["weight_shown"] == "50"
    assert lines["case_handling"]["steps"][-1].endswith("（保留三位小数，只在这一步四舍五入）")
    assert all(line["reason"] and line["would_raise"] for line in score["lines"])
    assert {line["rule_id"] for line in score["lines"]} == {f"standard-1/{name}" for name in lines}
    assert (score["rank"], score["ranked_buildings"]) == (1, 1)


def test_a_head_reads_her_draft_but_not_her_rank_yet(world: World) -> None:
    community = Community(world)
    building = community.building(5)
    community.building(3)
    head = world.head(building)
    at(world, FIRST_OF_NOVEMBER)
    nothing = head.get(MINE)
    assert (nothing.status_code, nothing.json["code"]) == (404, "not_scored")
    community.drafted()
    draft = head.get(MINE).json
    assert draft["month"]["state"] == "draft"
    assert (draft["rank"], draft["red_flag"], draft["ranked_buildings"]) == (None, False, None)
    assert draft["total"] > 0
    assert "名" not in draft["reason"].replace("排名", "")
    assert _score(head, community, building).json["rank"] is None
    assert community.move("notice").status_code == 200
    noticed = head.get(MINE).json
    assert (noticed["rank"], noticed["ranked_buildings"], noticed["red_flag"]) == (1, 2, True)


def test_mine_is_the_latest_month_unless_one_is_named(world: World) -> None:
    community = Community(world)
    building = community.building()
    visits(world, building, 4, month=202609)
    head = world.head(building)
    at(world, FIRST_OF_NOVEMBER)
    for month in ("2026-10", "2026-09"):
        assert community.move("close", month=month).status_code == 200
    assert head.get(MINE).json["month"]["month"] == "2026-10"
    assert head.get(f"{MINE}?month=2026-09").json["month"]["month"] == "2026-09"
    assert head.get(f"{MINE}?month=2026-01").status_code == 404
    assert head.get(f"{MINE}?month=January").status_code == 422


def test_who_heads_two_buildings_says_which(world: World) -> None:
    community = Community(world)
    one, two, other = (community.building() for _ in range(3))
    head = world.person((Role.HEAD, one), (Role.HEAD, two))
    community.on_notice()
    assert head.get(MINE).json["errors"][0]["field"] == "building"
    assert head.get(f"{MINE}?building={two.public_id}").json["building"] == two.public_id
    assert head.get(f"{MINE}?building={other.public_id}").status_code == 404


def test_an_office_without_a_building_has_no_score_of_its_own(world: World) -> None:
    community = Community(world)
    community.building()
    assert community.office.get(MINE).status_code == 403


def test_heads_hear_of_the_notice_and_of_the_result_once_each(world: World) -> None:
    community = Community(world)
    best, plain, headless = community.building(5), community.building(3), community.building(4)
    thin = community.building(stars=None, answers=0)
    heads = [world.head(spot) for spot in (best, plain, thin)]
    gone = world.head(headless)
    with world.writing() as connection:
        connection.execute(
            sa.update(Appointment)
            .where(Appointment.person_id == gone.person_id)
            .values(ends_at=world.clock.now() - days(1))
        )
    community.drafted()
    assert all(head.get("/api/v1/messages").json["items"] == [] for head in heads)
    assert community.move("notice").status_code == 200
    for head in heads:
        (told,) = head.get("/api/v1/messages").json["items"]
        assert told["kind"] == "score"
        assert "可以申诉到11月6日24点" in told["body"]
        assert head.get(told["link"]).status_code == 200
        assert "流动红旗" not in told["body"]
    assert "数据不足" in heads[2].get("/api/v1/messages").json["items"][0]["title"]
    at(world, NOTICE_OVER)
    assert community.move("seal", community.second).status_code == 200
    assert community.move("publish").status_code == 200
    assert community.move("publish").status_code == 409
    for head, flag in zip(heads, (True, False, False), strict=True):
        told = head.get("/api/v1/messages").json["items"]
        assert len(told) == 2
        assert ("本楼获得流动红旗" in told[0]["body"]) is flag
    with world.reading() as connection:
        count = connection.execute(sa.text("SELECT count(*) FROM messages")).scalar()
    assert count == 6


def test_mine_costs_four_queries(world: World) -> None:
    community = Community(world)
    building = community.building()
    for _ in range(5):
        community.building()
    head = world.head(building)
    community.on_notice()
    with count_queries(world.app) as sent:
        assert head.get(MINE).status_code == 200
    assert len(sent) == 4, sent  # who, where, standing, lines
    with count_queries(world.app) as sent:
        assert _score(community.office, community, building).status_code == 200
    assert len(sent) == 4, sent
