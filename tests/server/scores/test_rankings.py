"""The ranking: who sees it when, ties, thin data, and what it costs."""

from models.enums import Role
from server.core.paging import encode
from tests.queries import count_queries
from tests.server.scores.given import FIRST_OF_NOVEMBER, Community, at, visits
from tests.world import World


def test_heads_see_their_own_communitys_ranking_from_the_notice_on(world: World) -> None:
    ours, theirs = Community(world), Community(world)
    head = world.head(ours.building())
    theirs.building()
    at(world, FIRST_OF_NOVEMBER)
    assert theirs.move("close").status_code == 200
    assert theirs.move("notice").status_code == 200
    ours.drafted()
    assert head.get(ours.path()).json["code"] == "month_not_closed"
    assert head.get(theirs.path()).json["code"] == "not_found"
    assert head.get("/api/v1/months").json["items"] == []
    assert ours.move("notice").status_code == 200
    assert len(head.get(ours.path()).json["standings"]) == 1
    (listed,) = head.get("/api/v1/months").json["items"]
    assert (listed["community"], listed["state"]) == (ours.spot.public_id, "notice")
    assert head.get(theirs.path()).status_code == 404


def test_the_office_sees_drafts_from_grid_to_district(world: World) -> None:
    community = Community(world)
    community.building()
    community.drafted()
    for role, spot in (
        (Role.GRID, community.grid),
        (Role.COMMUNITY, community.spot),
        (Role.STREET, world.street()),
        (Role.DISTRICT, world.district()),
    ):
        seen = world.staff(role, spot).get(community.path())
        assert (seen.status_code, seen.json["month"]["state"]) == (200, "draft")
    assert world.staff(Role.OPERATOR, world.district()).get(community.path()).status_code == 403
    assert world.staff(Role.DEPARTMENT, world.district()).get(community.path()).status_code == 403
    assert world.resident().get(community.path()).status_code == 403


def test_before_a_month_is_closed_there_is_nothing_to_see(world: World) -> None:
    community = Community(world)
    community.building()
    refused = community.office.get(community.path())
    assert (refused.status_code, refused.json["code"]) == (404, "month_not_closed")


def test_ties_share_a_rank_and_may_share_the_flag(world: World) -> None:
    community = Community(world)
    first = community.building(5)
    twins = [community.building(4) for _ in range(2)]
    last = community.building(2)
    community.drafted()
    rows = {row["building"]: row for row in community.ranking()}
    assert [rows[spot.public_id]["rank"] for spot in (first, *twins, last)] == [1, 2, 2, 4]
    assert [rows[spot.public_id]["tied"] for spot in (first, *twins, last)] == [False, True, True, False]
    assert [rows[spot.public_id]["red_flag"] for spot in (first, *twins, last)] == [True, True, True, False]
    assert "同时得旗" in rows[twins[0].public_id]["reason"]


def test_thin_data_are_not_ranked_and_never_last(world: World) -> None:
    community = Community(world)
    good, poor = community.building(5), community.building(1)
    silent = community.building(stars=None, answers=0)
    few = community.building(stars=None, answers=2)
    community.drafted()
    rows = community.ranking()
    assert [row["building"] for row in rows] == [s.public_id for s in (good, poor, silent, few)]
    assert [row["rank"] for row in rows] == [1, 2, None, None]
    assert [row["state"] for row in rows[2:]] == ["thin", "thin"]
    assert rows[1]["reason"].startswith("总分")
    assert not any(row["red_flag"] for row in rows[2:])
    assert rows[0]["total_shown"].count(".") <= 1
    assert [row["total_shown"] for row in rows[2:]] == ["数据不足", "数据不足"]
    score = community.office.get(f"{community.path()}/buildings/{silent.public_id}").json
    assert {score["total_shown"], *(line["points_shown"] for line in score["lines"])} == {"数据不足"}


def test_a_community_without_any_data_has_a_ranking_of_nobody(world: World) -> None:
    community = Community(world)
    community.building(stars=None, answers=0)
    community.drafted()
    (row,) = community.ranking()
    assert (row["rank"], row["total"], row["red_flag"]) == (None, 0, False)


def test_months_are_listed_newest_first_page_by_page(world: World) -> None:
    community = Community(world)
    building = community.building()
    visits(world, building, 4, month=202609)
    at(world, FIRST_OF_NOVEMBER)
    for month in ("2026-10", "2026-08", "2026-09"):
        assert community.move("close", month=month).status_code == 200
    first = community.office.get("/api/v1/months?limit=2").json
    second = community.office.get("/api/v1/months", query_string={"limit": 2, "cursor": first["next_cursor"]}).json
    assert [row["month"] for row in first["items"] + second["items"]] == ["2026-10", "2026-09", "2026-08"]
    assert second["next_cursor"] is None
    (one,) = community.office.get(f"/api/v1/months?month=2026-09&community={community.spot.public_id}").json["items"]
    assert (one["month"], one["rule_set"], one["rule_set_version"]) == ("2026-09", "standard-1", 1)
    other = Community(world)
    assert other.office.get(f"/api/v1/months?community={community.spot.public_id}").json["items"] == []


def test_a_cursor_made_up_by_somebody_is_refused_or_finds_nothing(world: World) -> None:
    community = Community(world)
    building = community.building()
    community.drafted()
    lists = (
        "/api/v1/months",
        "/api/v1/deductions",
        "/api/v1/inspections",
        "/api/v1/duties/records",
        "/api/v1/messages",
        f"{community.path()}/buildings/{building.public_id}/evidence/case_handling",
    )
    for path in lists:
        for number in (0, 1, 2**31, 2**32 - 1, 2**63 - 1):
            assert community.office.get(path, query_string={"cursor": encode(number)}).status_code == 200, path
        for number in (2**63, 10**40):
            assert community.office.get(path, query_string={"cursor": encode(number)}).status_code == 422, path
        assert community.office.get(path, query_string={"cursor": "长"}).status_code == 422, path


def test_a_ranking_costs_four_queries_however_long(world: World) -> None:
    community = Community(world)
    for _ in range(12):
        community.building()
    community.on_notice()
    head = world.head(community.building(stars=None, answers=0))
    for caller in (community.office, head):
        with count_queries(world.app) as sent:
            assert caller.get(community.path()).status_code == 200
        assert len(sent) == 4, sent  # who, the month, its versions, its standings
    with count_queries(world.app) as sent:
        assert community.office.get("/api/v1/months").status_code == 200
    assert len(sent) == 3, sent
