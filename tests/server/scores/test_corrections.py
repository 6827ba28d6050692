"""更正版: what was wrong in a sealed month is put right by its next version; the one before stays, and counts meanwhile."""

import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest
import python_calamine
import sqlalchemy as sa

from models import AuditEvent, CommunityMonth, RuleSet
from models.enums import MonthState, Role
from server.core import audit
from server.jobs.runner import tick
from server.scores import service
from tests.server.scores.given import NOTICE_OVER, Community, at
from tests.world import Caller, Spot, World

WHY = "1栋的检查表登记到了2栋。"
SECOND_NOTICE_OVER = "2026-11-20T00:00:00+08:00"


def begin(community: Community, by: Caller | None = None, reason: str = WHY) -> Any:
    return (by or community.office).post(community.path("correct"), json={"reason": reason})


def again(community: Community, building: Spot, stars: int) -> None:
    """Mend the inspection of a building."""
    path = f"/api/v1/inspections/2026-10/{building.public_id}"
    found = community.office.get(path)
    marks = dict.fromkeys(("stairwell", "safety", "care", "neighbours"), stars)
    mended = community.office.put(path, json=marks, headers={"If-Match": found.headers["ETag"]})
    assert mended.status_code == 200, mended.json


def noticed(community: Community) -> None:
    assert community.move("notice").status_code == 200


def published_again(community: Community) -> None:
    noticed(community)
    at(community.world, SECOND_NOTICE_OVER)
    assert community.move("seal", community.second).status_code == 200
    assert community.move("publish").status_code == 200


def standings(community: Community, version: int | None, by: Caller | None = None) -> Any:
    query = "" if version is None else f"?version={version}"
    return (by or community.office).get(community.path() + query).json


def month_rows(world: World) -> list[Any]:
    with world.reading() as connection:
        return list(connection.execute(sa.select(CommunityMonth.__table__).order_by(CommunityMonth.version)))


def command(world: World, *words: str) -> Any:
    return world.app.test_cli_runner().invoke(args=["month", *words])


def test_a_neighbour_corrects_nothing_and_reads_no_version(world: World) -> None:
    ours, theirs = Community(world), Community(world)
    building = ours.building()
    ours.published()
    assert begin(ours, theirs.office).status_code == 404
    assert begin(ours, world.head(building)).status_code == 403
    assert begin(ours, world.staff(Role.GRID, ours.grid)).status_code == 403
    assert begin(ours, world.staff(Role.STREET, world.street())).status_code == 403
    assert len(month_rows(world)) == 1
    assert begin(ours).status_code == 200
    for version in (1, 2):
        assert theirs.office.get(ours.path() + f"?version={version}").status_code == 404
        assert theirs.office.get(ours.path("export.xlsx") + f"?version={version}").status_code == 404
        score = f"{ours.path()}/buildings/{building.public_id}"
        assert theirs.office.get(f"{score}?version={version}").status_code == 404
        assert theirs.office.get(f"{score}/evidence/star_book?version={version}").status_code == 404
    assert ours.office.get(ours.path() + "?version=3").json["code"] == "not_found"
    assert ours.office.get(ours.path() + "?version=0").status_code == 422


