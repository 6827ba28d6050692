"""A month's life: draft → public notice → sealed by a second person → published."""

import json
from datetime import datetime

import sqlalchemy as sa

from models import AuditEvent, CommunityMonth
from models.enums import Role
from server.core import audit
from tests.server.scores.given import FIRST_OF_NOVEMBER, NOTICE_OVER, STARS, Community, at, visits
from tests.world import World

MOVES = ("close", "redraft", "notice", "seal", "publish")


def test_a_neighbouring_office_moves_nothing(world: World) -> None:
    ours, theirs = Community(world), Community(world)
    ours.building()
    ours.drafted()
    for move in MOVES:
        assert ours.move(move, theirs.office).status_code == 404, move
    assert theirs.office.get(ours.path()).status_code == 404


def test_heads_and_grids_move_nothing(world: World) -> None:
    community = Community(world)
    head, officer = world.head(community.building()), world.staff(Role.GRID, community.grid)
    community.drafted()
    for move in MOVES:
        assert community.move(move, head).status_code == 403, move
        assert community.move(move, officer).status_code == 403, move


def test_from_draft_to_published(world: World) -> None:
    community = Community(world)
    best, middle, worst = community.building(5), community.building(4), community.building(3)
    at(world, FIRST_OF_NOVEMBER)
    drafted = community.move("close")
    assert (drafted.status_code, drafted.json["month"]["state"]) == (200, "draft")
    assert "草稿" in drafted.json["message"]

    opened = community.move("notice").json["month"]
    assert opened["state"] == "notice"
    assert datetime.fromisoformat(opened["notice_ends_at"]) == datetime.fromisoformat(NOTICE_OVER)

    at(world, NOTICE_OVER)
    sealed = community.move("seal", community.second).json["month"]
    assert (sealed["state"], len(sealed["manifest_hash"])) == ("sealed", 64)
    published = community.move("publish").json["month"]
    assert (published["state"], published["manifest_hash"]) == ("published", sealed["manifest_hash"])

    ranking = community.office.get(community.path()).json
    assert [row["building"] for row in ranking["standings"]] == [spot.public_id for spot in (best, middle, worst)]
    assert [row["rank"] for row in ranking["standings"]] == [1, 2, 3]
    assert [row["red_flag"] for row in ranking["standings"]] == [True, True, False]
    assert ranking["flags_are_final"] is True


def test_each_step_waits_for_the_one_before(world: World) -> None:
    community = Community(world)
    community.building()
    at(world, FIRST_OF_NOVEMBER)
    for move in ("redraft", "notice", "seal", "publish"):
        refused = community.move(move)
        assert (refused.status_code, refused.json["code"]) == (409, "wrong_state")
    assert community.move("close").status_code == 200
    assert community.move("close").json["code"] == "wrong_state"
    assert community.move("publish").status_code == 409


def test_a_month_that_is_not_over_is_not_drafted(world: World) -> None:
    community = Community(world)
    community.building()
    at(world, "2026-10-31T23:59:59+08:00")
    refused = community.move("close")
    assert (refused.status_code, refused.json["code"]) == (409, "month_not_over")
    at(world, "2026-11-01T00:00:00+08:00")
    assert community.move("close").status_code == 200


def test_who_opened_the_notice_does_not_seal(world: World) -> None:
    community = Community(world)
    community.building()
    community.on_notice()
    at(world, NOTICE_OVER)
    refused = community.move("seal", community.office)
    assert (refused.status_code, refused.json["code"]) == (409, "second_person")
    assert community.move("seal", world.staff(Role.STREET, world.street())).status_code == 200


def test_sealing_waits_for_the_notice_to_end(world: World) -> None:
    community = Community(world)
    community.building()
    community.on_notice()
    at(world, "2026-11-06T23:59:59+08:00")
    refused = community.move("seal", community.second)
    assert (refused.status_code, refused.json["code"]) == (409, "notice_running")
    assert "11月6日24点" in refused.json["detail"]
    at(world, NOTICE_OVER)
    assert community.move("seal", community.second).status_code == 200


def test_the_national_holiday_does_not_count_as_working_days(world: World) -> None:
    community = Community(world)
    community.building(month=202608)
    at(world, "2026-09-30T09:00:00+08:00")  # 1 to 7 October are free, the 10th is worked
    assert community.move("close", month="2026-08").status_code == 200
    ends = community.move("notice", month="2026-08").json["month"]["notice_ends_at"]
    assert datetime.fromisoformat(ends) == datetime.fromisoformat("2026-10-14T00:00:00+08:00")


