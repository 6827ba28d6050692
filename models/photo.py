"""Pictures: re-encoded, stripped of metadata, kept in the photo store under their public id."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, Public, reference
from models.enums import PhotoUse
from models.types import checked_enum


def _index_of(column: str) -> sa.Index:
    """A photo is found by the one thing it shows; the others are empty and not indexed."""
    shown = sa.text(f"{column} IS NOT NULL")
    name = f"ix_photos_{column.removesuffix('_id')}"
    return sa.Index(name, column, sqlite_where=shown, postgresql_where=shown)


_UNATTACHED = sa.text("issue_id IS NULL AND inspection_id IS NULL AND duty_record_id IS NULL")


class Photo(Public, Base):
    """A picture, uploaded and perhaps not yet attached to anything (then it is swept away after a day)."""

    __tablename__ = "photos"

    id: Mapped[Key]
    use: Mapped[PhotoUse] = mapped_column(checked_enum(PhotoUse))
    issue_id: Mapped[int | None] = reference("issues.id", nullable=True)
    inspection_id: Mapped[int | None] = reference("inspections.id", nullable=True)
    duty_record_id: Mapped[int | None] = reference("duty_records.id", nullable=True)
    uploaded_by_id: Mapped[int | None] = reference("persons.id", nullable=True)
    width: Mapped[int]
    height: Mapped[int]
    size: Mapped[int] = mapped_column(comment="bytes as kept")
    sha256: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    created_at: Mapped[datetime]

    __table_args__ = (
        _index_of("issue_id"),
        _index_of("inspection_id"),
        _index_of("duty_record_id"),
        sa.Index("ix_photos_unattached", "created_at", sqlite_where=_UNATTACHED, postgresql_where=_UNATTACHED),
        sa.CheckConstraint(
            "(CASE WHEN issue_id IS NULL THEN 0 ELSE 1 END + CASE WHEN inspection_id IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN duty_record_id IS NULL THEN 0 ELSE 1 END) <= 1",
            name="shows_one_thing",
        ),
    )
