"""Reading photos: which belong to a thing, who may see one, and its bytes."""

import base64
import binascii
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy import ColumnElement
from sqlalchemy.engine import Row

from models import ContentCheck, DutyRecord, Inspection, Issue, Photo, Whistle
from models.enums import CheckState, PhotoUse, Role
from server.core import access, api, crypto, database
from server.core.access import Actor, Post
from server.core.errors import not_found
from server.core.storage import photo_store
from server.identity.queries import veil
from server.rules.permissions import Permission

log = logging.getLogger("louzhang.photos")

_photos, _issues = Photo.__table__, Issue.__table__
_checks, _whistles = ContentCheck.__table__, Whistle.__table__.c
_inspections, _duty_records = Inspection.__table__, DutyRecord.__table__


@dataclass(frozen=True, slots=True)
class PhotoView:
    """A photo as it is listed with the thing it shows."""

    id: str
    use: PhotoUse
    width: int
    height: int
    check: CheckState | None = None  # whether the public may see it; None: nobody was asked


@dataclass(frozen=True, slots=True)
class PhotoFile:
    """A photo somebody may see. The bytes are read when they are asked for."""

    etag: str
    key: str

    def data(self) -> bytes:
        """The JPEG. Raises 404 when the store has lost it."""
        try:
            with photo_store().open(self.key) as file:
                return file.read()
        except FileNotFoundError:
            log.error("a photo is missing from the store")
            raise not_found() from None


def _of(column: sa.ColumnElement[Any]) -> sa.Select[Any]:
    return (
        sa.select(_photos.c.public_id, _photos.c.use, _photos.c.width, _photos.c.height)
        .where(column == sa.bindparam("thing"))
        .order_by(_photos.c.id)
    )


_OF_ISSUE = _of(_photos.c.issue_id).add_columns(_checks.c.state).outerjoin(_checks, _checks.c.photo_id == _photos.c.id)
_OF_INSPECTION = _of(_photos.c.inspection_id)
_OF_DUTY_RECORD = _of(_photos.c.duty_record_id)
_FILE = sa.select(_photos.c.public_id, _photos.c.created_at, _photos.c.sha256)


def photos_of(issue_id: int) -> list[PhotoView]:
    """The photos of an issue, oldest first."""
    return _views(_OF_ISSUE, issue_id)


def photos_of_inspection(inspection_id: int) -> list[PhotoView]:
    """The photos of an inspection, oldest first."""
    return _views(_OF_INSPECTION, inspection_id)


def photos_of_duty_record(record_id: int) -> list[PhotoView]:
    """The photos of a duty record, oldest first."""
    return _views(_OF_DUTY_RECORD, record_id)


def _views(query: sa.Select[Any], thing: int) -> list[PhotoView]:
    return [PhotoView(*row) for row in database.connection().execute(query, {"thing": thing})]


def key_of(public_id: str, created_at: datetime) -> str:
    """Where a photo is kept: one folder a day (UTC)."""
    return f"{created_at:%Y%m%d}/{public_id}"


def shown_to(actor: Actor, public_id: str) -> PhotoFile:
    """A photo the actor uploaded, or of something the actor may see. Raises 404 otherwise."""
    return _file(_FILE.where(_photos.c.public_id == public_id, _seen_by(actor)))


def of_issue(public_id: str, issue_id: int) -> PhotoFile:
    """A photo of this very issue, for pages that have checked who may see the issue (a claim code). Raises 404."""
    return _file(_FILE.where(_photos.c.public_id == public_id, _photos.c.issue_id == issue_id))


def read(public_id: str) -> tuple[bytes, str]:
    """A photo's JPEG and ETag. Asks nobody: only for callers that have checked themselves. Raises 404."""
    found = _file(_FILE.where(_photos.c.public_id == public_id))
    return found.data(), found.etag


_ADDRESS = "photos.address"  # what the seal of an address is bound to


def public_address(public_id: str, until: datetime) -> str:
    """Where WeChat may fetch a photo it is to check, until a moment. The address tells nothing and cannot be made up."""
    sealed = crypto.seal(f"{public_id} {int(until.timestamp())}", _ADDRESS)
    token = base64.urlsafe_b64encode(sealed).decode().rstrip("=")
    return f"{current_app.extensions['settings'].public_url}{api.PREFIX}/media/{token}"


def at_address(token: str, now: datetime) -> PhotoFile:
    """The photo of a public address, while the address lives and the photo's check waits. Raises 404 ever after."""
    try:
        sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        public_id, until = crypto.open_sealed(sealed, _ADDRESS).split(" ")
    except (ValueError, binascii.Error, crypto.CannotOpen):
        raise not_found() from None
    if now >= datetime.fromtimestamp(int(until), UTC):
        raise not_found()
    waits = sa.exists().where(_checks.c.photo_id == _photos.c.id, _checks.c.state == CheckState.WAITING)
    return _file(_FILE.where(_photos.c.public_id == public_id, waits))


def _file(query: sa.Select[Any]) -> PhotoFile:
    row: Row[Any] | None = database.connection().execute(query).one_or_none()
    if row is None:
        raise not_found()
    return PhotoFile(row.sha256.hex()[:32], key_of(row.public_id, row.created_at))


def _seen_by(actor: Actor) -> ColumnElement[bool]:
    """Whoever sees a thing sees its pictures; whoever uploaded or reported it sees them too."""
    issue = sa.or_(
        sa.and_(access.within(actor, Permission.ISSUE_READ, _issues, narrow=_issue_narrowed), *_not_about(actor)),
        _issues.c.reporter_id == actor.person_id,
        _issues.c.reporter_index == veil(actor.person_id),
    )
    return sa.or_(
        _photos.c.uploaded_by_id == actor.person_id,
        sa.exists().where(_issues.c.id == _photos.c.issue_id, issue),
        _exists(actor, Permission.INSPECTION_READ, _inspections, _photos.c.inspection_id),
        _exists(actor, Permission.DUTY_READ, _duty_records, _photos.c.duty_record_id),
    )


def _exists(
    actor: Actor, permission: Permission, table: sa.FromClause, column: ColumnElement[Any]
) -> ColumnElement[bool]:
    return sa.exists().where(table.c.id == column, access.within(actor, permission, table))


def _not_about(actor: Actor) -> list[ColumnElement[bool]]:
    """What `server.issues.queries.not_about` says: nothing about her through another post of hers either."""
    own = [post.place_id for post in actor.posts if post.role is Role.HEAD]
    return [sa.not_(sa.and_(_issues.c.about_head, _issues.c.building_id == place)) for place in own]


def _issue_narrowed(post: Post, columns: Any) -> Any:
    """What `server.issues.queries.narrow` says, which stands above this room: a head never sees what is about her, a
    department sees what it was whistled to. `tests/server/photos/test_seeing.py` holds the two together."""
    if post.role is Role.HEAD:
        return sa.not_(columns.about_head)
    if post.role is Role.DEPARTMENT:
        return columns.id.in_(sa.select(_whistles.issue_id).where(_whistles.department_id == post.department_id))
    return None
