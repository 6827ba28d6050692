"""Attaching photos to what they show, and sweeping away what was never attached."""

import io
import threading
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from models import Issue, Photo
from models.enums import PhotoUse
from server.config import Settings
from server.core.errors import Problem
from server.photos import service
from tests.queries import count_queries
from tests.server.photos.album import kept, picture, report
from tests.world import Caller, Spot, World


@pytest.fixture
def building(world: World) -> Spot:
    return world.building()


def scanned(world: World, building: Spot) -> str:
    return kept(world.anyone(), url=f"/api/v1/codes/{building.stairwell_code}/photos")


def rows(world: World) -> dict[str, Any]:
    with world.reading() as connection:
        return {row.public_id: row for row in connection.execute(sa.select(Photo.__table__).order_by(Photo.id))}


def issue_id(world: World, public_id: str) -> int:
    with world.reading() as connection:
        return int(connection.execute(sa.select(Issue.id).where(Issue.public_id == public_id)).scalar_one())


def refused(world: World, photo_ids: list[str], caller: Caller | None = None, **target: Any) -> str:
    with pytest.raises(Problem) as caught, world.writing():
        service.attach(photo_ids, uploaded_by_id=caller.person_id if caller else None, now=world.clock.now(), **target)
    assert (caught.value.code, caught.value.errors[0].field) == (422, "photo_ids")
    return str(caught.value.detail)


def test_somebody_elses_photo_cannot_be_attached(world: World, building: Spot) -> None:
    mine, theirs = kept(world.head(building)), kept(world.resident())
    head = world.head(building)
    issue = report(world.anyone(), building).json["id"]
    for photo in (mine, theirs):
        refused(world, [photo], head, issue_id=issue_id(world, issue))
    answer = report(world.anyone(), building, theirs)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "photo_ids")
    with world.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(Issue)).scalar() == 1


def test_photos_of_a_report_are_attached_in_one_statement(world: World, building: Spot) -> None:
    photos = [scanned(world, building) for _ in range(6)]
    issue = issue_id(world, report(world.anyone(), building).json["id"])
    with count_queries(world.app) as sent, world.writing():
        service.attach(
            [*photos, photos[0]], issue_id=issue, uploaded_by_id=None, now=world.clock.now(), use=PhotoUse.DONE
        )
    assert len(sent) == 1
    assert {(row.issue_id, row.use) for row in rows(world).values()} == {(issue, "done")}


def test_who_sent_it_from_the_stairwell_may_report_signed_in(world: World, building: Spot) -> None:
    photo = scanned(world, building)
    body = {"category": "leak", "text": "漏水", "code": building.stairwell_code, "photo_ids": [photo]}
    assert world.resident().post("/api/v1/issues", json=body).status_code == 201


def test_what_comes_with_a_report_shows_the_problem_whatever_it_was_sent_as(world: World, building: Spot) -> None:
    resident = world.resident()
    photo = kept(resident, use="done")
    assert report(resident, building, photo).status_code == 201
    assert {row.use for row in rows(world).values()} == {"report"}


def test_a_photo_shows_one_thing_once(world: World, building: Spot) -> None:
    photo = scanned(world, building)
    assert report(world.anyone(), building, photo).status_code == 201
    answer = report(world.anyone(), building, photo)
    assert answer.status_code == 422
    assert "已用过" in answer.json["errors"][0]["message"]


def test_seven_are_too_many_and_none_is_none(world: World, building: Spot) -> None:
    photos = [scanned(world, building) for _ in range(7)]
    issue = issue_id(world, report(world.anyone(), building).json["id"])
    assert "6 张" in refused(world, photos, issue_id=issue)
    with world.writing():
        service.attach([], issue_id=issue, uploaded_by_id=None, now=world.clock.now())
    assert all(row.issue_id is None for row in rows(world).values())


def test_one_that_is_not_there_keeps_the_others_free(world: World, building: Spot) -> None:
    photo = scanned(world, building)
    issue = issue_id(world, report(world.anyone(), building).json["id"])
    refused(world, [photo, "0" * 16], issue_id=issue)
    assert rows(world)[photo].issue_id is None


