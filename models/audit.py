"""The audit trail: append-only and hash-chained."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, reference
from models.enums import Role
from models.types import checked_enum


class AuditEvent(Base):
    """Who did what to what, and when. Each row's hash covers the row and the hash before it; no personal data inside."""

    __tablename__ = "audit_events"

    id: Mapped[Key]
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = reference("persons.id", nullable=True)
    actor_role: Mapped[Role | None] = mapped_column(checked_enum(Role))
    action: Mapped[str] = mapped_column(sa.String(40), comment="subject:verb, see server.core.audit.Action")
    subject: Mapped[str] = mapped_column(sa.String(60), default="", comment="kind:public_id")
    place_id: Mapped[int | None] = reference("places.id", nullable=True)
    detail: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    previous_hash: Mapped[str] = mapped_column(sa.String(64))
    hash: Mapped[str] = mapped_column(sa.String(64), unique=True)

    __table_args__ = (sa.Index("ix_audit_events_subject", "subject", "id"),)
