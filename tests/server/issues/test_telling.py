"""Who hears of an issue's moves, and who must not: through HTTP and the relay, a second run tells nobody again."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from models import Issue, Message, OutboxEntry
from models.enums import OutboxKind, Role
from server.issues import service
from server.jobs import relay
from tests.world import Caller, Spot, World

TEXT = "三楼王五家漏水"


@pytest.fixture
def grid(world: World) -> Spot:
    return world.grid(world.community("幸福社区"))


@pytest.fixture
def building(world: World, grid: Spot) -> Spot:
    return world.building(grid, "3栋")


def titles(caller: Caller) -> list[str]:
    return [item["title"] for item in caller.get("/api/v1/messages").json["items"]]


def told(world: World) -> int:
    with world.reading() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(Message)).scalar_one()


def file(world: World, building: Spot, by: Caller | None = None, **more: Any) -> str:
    body = {"category": "leak", "text": TEXT, "code": building.stairwell_code, **more}
    answer = (by or world.resident()).post("/api/v1/issues", json=body)
    assert answer.status_code == 201, answer.json
    relay.run(world.app)
    return str(answer.json["id"])


def move(world: World, caller: Caller, issue: str, name: str, **body: Any) -> None:
    answer = caller.post(f"/api/v1/issues/{issue}/{name}", json=body)
    assert answer.status_code == 200, answer.json
    relay.run(world.app)


def test_the_head_hears_and_neither_the_reporter_nor_the_text_is_in_it(world: World, building: Spot) -> None:
    head, neighbour = world.head(building), world.head(world.building())
    office = world.staff(Role.COMMUNITY, world.community("别的社区"))
    issue = file(world, building)
    (item,) = head.get("/api/v1/messages").json["items"]
    assert item["title"] == "3栋有新诉求：漏水渗水"
    assert (item["kind"], item["link"]) == ("new_issue", f"/api/v1/issues/{issue}")
    assert "王五" not in item["title"] + item["body"]
    assert head.get(item["link"]).status_code == 200
    assert titles(neighbour) == titles(office) == []


def test_telling_twice_tells_once(world: World, building: Spot) -> None:
    head = world.head(building)
    file(world, building)
    with world.writing() as connection:
        connection.execute(sa.update(OutboxEntry).values(done_at=None, outcome=""))
    assert relay.run(world.app) == ["issue_event told 0"]
    assert len(titles(head)) == 1


def test_without_a_head_the_grid_hears(world: World, building: Spot, grid: Spot) -> None:
    worker = world.staff(Role.GRID, grid)
    file(world, building)
    assert titles(worker) == ["3栋有新诉求：漏水渗水"]


def test_a_complaint_about_a_head_never_tells_her(world: World, building: Spot, grid: Spot) -> None:
    head, worker = world.head(building), world.staff(Role.GRID, grid)
    file(world, building, about_head=True)
    assert (titles(head), titles(worker)) == ([], ["3栋有新诉求：漏水渗水"])


def test_whatever_other_post_she_has(world: World, building: Spot, grid: Spot) -> None:
    both = world.person((Role.HEAD, building), (Role.GRID, grid))
    clerk = world.staff(Role.COMMUNITY, world.place_of(building, "community_id"))
    file(world, building, about_head=True)
    assert (titles(both), titles(clerk)) == ([], ["3栋有新诉求：漏水渗水"])


def test_whoever_did_it_is_not_told_of_it(world: World, building: Spot) -> None:
    head = world.head(building)
    file(world, building, head)
    answer = head.post(f"/api/v1/buildings/{building.public_id}/issues", json={"category": "leak", "text": TEXT})
    assert answer.status_code in (201, 404)
    relay.run(world.app)
    assert titles(head) == []


def test_a_post_that_ended_or_a_disabled_person_hears_nothing(world: World, building: Spot) -> None:
    head, gone = world.head(building), world.head(building)
    with world.writing() as connection:
        connection.execute(
            sa.text("UPDATE appointments SET ends_at = :now WHERE person_id = :id"),
            {
                "now": world.clock.now() if connection.dialect.name != "sqlite" else "2026-10-12 01:00:00",
                "id": gone.person_id,
            },
        )
    file(world, building)
    assert (len(titles(head)), titles(gone)) == (1, [])


def test_passed_up_and_not_yet_go_to_the_next_level(world: World, building: Spot, grid: Spot) -> None:
    head, worker = world.head(building), world.staff(Role.GRID, grid)
    reporter = world.resident()
    issue = file(world, building, reporter)
    move(world, head, issue, "resolve", text="已修好", done_by="物业师傅")
    (item,) = reporter.get("/api/v1/messages").json["items"]
    assert (item["title"], item["kind"]) == ("您上报的漏水渗水已办结，请确认", "resolved")
    assert reporter.get(item["link"]).status_code == 200
    reporter.post(f"/api/v1/my/issues/{issue}/reopen", json={"text": "还在漏"})
    relay.run(world.app)
    assert titles(worker) == ["3栋的诉求还没好：漏水渗水"]
    other = file(world, building)
    move(world, head, other, "pass-up", text="办不了")
    assert titles(worker)[0] == "3栋的诉求转到网格：漏水渗水"


def test_an_anonymous_reporter_is_told_on_the_page_only(world: World, building: Spot) -> None:
    head = world.head(building)
    answer = world.anyone().post(
        f"/api/v1/codes/{building.stairwell_code}/issues", json={"category": "leak", "text": TEXT}
    )
    relay.run(world.app)
    before = told(world)
    move(world, head, answer.json["id"], "resolve", text="已修好", done_by="物业师傅")
    assert told(world) == before


def test_reporters_of_joined_issues_hear_of_the_resolution(world: World, building: Spot) -> None:
    head, first, second = world.head(building), world.resident(), world.resident()
    one, two = file(world, building, first), file(world, building, second)
    move(world, head, two, "join", target=one)
    move(world, head, one, "resolve", text="已修好", done_by="物业师傅")
    item, joined = second.get("/api/v1/messages").json["items"]
    assert (item["title"], item["link"]) == ("您上报的漏水渗水已经办好，请确认", f"/api/v1/my/issues/{two}")
    assert (joined["kind"], joined["link"]) == ("progress", f"/api/v1/my/issues/{two}")


def test_overdue_soon_is_told_once_to_whoever_has_it(world: World, building: Spot, grid: Spot) -> None:
    head, worker = world.head(building), world.staff(Role.GRID, grid)
    issue = file(world, building)
    far = file(world, building)
    now = world.clock.now()
    with world.writing() as connection:
        quiet = {"sign_in_due_at": None, "contact_due_at": None}
        for public_id, hours in ((issue, 24), (far, 25)):
            due = now + timedelta(hours=hours)
            connection.execute(
                sa.update(Issue)
                .where(Issue.public_id == public_id)
                .values(due_at=due, clock_at=due - timedelta(hours=24), **quiet)
            )
    with world.app.app_context():
        assert [service.run_clocks(now), service.run_clocks(now)] == [1, 0]
    assert titles(head)[0] == "3栋有诉求快到期：漏水渗水"
    assert "10月13日09:00" in head.get("/api/v1/messages").json["items"][0]["body"]
    assert titles(worker) == []
    with world.app.app_context():
        assert service.run_clocks(now + timedelta(hours=2)) == 1


def test_every_move_leaves_one_entry_and_an_import_none(world: World, building: Spot) -> None:
    head = world.head(building)
    issue = file(world, building)
    move(world, head, issue, "accept")
    with world.reading() as connection:
        entries = connection.execute(sa.select(OutboxEntry.kind, OutboxEntry.outcome)).all()
    assert [tuple(entry) for entry in entries] == [
        (OutboxKind.ISSUE_EVENT, "told 1"),
        (OutboxKind.ISSUE_EVENT, "told 0"),
    ]


def test_a_relay_that_stood_still_for_days_still_fills_the_inbox(world: World, building: Spot) -> None:
    head = world.head(building)
    body = {"category": "leak", "text": TEXT, "code": building.stairwell_code}
    for days in (5, 2):  # seven days and two days ago
        assert world.resident().post("/api/v1/issues", json=body).status_code == 201
        world.clock.advance(timedelta(days=days))
    relay.run(world.app)
    assert titles(head) == ["3栋有新诉求：漏水渗水"] * 2
