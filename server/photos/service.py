"""Keeping photos, attaching them to what they show, and sweeping away what was never attached.

The file is written before its row commits: a row always has its picture, and a picture without a row is swept away.
"""

import hashlib
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import IO

import sqlalchemy as sa

from models import Photo, new_public_id
from models.enums import PhotoUse
from server.core import database, images
from server.core.access import Actor
from server.core.errors import Problem, invalid, not_found
from server.core.images import Picture
from server.core.storage import PhotoStore, photo_store
from server.photos.queries import key_of
from server.places import queries as places
from server.places.queries import Revoked

log = logging.getLogger("louzhang.photos")

MOST = 6
UNATTACHED_FOR = timedelta(days=1)
SWEPT_AFTER = timedelta(hours=25)  # later than a photo can be attached, whatever the machines' clocks say
LEFTOVER_DAYS = range(2, 32)  # days ago whose folders are looked through for pictures without a row
_BATCH = 500

_photos = Photo.__table__
_INSERT = sa.insert(Photo).returning(Photo.id)
_UNATTACHED = (Photo.issue_id.is_(None), Photo.inspection_id.is_(None), Photo.duty_record_id.is_(None))


@dataclass(frozen=True, slots=True)
class Kept:
    """A photo that was kept and belongs to nothing yet."""

    row_id: int
    id: str
    width: int
    height: int


def upload(actor: Actor, stream: IO[bytes], use: PhotoUse, now: datetime) -> Kept:
    """Keep what a signed-in person sends. Raises what `images.check_and_reencode` raises."""
    return keep_all([stream], use, actor.person_id, now)[0]


def upload_by_code(code: str, stream: IO[bytes], now: datetime) -> Kept:
    """Keep what somebody without an account sends from a stairwell. Raises 404 and 410 for a code that is not live."""
    building = places.building_by_code(code)
    if building is None:
        raise not_found()
    if isinstance(building, Revoked) or building.closed_at is not None:
        raise Problem(410, "code_revoked", "这张楼道码已经停用，请扫楼道里新贴的码，或者联系社区。")
    return keep_all([stream], PhotoUse.REPORT, None, now)[0]


def keep_all(streams: Iterable[IO[bytes]], use: PhotoUse, uploaded_by_id: int | None, now: datetime) -> list[Kept]:
    """Keep several pictures, all or none. Raises what `images.check_and_reencode` raises, and 422 for too many.

    To be called before the request's first write: its transaction is let go while the pictures are unpacked, so that
    nobody waits half a second for SQLite's one write lock.
    """
    given = list(islice(streams, MOST + 1))
    if len(given) > MOST:
        raise invalid("photos", f"最多 {MOST} 张照片。")
    database.rollback()
    pictures = [_numbered(stream, number, len(given)) for number, stream in enumerate(given, 1)]
    return [_keep(picture, use, uploaded_by_id, now) for picture in pictures]


def _numbered(stream: IO[bytes], number: int, of: int) -> Picture:
    """One of several pictures; what is wrong with it names it, so that nobody has to guess which one to leave out."""
    try:
        return images.check_and_reencode(stream)
    except Problem as problem:
        if of == 1:
            raise
        raise Problem(problem.code or 422, problem.slug, f"第 {number} 张：{problem.detail}") from None


def keep(stream: IO[bytes], use: PhotoUse, uploaded_by_id: int | None, now: datetime) -> Kept:
    """Keep one picture in the current transaction. Raises what `images.check_and_reencode` raises."""
    return _keep(images.check_and_reencode(stream), use, uploaded_by_id, now)


def _keep(picture: Picture, use: PhotoUse, uploaded_by_id: int | None, now: datetime) -> Kept:
    public_id = new_public_id()
    try:
        photo_store().put(key_of(public_id, now), picture.data)
    except OSError as error:
        log.error("the photo store refused a picture", extra={"error": type(error).__name__})
        raise Problem(503, "photo_not_kept", "照片暂时存不下，请稍后再试；也可以先不带照片上报。") from None
    row_id = database.connection().execute(
        _INSERT,
        {
            "public_id": public_id,
            "use": use,
            "uploaded_by_id": uploaded_by_id,
            "width": picture.width,
            "height": picture.height,
            "size": len(picture.data),
            "sha256": hashlib.sha256(picture.data).digest(),
            "created_at": now,
        },
    )
    return Kept(row_id.scalar_one(), public_id, picture.width, picture.height)


def attach(
    public_ids: Sequence[str],
    *,
    uploaded_by_id: int | None,
    now: datetime,
    issue_id: int | None = None,
    inspection_id: int | None = None,
    duty_record_id: int | None = None,
    use: PhotoUse | None = None,
    nameless: bool = False,
) -> None:
    """Attach uploaded photos to one thing, and say what they show there. One statement.

    `nameless`: who uploaded them is forgotten with it.

    Only fresh, unattached ones: of the same uploader, or of somebody who sent them without signing in and handed over
    their ids. Raises 422 otherwise.
    """
    wanted = list(dict.fromkeys(public_ids))
    if len(wanted) > MOST:
        raise invalid("photo_ids", f"最多 {MOST} 张照片。")
    if not wanted:
        return
    target = {"issue_id": issue_id, "inspection_id": inspection_id, "duty_record_id": duty_record_id}
    values: dict[str, int | PhotoUse | None] = {name: value for name, value in target.items() if value is not None}
    if nameless:
        values["uploaded_by_id"] = None
    if use is not None:
        values["use"] = use
    done = database.connection().execute(
        sa.update(Photo)
        .where(
            Photo.public_id.in_(wanted),
            *_UNATTACHED,
            Photo.created_at > now - UNATTACHED_FOR,
            sa.or_(Photo.uploaded_by_id.is_(None), Photo.uploaded_by_id == uploaded_by_id),
        )
        .values(values)
    )
    if done.rowcount != len(wanted):
        raise invalid("photo_ids", "有照片已过期、已用过，或不是您上传的，请重新上传。")


def forget_uploader(person_id: int) -> int:
    """Part the photos of a person's reports from them: the pictures stay. Returns how many.

    What somebody took at work shows who did the work, and keeps its name.
    """
    theirs = sa.and_(_photos.c.uploaded_by_id == person_id, _photos.c.use == PhotoUse.REPORT)
    change = sa.update(Photo).where(theirs).values(uploaded_by_id=None)
    return database.connection().execute(change).rowcount


def sweep(now: datetime) -> int:
    """Delete photos nobody attached within a day, and pictures whose row never came to be. Returns how many.

    A row goes before its picture: if the transaction fails afterwards, what is left is a row nobody can attach any
    more, and the next sweep finds it again.
    """
    store = photo_store()
    expired = database.connection().execute(
        sa.delete(Photo)
        .where(*_UNATTACHED, Photo.created_at <= now - SWEPT_AFTER)
        .returning(Photo.public_id, Photo.created_at)
    )
    keys = {key_of(public_id, created_at) for public_id, created_at in expired}
    for days in LEFTOVER_DAYS:
        keys.update(_leftovers(store, f"{now - timedelta(days=days):%Y%m%d}"))
    for key in keys:
        store.delete(key)
    return len(keys)


def _leftovers(store: PhotoStore, folder: str) -> Iterator[str]:
    """Keys in a day's folder that no row knows."""
    keys = store.keys(folder)
    while batch := {key.rpartition("/")[2]: key for key in islice(keys, _BATCH)}:
        known = database.connection().execute(sa.select(Photo.public_id).where(Photo.public_id.in_(batch)))
        yield from (batch[name] for name in batch.keys() - set(known.scalars()))
