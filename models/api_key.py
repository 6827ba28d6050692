"""Keys of other systems at the Open311 door."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, Public, reference
from models.enums import Role
from models.types import checked_enum


class ApiKey(Public, Base):
    """What another system may file with: one key, one jurisdiction (a place). Only the hash is kept."""

    __tablename__ = "api_keys"

    id: Mapped[Key]
    key_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    jurisdiction: Mapped[str] = mapped_column(sa.String(40), comment="jurisdiction_id in Open311's words")
    place_id: Mapped[int] = reference("places.id")
    name: Mapped[str] = mapped_column(sa.String(80), comment="which system, and who answers for it")
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = reference("persons.id", nullable=True)
    created_role: Mapped[Role | None] = mapped_column(checked_enum(Role))
    revoked_at: Mapped[datetime | None]
    revoked_by_id: Mapped[int | None] = reference("persons.id", nullable=True)

    __table_args__ = (sa.Index("ix_api_keys_place", "place_id", "id"),)
