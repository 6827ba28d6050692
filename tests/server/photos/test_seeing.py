"""Who sees a photo: who sees the thing it shows, its reporter, its uploader. For everybody else it is not there."""

from typing import Any

import pytest
import sqlalchemy as sa

from models import Issue
from models.enums import Level, Role
from server.core import database
from server.core.errors import Problem
from server.photos import queries, service
from tests.server.issues.whistles import called
from tests.server.photos.album import URL, kept, report
from tests.world import Caller, Spot, World

STARS = {"stairwell": 4, "safety": 4, "care": 4, "neighbours": 4}


def sees(caller: Caller, photo: str) -> int:
    return caller.get(f"{URL}/{photo}").status_code


def reported(world: World, building: Spot, **more: Any) -> tuple[str, str]:
    """A photo of a fresh report by code: its id and the issue's."""
    photo = kept(world.anyone(), url=f"/api/v1/codes/{building.stairwell_code}/photos")
    answer = report(world.anyone(), building, photo, **more)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return photo, answer.json["id"]


def test_the_head_next_door_does_not_see_it(world: World) -> None:
    community = world.community()
    grid, next_grid = world.grid(community), world.grid(community)
    mine, next_door = world.building(grid), world.building(grid)
    photo, _ = reported(world, mine)
    expected = {
        world.head(mine): 200,
        world.staff(Role.GRID, grid): 200,
        world.staff(Role.COMMUNITY, community): 200,
        world.staff(Role.STREET, world.street()): 200,
        world.staff(Role.DISTRICT, world.district()): 200,
        world.head(next_door): 404,
        world.staff(Role.GRID, next_grid): 404,
        world.staff(Role.COMMUNITY, world.community()): 404,
        world.staff(Role.OPERATOR, world.district()): 404,
        world.resident(): 404,
        world.anyone(): 401,
    }
    assert {caller: sees(caller, photo) for caller in expected} == expected


def test_a_photo_of_nothing_is_seen_by_its_uploader_alone(world: World) -> None:
    building = world.building()
    head = world.head(building)
    photo = kept(head)
    assert sees(head, photo) == 200
    assert sees(world.staff(Role.COMMUNITY, world.community()), photo) == 404
    anonymous = kept(world.anyone(), url=f"/api/v1/codes/{building.stairwell_code}/photos")
    assert sees(head, anonymous) == 404


def test_the_reporter_sees_what_the_handler_shows(world: World) -> None:
    building = world.building()
    reporter, other, head = world.resident(), world.resident(), world.head(building)
    body = {"category": "leak", "text": "漏水", "code": building.stairwell_code}
    issue = reporter.post("/api/v1/issues", json=body).json["id"]
    done = kept(head, use="done")
    attach_to(world, done, issue, head)
    assert [sees(caller, done) for caller in (reporter, head, other)] == [200, 200, 404]


def attach_to(world: World, photo: str, issue: str, uploader: Caller) -> None:
    with world.writing() as connection:
        issue_id = connection.execute(sa.select(Issue.id).where(Issue.public_id == issue)).scalar_one()
        service.attach([photo], issue_id=issue_id, uploaded_by_id=uploader.person_id, now=world.clock.now())


def test_what_is_about_the_head_she_does_not_see(world: World) -> None:
    building = world.building()
    photo, _ = reported(world, building, about_head=True)
    assert sees(world.head(building), photo) == 404
    clerk_too = world.person((Role.COMMUNITY, world.place_of(building, "community_id")), (Role.HEAD, building))
    assert sees(clerk_too, photo) == 404
    assert sees(world.staff(Role.STREET, world.street()), photo) == 200


def test_a_department_sees_what_it_was_called_to(world: World) -> None:
    photo, issue = reported(world, world.building())
    called_one, other = (
        world.person((Role.DEPARTMENT, world.district()), department=name) for name in ("住建局", "水务局")
    )
    assert (sees(called_one, photo), sees(other, photo)) == (404, 404)
    called(world.staff(Role.STREET, world.street()), issue, "住建局")
    assert (sees(called_one, photo), sees(other, photo)) == (200, 404)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("about_head", [True, False])
@pytest.mark.parametrize("level", [Level.HEAD, Level.DEPARTMENT])
def test_a_photo_is_seen_exactly_when_its_issue_is(world: World, role: Role, about_head: bool, level: Level) -> None:
    """The two rooms narrow in the same way: this fails when one of them learns something new."""
    community = world.community()
    grid = world.grid(community)
    building = world.building(grid)
    photo, issue = reported(world, building, about_head=about_head)
    with world.writing() as connection:
        connection.execute(sa.update(Issue).where(Issue.public_id == issue).values(level=level))
    spots = {Role.HEAD: building, Role.GRID: grid, Role.COMMUNITY: community, Role.STREET: world.street()}
    caller = world.staff(role, spots.get(role, world.district()))
    of_issue = caller.get(f"/api/v1/issues/{issue}").status_code
    assert sees(caller, photo) == (200 if of_issue == 200 else 404)


def test_photos_of_an_inspection_are_seen_by_who_reads_inspections(world: World) -> None:
    community = world.community()
    building, next_door = (world.building(world.grid(community)) for _ in range(2))
    clerk = world.staff(Role.COMMUNITY, community)
    photo = kept(clerk, use="evidence")
    body = STARS | {"photo_ids": [photo]}
    assert clerk.put(f"/api/v1/inspections/2026-10/{building.public_id}", json=body).status_code == 201
    callers = (world.head(building), world.head(next_door), world.staff(Role.COMMUNITY, world.community()))
    assert [sees(caller, photo) for caller in callers] == [200, 404, 404]


def test_a_photo_is_asked_for_again_and_not_sent_twice(world: World) -> None:
    building = world.building()
    head = world.head(building)
    photo, _ = reported(world, building)
    first = head.get(f"{URL}/{photo}")
    assert (first.content_type, first.headers["Cache-Control"]) == ("image/jpeg", "private, no-cache")
    assert first.data.startswith(b"\xff\xd8\xff")
    again = head.get(f"{URL}/{photo}", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    stranger = world.resident().get(f"{URL}/{photo}", headers={"If-None-Match": first.headers["ETag"]})
    assert stranger.status_code == 404


def test_a_photo_the_store_has_lost_is_not_found(world: World, settings: Any) -> None:
    sender = world.resident()
    photo = kept(sender)
    (settings.photo_dir / "20261012" / photo).unlink()
    assert sees(sender, photo) == 404


@pytest.mark.parametrize("path", ["0" * 16, "x", "..%2f..%2fetc%2fpasswd"])
def test_what_is_no_photo_is_not_found(world: World, path: str) -> None:
    assert sees(world.resident(), path) == 404


def test_pages_that_checked_themselves_read_by_id(world: World) -> None:
    building = world.building()
    photo, issue = reported(world, building)
    other, _ = reported(world, building)
    with world.app.app_context(), database.transaction(reads_only=True) as connection:
        issue_id = connection.execute(sa.select(Issue.id).where(Issue.public_id == issue)).scalar_one()
        data, etag = queries.read(photo)
        assert data.startswith(b"\xff\xd8\xff")
        assert queries.of_issue(photo, issue_id).etag == etag
        assert [view.id for view in queries.photos_of(issue_id)] == [photo]
        for nothing in (lambda: queries.read("0" * 16), lambda: queries.of_issue(other, issue_id)):
            with pytest.raises(Problem) as refused:
                nothing()
            assert refused.value.code == 404