def test_a_year_without_announced_holidays_is_said_to_be_one(world: World) -> None:
    community = Community(world)
    community.building()
    at(world, "2031-03-03T09:00:00+08:00")
    assert community.move("close").status_code == 200
    opened = community.move("notice").json
    assert "2031年的节假日安排还没有收录" in opened["message"]
    ends = datetime.fromisoformat(opened["month"]["notice_ends_at"])
    assert ends == datetime.fromisoformat("2031-03-11T00:00:00+08:00")


def test_a_draft_follows_the_facts_until_the_notice_opens(world: World) -> None:
    community = Community(world)
    building = community.building(stars=None, answers=0)
    community.drafted()
    assert community.ranking()[0]["state"] == "thin"
    community.inspect(building, STARS)
    assert community.ranking()[0]["state"] == "thin"
    assert community.move("redraft").status_code == 200
    inspected = community.ranking()[0]
    assert (inspected["state"], inspected["total"]) == ("ranked", 80_000)
    visits(world, building, 5, solved=False)
    assert community.move("notice").status_code == 200
    assert community.ranking()[0]["total"] < inspected["total"]


def test_nothing_is_added_to_a_month_on_notice(world: World) -> None:
    community = Community(world)
    building = community.building(stars=None)
    community.on_notice()
    late = community.office.put(f"/api/v1/inspections/2026-10/{building.public_id}", json=STARS)
    assert (late.status_code, late.json["code"]) == (409, "month_fixed")
    assert community.move("redraft").json["code"] == "wrong_state"


def test_each_move_leaves_its_trace_and_the_chain_holds(world: World) -> None:
    community = Community(world)
    community.building()
    community.published()
    with world.reading() as connection:
        rows = connection.execute(
            sa.select(AuditEvent.action, AuditEvent.actor_id, AuditEvent.place_id, AuditEvent.detail)
            .where(AuditEvent.action.like("month:%"))
            .order_by(AuditEvent.id)
        ).all()
        assert audit.verify()[1] is None
    assert [row.action for row in rows] == ["month:draft", "month:notice", "month:seal", "month:publish"]
    assert {row.place_id for row in rows} == {community.spot.id}
    assert rows[2].actor_id == community.second.person_id
    assert all(row.detail["month"] == 202610 for row in rows)
    assert "王" not in json.dumps([row.detail for row in rows], ensure_ascii=False)


def test_the_same_move_sent_twice_is_made_once(world: World) -> None:
    community = Community(world)
    community.building()
    at(world, FIRST_OF_NOVEMBER)
    key = {"Idempotency-Key": "close-october-2026"}
    first, second = (community.office.post(community.path("close"), headers=key) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert second.headers["Idempotent-Replay"] == "true"
    with world.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(CommunityMonth)).scalar() == 1


def test_an_address_that_is_no_month_is_not_there(world: World) -> None:
    community = Community(world)
    for month in ("2026-13", "october", "1999-10"):
        assert community.move("close", month=month).status_code == 404, month
        assert community.office.get(community.path(month=month)).status_code == 404, month


def test_a_building_is_no_community(world: World) -> None:
    community = Community(world)
    building = community.building()
    at(world, FIRST_OF_NOVEMBER)
    assert community.office.post(f"/api/v1/months/2026-10/communities/{building.public_id}/close").status_code == 404


def test_strange_addresses_are_simply_not_there(world: World) -> None:
    community = Community(world)
    building = community.building()
    community.drafted()
    for strange in ("%00", "x" * 300, "码", "..%2f..", "%F0%9F%8F%A0", "' OR 1=1"):
        for path in (
            f"/api/v1/months/{strange}/communities/{community.spot.public_id}",
            f"/api/v1/months/2026-10/communities/{strange}",
            f"{community.path()}/buildings/{strange}",
            f"{community.path()}/buildings/{building.public_id}/evidence/{strange}",
            f"/api/v1/inspections/2026-10/{strange}",
            f"/api/v1/duties/records/{strange}",
        ):
            assert community.office.get(path).status_code == 404, path
        for path in (
            f"/api/v1/months/2026-10/communities/{strange}/seal",
            f"/api/v1/deductions/{strange}/cancel",
            f"/api/v1/messages/{strange}/read",
        ):
            assert community.office.post(path, json={"reason": "x"}).status_code == 404, path