def test_from_published_to_corrected(world: World) -> None:
    community = Community(world)
    right, wrong = community.building(4), community.building(5)
    community.building(5)
    heads = {spot.public_id: world.head(spot) for spot in (right, wrong)}
    community.published()
    first = standings(community, None)
    assert [row["red_flag"] for row in first["standings"] if row["building"] == right.public_id] == [False]

    begun = begin(community).json
    assert (begun["month"]["version"], begun["month"]["state"]) == (2, "draft")
    assert begun["month"]["correction_reason"] == WHY
    assert "原来的结果仍然有效" in begun["message"]
    again(community, right, 5)
    again(community, wrong, 3)
    assert community.move("redraft").json["month"]["version"] == 2
    # The draft is the office's; what was published counts.
    assert standings(community, None)["standings"] == first["standings"]
    draft = {row["building"]: row for row in standings(community, 2)["standings"]}
    assert (draft[right.public_id]["rank"], draft[wrong.public_id]["rank"]) == (1, 3)
    versions = standings(community, None)["month"]["versions"]
    assert [(each["version"], each["state"], each["in_force"]) for each in versions] == [
        (1, "published", True),
        (2, "draft", False),
    ]
    assert [each["correction_reason"] for each in versions] == ["", WHY]

    noticed(community)
    mine = "/api/v1/scores/mine?month=2026-10"
    head = heads[wrong.public_id]
    assert (head.get(mine).json["month"]["version"], head.get(mine).json["red_flag"]) == (1, True)
    assert head.get(f"{mine}&version=2").json["rank"] == 3
    at(world, SECOND_NOTICE_OVER)
    assert community.move("seal", community.office).json["code"] == "second_person"
    sealed = community.move("seal", community.second).json["month"]
    assert sealed["manifest_hash"] not in ("", first["month"]["manifest_hash"])
    assert standings(community, None)["month"]["version"] == 1  # sealed, but not yet published
    published = community.move("publish").json["month"]
    assert (published["version"], published["state"]) == (2, "published")
    now = standings(community, None)
    assert (now["month"]["version"], now["flags_are_final"]) == (2, True)
    assert head.get(mine).json["month"]["version"] == 2
    assert head.get(mine).json["red_flag"] is False
    assert heads[right.public_id].get(mine).json["red_flag"] is True

    kept = standings(community, 1)
    assert kept["standings"] == first["standings"]
    assert {**kept["month"], "versions": []} == {**first["month"], "versions": []}
    (listed,) = community.office.get("/api/v1/months").json["items"]
    assert (listed["version"], [each["in_force"] for each in listed["versions"]]) == (2, [False, True])
    # A third version may follow, never beside one on its way.
    assert begin(community).json["month"]["version"] == 3


def test_heads_see_no_draft_of_a_correction(world: World) -> None:
    community = Community(world)
    building = community.building()
    head = world.head(building)
    community.published()
    assert begin(community).status_code == 200
    score = f"{community.path()}/buildings/{building.public_id}"
    for path in (community.path(), score, f"{score}/evidence/star_book"):
        assert head.get(f"{path}?version=2").status_code == 404, path
        assert head.get(path).status_code == 200, path
    assert head.get("/api/v1/scores/mine?month=2026-10&version=2").status_code == 404
    assert [each["version"] for each in head.get(community.path()).json["month"]["versions"]] == [1]
    assert [len(each["versions"]) for each in head.get("/api/v1/months").json["items"]] == [1]
    noticed(community)
    assert head.get(f"{score}?version=2").json["rank"] == 1
    assert [each["version"] for each in head.get(community.path()).json["month"]["versions"]] == [1, 2]


def test_heads_are_told_once_what_was_corrected_and_why(world: World) -> None:
    community = Community(world)
    loser, winner = community.building(4), community.building(3)
    for _ in range(2):
        community.building(4)
    heads = [world.head(loser), world.head(winner)]
    community.published()
    before = [len(head.get("/api/v1/messages").json["items"]) for head in heads]
    assert begin(community).status_code == 200
    again(community, loser, 2)
    again(community, winner, 5)
    noticed(community)
    for head in heads:
        told = head.get("/api/v1/messages").json["items"][0]
        assert told["title"].startswith("更正：2026年10月得分：")
        assert WHY.rstrip("。") in told["body"]
        assert "公布以前，原来的结果仍然有效" in told["body"]
        assert head.get(told["link"]).json["month"]["version"] == 2
    at(world, SECOND_NOTICE_OVER)
    assert community.move("seal", community.second).status_code == 200
    assert community.move("publish").status_code == 200
    assert community.move("publish").status_code == 409
    bodies = []
    for head, count in zip(heads, before, strict=True):
        told = head.get("/api/v1/messages").json["items"]
        assert len(told) == count + 2  # one for the notice, one for the result
        assert (told[0]["title"][:3], told[0]["body"].count(WHY.rstrip("。"))) == ("更正：", 1)
        assert "更正以前是" in told[0]["body"]
        bodies.append(told[0]["body"])
    assert "流动红旗不再属于本楼" in bodies[0]
    assert "本楼获得流动红旗" in bodies[1]


@pytest.mark.parametrize("state", ["drafted", "on_notice"])
def test_what_is_not_sealed_is_not_corrected(world: World, state: str) -> None:
    community = Community(world)
    community.building()
    getattr(community, state)()
    refused = begin(community)
    assert (refused.status_code, refused.json["code"]) == (409, "wrong_state")
    assert len(month_rows(world)) == 1


