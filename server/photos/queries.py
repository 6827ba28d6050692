"""Reading photos: which belong to a thing, and their bytes."""

from dataclasses import dataclass

import sqlalchemy as sa

from models import Photo
from models.enums import PhotoUse
from server.core import database


@dataclass(frozen=True, slots=True)
class PhotoView:
    """A photo as it is listed with the thing it shows."""

    id: str
    use: PhotoUse
    width: int
    height: int


_OF_ISSUE = (
    sa.select(Photo.public_id, Photo.use, Photo.width, Photo.height)
    .where(Photo.issue_id == sa.bindparam("issue_id"))
    .order_by(Photo.id)
)


def photos_of(issue_id: int) -> list[PhotoView]:
    """The photos of an issue, oldest first."""
    return [PhotoView(*row) for row in database.connection().execute(_OF_ISSUE, {"issue_id": issue_id})]


_COLUMNS = (Photo.public_id, Photo.use, Photo.width, Photo.height)
_OF_INSPECTION = sa.select(*_COLUMNS).where(Photo.inspection_id == sa.bindparam("id")).order_by(Photo.id)
_OF_DUTY_RECORD = sa.select(*_COLUMNS).where(Photo.duty_record_id == sa.bindparam("id")).order_by(Photo.id)


def photos_of_inspection(inspection_id: int) -> list[PhotoView]:
    """The photos of an inspection, oldest first."""
    return [PhotoView(*row) for row in database.connection().execute(_OF_INSPECTION, {"id": inspection_id})]


def photos_of_duty_record(record_id: int) -> list[PhotoView]:
    """The photos of a duty record, oldest first."""
    return [PhotoView(*row) for row in database.connection().execute(_OF_DUTY_RECORD, {"id": record_id})]