def test_after_a_day_it_is_too_late(world: World, building: Spot) -> None:
    photo = scanned(world, building)
    world.clock.advance(timedelta(hours=24))
    assert report(world.anyone(), building, photo).status_code == 422


def sweep(world: World) -> int:
    with world.writing():
        return service.sweep(world.clock.now())


def files(settings: Settings) -> set[str]:
    return {path.name for path in settings.photo_dir.rglob("*") if path.is_file()}


def test_the_sweep_takes_what_nobody_attached_and_runs_twice(world: World, building: Spot, settings: Settings) -> None:
    attached, left = scanned(world, building), scanned(world, building)
    assert report(world.anyone(), building, attached).status_code == 201
    world.clock.advance(timedelta(hours=20))
    fresh = kept(world.resident())
    world.clock.advance(timedelta(hours=4, minutes=59))
    assert sweep(world) == 0
    world.clock.advance(timedelta(minutes=1))
    assert sweep(world) == 1
    assert sweep(world) == 0
    assert set(rows(world)) == files(settings) == {attached, fresh}
    assert left not in files(settings)


def test_a_picture_whose_row_never_came_is_swept(world: World, building: Spot, settings: Settings) -> None:
    attached = scanned(world, building)
    assert report(world.anyone(), building, attached).status_code == 201
    folder = settings.photo_dir / "20261012"
    (folder / "0000000000000000").write_bytes(b"the process was killed before it committed")
    (folder / f"{attached}part0123abcd").write_bytes(b"half")
    assert sweep(world) == 0  # perhaps it is just being sent
    world.clock.advance(timedelta(days=2))
    assert sweep(world) == 2
    assert sweep(world) == 0
    assert files(settings) == {attached}


def test_more_pictures_than_one_question_holds(world: World, building: Spot, settings: Settings) -> None:
    attached = scanned(world, building)
    assert report(world.anyone(), building, attached).status_code == 201
    folder = settings.photo_dir / "20261012"
    for number in range(1100):
        (folder / f"{number:016d}").write_bytes(b"")
    world.clock.advance(timedelta(days=3))
    assert sweep(world) == 1100
    assert files(settings) == {attached}


def test_a_sweep_that_fails_to_commit_loses_nothing_anybody_needs(
    world: World, building: Spot, settings: Settings
) -> None:
    left = scanned(world, building)
    world.clock.advance(timedelta(days=2))

    def fail_after_sweeping() -> None:
        with world.writing():
            assert service.sweep(world.clock.now()) == 1
            raise RuntimeError("the database is gone")

    with pytest.raises(RuntimeError):
        fail_after_sweeping()
    assert left in rows(world)
    assert report(world.anyone(), building, left).status_code == 422
    assert sweep(world) == 1
    assert rows(world) == {}


def test_several_are_kept_or_none(world: World) -> None:
    def keep_all(*data: bytes) -> list[service.Kept]:
        with world.writing():
            return service.keep_all(map(io.BytesIO, data), PhotoUse.REPORT, None, world.clock.now())

    with pytest.raises(Problem):
        keep_all(picture(), b"text")
    with pytest.raises(Problem) as caught:
        keep_all(*[picture()] * 7)
    assert caught.value.errors[0].field == "photos"
    assert rows(world) == {}
    assert [photo.id for photo in keep_all(picture(), picture())] == list(rows(world))


def test_nobody_waits_for_the_write_lock_while_a_picture_is_unpacked(world: World) -> None:
    """On SQLite a POST holds the one write lock from its first statement on; unpacking lets it go."""
    unpacking, go_on = threading.Event(), threading.Event()

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            unpacking.set()
            assert go_on.wait(10)
            return super().read(size)

    def upload() -> None:
        with world.writing() as connection:
            connection.execute(sa.select(Photo.id))  # takes the lock, as reading who is asking does
            service.keep_all([Slow(picture())], PhotoUse.REPORT, None, world.clock.now())

    thread = threading.Thread(target=upload)
    thread.start()
    assert unpacking.wait(10)
    world.resident()  # writes, while the other request is still unpacking
    go_on.set()
    thread.join(10)
    assert len(rows(world)) == 1
