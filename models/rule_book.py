"""The rule book of a place as data: topics and their questions, triage, routes and clocks."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, Public, reference
from models.enums import Role
from models.types import checked_enum


class RuleBook(Public, Base):
    """One version of a place's rule book. Append-only: an issue names the version it was filed under."""

    __tablename__ = "rule_books"

    id: Mapped[Key]
    place_id: Mapped[int] = reference("places.id")
    version: Mapped[int]
    content: Mapped[dict[str, Any]] = mapped_column(sa.JSON, comment="see server.rules.book")
    note: Mapped[str] = mapped_column(sa.String(200), comment="what was changed and why")
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = reference("persons.id", nullable=True)
    created_role: Mapped[Role | None] = mapped_column(checked_enum(Role))

    __table_args__ = (sa.UniqueConstraint("place_id", "version"),)


class ReplyTemplate(Public, Base):
    """A reply the office writes often. Its gaps (who, when, what) must be filled in before it is sent."""

    __tablename__ = "reply_templates"

    id: Mapped[Key]
    place_id: Mapped[int] = reference("places.id", index=True)
    title: Mapped[str] = mapped_column(sa.String(40))
    text: Mapped[str] = mapped_column(sa.String(1000))
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = reference("persons.id", nullable=True)
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1")
