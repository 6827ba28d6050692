"""交办 in bulk: each issue is answered for itself, all in one transaction, and once however often it is sent."""

import pytest
import sqlalchemy as sa

from models import Issue, IssueEvent
from models.enums import Move, Role
from tests.server.issues.test_life import move, reported
from tests.world import World


def test_each_is_handed_over_or_told_why_not(world: World) -> None:
    grid = world.grid()
    building, headless = world.building(grid), world.building(grid)
    community = world.place_of(building, "community_id")
    head, worker = world.head(building), world.staff(Role.GRID, grid)
    clerk, colleague = world.staff(Role.COMMUNITY, community), world.staff(Role.COMMUNITY, community)
    here, _ = reported(world, building)
    about, _ = reported(world, building, about_head=True)
    low, _ = reported(world, building)
    theirs, _ = reported(world, world.building())
    alone, _ = reported(world, headless)
    for issue in (here, about, alone):
        for caller in (head, worker):
            move(caller, issue, "pass-up", text="要社区协调")
    body = {"issues": [low, here, about, theirs, alone, here], "to_level": "grid", "text": "请今天去看"}
    key = {"Idempotency-Key": "assign-many-000001"}
    answer = clerk.post("/api/v1/issues/assign", json=body, headers=key)
    assert answer.status_code == 200, answer.json
    told = {item["id"]: (item["done"], item["code"]) for item in answer.json["items"]}
    assert [item["id"] for item in answer.json["items"]] == [low, here, about, theirs, alone]
    assert told == {
        low: (False, "level_not_lower"),
        here: (True, ""),
        about: (True, ""),
        theirs: (False, "not_found"),
        alone: (True, ""),
    }
    assert clerk.post("/api/v1/issues/assign", json=body, headers=key).json == answer.json
    with world.reading() as connection:
        events = connection.execute(
            sa.select(sa.func.count()).select_from(IssueEvent).where(IssueEvent.move == Move.ASSIGN)
        )
        assert events.scalar() == 3
        levels = dict(connection.execute(sa.select(Issue.public_id, Issue.level)).all())
    assert levels == {here: "grid", about: "grid", alone: "grid", low: "head", theirs: "grid"}
    again = worker.post("/api/v1/issues/assign", json={"issues": [about], "to_level": "head"})
    assert (again.json["items"][0]["done"], again.json["items"][0]["code"]) == (False, "about_head")
    person = clerk.post("/api/v1/issues/assign", json={"issues": [here], "assignee": colleague.public_id})
    assert person.json["items"][0]["code"] == "not_staffed"  # the grid has it now


@pytest.mark.parametrize(
    "body",
    [
        {"issues": [], "to_level": "grid"},
        {"issues": ["0" * 16] * 101, "to_level": "grid"},
        {"issues": ["x"], "to_level": "grid"},
        {"issues": ["0" * 16]},
        {"issues": ["0" * 16], "to_level": "grid", "assignee": "0" * 16},
    ],
)
def test_what_is_no_order_is_refused_whole(world: World, body: dict[str, object]) -> None:
    clerk = world.staff(Role.COMMUNITY, world.community())
    assert clerk.post("/api/v1/issues/assign", json=body).status_code == 422
    assert world.head(world.building()).post("/api/v1/issues/assign", json=body).status_code == 403
