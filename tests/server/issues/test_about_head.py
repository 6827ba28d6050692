"""A complaint about a head is not hers to read, whatever else she is in that place."""

import pytest

from models.enums import Role
from tests.server.issues.test_life import move, reported
from tests.server.issues.test_lists import ids
from tests.server.photos.album import URL, kept
from tests.server.scores.given import Community, visits
from tests.world import Caller, Spot, World


def _who_heads_and(world: World, building: Spot, role: Role) -> Caller:
    column = {Role.GRID: "grid_id", Role.COMMUNITY: "community_id", Role.STREET: "street_id"}[role]
    return world.person((role, world.place_of(building, column)), (Role.HEAD, building))


@pytest.mark.parametrize("role", [Role.GRID, Role.COMMUNITY, Role.STREET])
def test_her_other_post_does_not_open_it(world: World, role: Role) -> None:
    building = world.building()
    next_door = world.building(world.place_of(building, "grid_id"))
    photo = kept(world.anyone(), url=f"/api/v1/codes/{building.stairwell_code}/photos")
    about_her, _ = reported(world, building, about_head=True, photo_ids=[photo])
    plain, _ = reported(world, building)
    about_another, _ = reported(world, next_door, about_head=True)
    she = _who_heads_and(world, building, role)
    assert ids(she.get("/api/v1/issues")) == [about_another, plain]
    assert ids(she.get(f"/api/v1/issues?building={building.public_id}")) == [plain]
    assert she.get(f"/api/v1/issues/{about_her}").status_code == 404
    assert she.get(f"{URL}/{photo}").status_code == 404
    for word, body in (
        ("notes", {"text": "x"}),
        ("resolve", {"text": "x", "done_by": "物业师傅"}),
        ("decline", {"text": "x", "responsible": "y"}),
    ):
        assert she.post(f"/api/v1/issues/{about_her}/{word}", json=body).status_code == 404, word
    assert she.get(f"/api/v1/issues/{about_another}").status_code == 200
    colleague = world.staff(role, world.place_of(building, f"{role.value}_id"))
    assert ids(colleague.get("/api/v1/issues")) == [about_another, plain, about_her]
    assert colleague.get(f"{URL}/{photo}").status_code == 200


def test_nor_does_the_evidence_of_a_score(world: World) -> None:
    community = Community(world)
    building = community.building(answers=0)
    plain = visits(world, building, 3)
    (about_her,) = visits(world, building, 1, about_head=True)
    community.drafted()
    she = world.person((Role.COMMUNITY, community.spot), (Role.HEAD, building))
    page = she.get(f"{community.path()}/buildings/{building.public_id}/evidence/case_handling")
    assert [item["id"] for item in page.json["items"]] == plain
    assert page.json["not_shown"] == 1
    assert about_her not in page.text


def test_it_is_not_sent_to_her_as_the_grid_worker_either(world: World) -> None:
    building = world.building()
    code = f"/api/v1/codes/{building.stairwell_code}/issues"
    body = {"category": "other", "text": "从来见不到人", "about_head": True}
    _who_heads_and(world, building, Role.GRID)
    answer = world.anyone().post(code, json=body)
    assert answer.json["level"] == "community"
    assert "社区" in answer.json["message"]
    assert world.anyone().post(code, json={**body, "about_head": False}).json["level"] == "head"
    office = world.staff(Role.COMMUNITY, world.place_of(building, "community_id"))
    assert move(office, answer.json["id"], "accept").status_code == 200