def test_a_sealed_month_is_corrected_without_ever_being_published(world: World) -> None:
    community = Community(world)
    head = world.head(community.building())
    community.sealed()
    assert begin(community).status_code == 200
    assert standings(community, None)["month"]["version"] == 1
    assert community.move("publish").json["code"] == "wrong_state"  # the correction comes first
    published_again(community)
    assert [row.state for row in month_rows(world)] == [MonthState.SEALED, MonthState.PUBLISHED]
    assert standings(community, None)["month"]["version"] == 2
    assert "更正以前" not in head.get("/api/v1/messages").json["items"][0]["body"]


def test_a_correction_needs_a_reason_which_is_kept_and_audited(world: World) -> None:
    community = Community(world)
    community.building()
    community.published()
    for body in ({}, {"reason": ""}, {"reason": "  "}, {"reason": "长" * 201}):
        assert community.office.post(community.path("correct"), json=body).status_code == 422, body
    assert begin(community).status_code == 200
    row = month_rows(world)[1]
    assert (row.correction_reason, row.corrected_by_id) == (WHY, community.office.person_id)
    with world.reading() as connection:
        query = sa.select(AuditEvent.actor_id, AuditEvent.place_id, AuditEvent.detail)
        (traced,) = connection.execute(query.where(AuditEvent.action == "month:correct")).all()
        assert audit.verify()[1] is None
    assert (traced.actor_id, traced.place_id) == (community.office.person_id, community.spot.id)
    assert (traced.detail["version"], traced.detail["reason"]) == (2, WHY)
    assert traced.detail["replaces"] == month_rows(world)[0].manifest_hash


def test_facts_change_only_while_the_correction_is_a_draft(world: World) -> None:
    community = Community(world)
    building = community.building()
    community.published()
    taken = {"building": building.public_id, "month": "2026-10", "points": 1000, "reason": "堆物", "evidence": "照片"}

    def take() -> int:
        return int(community.office.post("/api/v1/deductions", json=taken).status_code)

    assert take() == 409
    assert begin(community).status_code == 200
    assert take() == 201
    noticed(community)
    assert take() == 409
    at(world, SECOND_NOTICE_OVER)
    assert community.move("seal", community.second).status_code == 200
    assert take() == 409


def test_old_evidence_says_that_rows_may_have_changed(world: World) -> None:
    community = Community(world)
    building = community.building(4)
    community.published()

    def stars(version: int) -> Any:
        score = community.office.get(f"{community.path()}/buildings/{building.public_id}?version={version}").json
        (line,) = [line for line in score["lines"] if line["component"] == "star_book"]
        assert line["evidence"].endswith(f"?version={version}")
        return line["points"], community.office.get(line["evidence"]).json

    before, rows = stars(1)
    assert rows["may_differ"] is False
    assert begin(community).status_code == 200
    again(community, building, 2)
    noticed(community)
    points, rows = stars(1)
    assert (points, rows["may_differ"]) == (before, True)  # its numbers are frozen, its rows are those of now
    points, rows = stars(2)
    assert points < before
    assert rows["may_differ"] is False


def test_a_correction_follows_the_law_its_month_had(world: World) -> None:
    community = Community(world)
    community.building()
    community.published()
    with world.writing() as connection:
        old = connection.execute(sa.select(RuleSet.__table__)).one()
        body = old.body.replace('"version": 1', '"version": 2').replace('"version":1', '"version":2')
        assert body != old.body
        connection.execute(
            sa.insert(RuleSet).values(
                name=old.name, version=2, valid_from_month=202610, body=body, created_at=world.clock.now()
            )
        )
    assert begin(community).status_code == 200
    assert community.move("redraft").status_code == 200
    noticed(community)
    assert {row.rule_set_id for row in month_rows(world)} == {old.id}


