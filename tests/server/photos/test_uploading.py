"""Sending photos: with an account, with a stairwell code, and everything that is not a photo."""

import io
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from PIL import Image

from models import Photo, Place, StairwellCode
from server.config import Settings
from tests.server.photos.album import URL, kept, picture, send
from tests.world import Spot, World


def rows(world: World) -> list[Any]:
    with world.reading() as connection:
        return list(connection.execute(sa.select(Photo.__table__).order_by(Photo.id)))


def files(settings: Settings) -> list[Path]:
    return [path for path in settings.photo_dir.rglob("*") if path.is_file()]


def by_code(building: Spot) -> str:
    return f"/api/v1/codes/{building.stairwell_code}/photos"


def test_a_photo_is_kept_re_encoded(world: World, settings: Settings) -> None:
    sender = world.resident()
    answer = send(sender, picture(size=(2000, 1000)), use="done")
    assert answer.status_code == 201
    assert answer.json | {"id": ""} == {"id": "", "width": 1600, "height": 800}
    (row,) = rows(world)
    (file,) = files(settings)
    assert (row.public_id, row.use, row.uploaded_by_id) == (answer.json["id"], "done", sender.person_id)
    assert (file.name, file.parent.name) == (row.public_id, "20261012")
    assert row.size == file.stat().st_size
    assert (row.issue_id, row.inspection_id, row.duty_record_id) == (None, None, None)


def test_where_it_was_taken_is_nowhere_any_more(world: World, settings: Settings) -> None:
    exif = Image.Exif()
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4] = "N", (31.0, 13.0, 48.0), "E", (121.0, 28.0, 12.0)
    exif[0x010E] = "SECRET-PLACE"
    data = picture(exif=exif)
    assert b"SECRET-PLACE" in data
    sender = world.resident()
    photo = kept(sender, data=data)
    (file,) = files(settings)
    for kept_bytes in (file.read_bytes(), sender.get(f"{URL}/{photo}").data):
        assert b"SECRET-PLACE" not in kept_bytes
        opened = Image.open(io.BytesIO(kept_bytes))
        assert dict(opened.getexif()) == dict(opened.getexif().get_ifd(0x8825)) == {}


def test_whoever_scanned_sends_without_an_account(world: World) -> None:
    building = world.building()
    photo = kept(world.anyone(), url=by_code(building))
    (row,) = rows(world)
    assert (row.public_id, row.use, row.uploaded_by_id) == (photo, "report", None)


def test_a_code_must_be_known_and_live(world: World) -> None:
    building = world.building()
    assert send(world.anyone(), url="/api/v1/codes/c00000000/photos").status_code == 404
    with world.writing() as connection:
        connection.execute(sa.update(StairwellCode).values(revoked_at=world.clock.now()))
    assert send(world.anyone(), url=by_code(building)).status_code == 410
    torn_down = world.building()
    with world.writing() as connection:
        connection.execute(sa.update(Place).where(Place.id == torn_down.id).values(closed_at=world.clock.now()))
    assert send(world.anyone(), url=by_code(torn_down)).status_code == 410
    assert rows(world) == []


def test_without_an_account_nor_a_code_nothing_is_taken(world: World) -> None:
    assert send(world.anyone()).status_code == 401


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        (b"", "a.jpg", (422, "broken_image")),
        ("文字".encode(), "a.jpg", (415, "unsupported_image")),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.svg", (415, "unsupported_image")),
        (picture()[:300], "a.jpg", (422, "broken_image")),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "IMG_0001.HEIC", (415, "heic_image")),
        (b"\xff\xd8\xff" + b"\0" * (10 * 1024 * 1024), "a.jpg", (413, "photo_too_large")),
        (b"\xff\xd8\xff" + b"\0" * (13 * 1024 * 1024), "a.jpg", (413, "too_large")),
    ],
    ids=["empty", "text", "svg", "cut", "heic", "10MB", "13MB"],
)
def test_what_is_no_photo_is_refused_and_leaves_nothing(
    world: World, settings: Settings, data: bytes, name: str, expected: tuple[int, str]
) -> None:
    building = world.building()
    for caller, url in ((world.resident(), URL), (world.anyone(), by_code(building))):
        answer = send(caller, data, url=url, name=name)
        assert (answer.status_code, answer.json["code"]) == expected
        assert answer.json["detail"]
    assert rows(world) == []
    assert files(settings) == []


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"photo": "text, not a file"},
        {"photo": (io.BytesIO(picture()), "a.jpg"), "use": "selfie"},
        {"photo": (io.BytesIO(picture()), "a.jpg"), "where": "here"},
        {"photos": (io.BytesIO(picture()), "a.jpg")},
    ],
    ids=["nothing", "text", "use", "unknown", "misspelt"],
)
def test_a_wrong_form_is_told(world: World, form: dict[str, Any]) -> None:
    answer = world.resident().post(URL, data=form, content_type="multipart/form-data")
    assert (answer.status_code, answer.json["code"]) == (422, "invalid")


def test_a_body_that_is_no_form_is_told(world: World) -> None:
    assert world.resident().post(URL, json={"photo": "x"}).status_code == 422
    assert world.resident().post(URL, data=picture(), content_type="image/jpeg").status_code == 422


def test_the_same_request_keeps_one_photo(world: World, settings: Settings) -> None:
    sender, headers = world.resident(), {"Idempotency-Key": "photo-0123456789"}
    first, second = (send(sender, headers=headers) for _ in range(2))
    assert first.status_code == second.status_code == 201
    assert first.json == second.json
    assert send(sender, picture(size=(9, 9)), headers=headers).status_code == 422
    assert len(rows(world)) == len(files(settings)) == 1


def test_a_store_that_cannot_write_says_so_and_keeps_no_row(world: World, settings: Settings) -> None:
    settings.photo_dir.parent.mkdir(exist_ok=True)
    settings.photo_dir.write_text("a file where the folder should be")
    answer = send(world.resident())
    assert (answer.status_code, answer.json["code"]) == (503, "photo_not_kept")
    assert rows(world) == []


def test_a_small_request_stays_small(app: Flask, world: World) -> None:
    """Only the routes of photos take 12 MB."""
    answer = world.resident().post("/api/v1/issues", data=b"x" * (2 * 1024 * 1024), content_type="application/json")
    assert answer.status_code == 413