def test_both_hashes_can_be_reckoned_again(world: World) -> None:
    community = Community(world)
    community.building()
    community.published()
    before = command(world, "manifest", "2026-10", "--community", community.spot.row.code).stdout_bytes
    assert begin(community).status_code == 200
    published_again(community)
    hashes = [each["manifest_hash"] for each in standings(community, None)["month"]["versions"]]
    texts = [
        command(world, "manifest", "2026-10", "--community", community.spot.row.code, "--version", version).stdout_bytes
        for version in ("1", "2")
    ]
    assert [hashlib.sha256(text).hexdigest() for text in texts] == hashes
    assert texts[0] == before
    assert hashes[0].encode() in texts[1]  # who holds the correction's hash holds the first one's too
    assert WHY.encode() in texts[1]
    assert "2 个已封存的月份，校验码全部一致" in command(world, "verify").output


def test_the_ranking_is_exported_in_either_version(world: World) -> None:
    community = Community(world)
    building = community.building(5)
    community.building(3)
    community.published()
    assert begin(community).status_code == 200
    again(community, building, 2)
    assert community.move("redraft").status_code == 200

    def exported(query: str) -> tuple[bool, Any, str]:
        answer = community.office.get(community.path("export.xlsx") + query)
        book = python_calamine.load_workbook(io.BytesIO(answer.data))
        first = book.get_sheet_by_name("排名").to_python()[1]
        remarks = {row[0]: str(row[1]) for row in book.get_sheet_by_name("说明").to_python()}
        named = quote("第2版") in answer.headers["Content-Disposition"]
        return named, first[1] == building.name, remarks["版次"] + remarks.get("更正", "")

    stands = (False, True, "第1版这一版后来有更正：第2版，草稿")
    assert exported("") == exported("?version=1") == stands
    assert exported("?version=2") == (True, False, f"第2版（更正）：{WHY}")


def test_the_closing_job_leaves_corrected_months_alone(world: World) -> None:
    community, other = Community(world), Community(world)
    community.building()
    community.published()
    assert begin(community).status_code == 200
    other.building()
    before = month_rows(world)
    with world.app.app_context():
        assert service.close_month_everywhere(202610, world.clock.now()) == service.Closed(1, 1, 1)
        assert service.close_month_everywhere(202610, world.clock.now()) == service.Closed(0, 0, 2)
    after = [row for row in month_rows(world) if row.community_id == community.spot.id]
    assert after == before
    published_again(community)
    before = month_rows(world)
    tick(world.app)
    assert [row for row in month_rows(world) if row.month == 202610] == before


def test_of_two_clerks_who_correct_at_once_one_does(world: World) -> None:
    community = Community(world)
    community.building()
    community.published()
    with ThreadPoolExecutor(2) as both:
        answers = list(both.map(lambda by: begin(community, by).status_code, (community.office, community.second)))
    assert sorted(answers) == [200, 409]
    assert [row.version for row in month_rows(world)] == [1, 2]


def test_sent_twice_it_is_begun_once(world: World) -> None:
    community = Community(world)
    community.building()
    community.published()
    key = {"Idempotency-Key": "correct-october-2026"}
    both = [community.office.post(community.path("correct"), json={"reason": WHY}, headers=key) for _ in range(2)]
    assert [answer.status_code for answer in both] == [200, 200]
    assert both[0].json == both[1].json


def test_at_the_terminal(world: World) -> None:
    community = Community(world)
    community.building()
    community.on_notice()
    code = community.spot.row.code
    early = command(world, "correct", "2026-10", "--community", code, "--reason", WHY)
    assert (early.exit_code, len(month_rows(world))) == (1, 1)
    assert "公示期间分数不改" in early.output
    at(world, NOTICE_OVER)
    assert community.move("seal", community.second).status_code == 200
    assert command(world, "correct", "2026-10", "--community", code).exit_code == 2
    assert "要写明理由" in command(world, "correct", "2026-10", "--community", code, "--reason", " ").output
    assert "没有编码为" in command(world, "correct", "2026-10", "--community", "nobody", "--reason", WHY).output
    done = command(world, "correct", "2026-10", "--community", code, "--reason", WHY)
    assert (done.exit_code, "第2版（更正）的草稿已生成" in done.output) == (0, True)
    assert month_rows(world)[1].corrected_by_id is None
    assert "其中 1 个正在更正" in command(world, "status").output
    assert "第 2 版" in command(world, "ranking", "2026-10", "--community", code, "--version", "2").output
    assert "第 2 版" not in command(world, "ranking", "2026-10", "--community", code).output
    # People of the office go on from it.
    assert community.move("notice").json["month"]["version"] == 2
