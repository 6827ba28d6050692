"""Whether what somebody wrote or photographed may be shown to others."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, Public, reference
from models.enums import CheckedBy, CheckState, HeldFor
from models.place import InBuilding
from models.types import checked_enum


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


class ContentCheck(Public, InBuilding, Base):
    """The check of one text (of a timeline event) or one photo of an issue. Staff see at once; others after a pass."""

    __tablename__ = "content_checks"

    id: Mapped[Key]
    issue_id: Mapped[int] = reference("issues.id")
    event_id: Mapped[int | None] = reference("issue_events.id", nullable=True)
    photo_id: Mapped[int | None] = reference("photos.id", nullable=True)
    state: Mapped[CheckState] = mapped_column(checked_enum(CheckState))
    checked_by: Mapped[CheckedBy | None] = mapped_column(checked_enum(CheckedBy), comment="who gave the last verdict")
    label: Mapped[HeldFor | None] = mapped_column(checked_enum(HeldFor), comment="what it was held for")
    trace: Mapped[str | None] = mapped_column(sa.String(80), unique=True, comment="WeChat's name for the check")
    created_at: Mapped[datetime]
    due_at: Mapped[datetime] = mapped_column(comment="without a verdict by then it goes to the office's queue")
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = reference("persons.id", nullable=True)
    reason: Mapped[str] = mapped_column(sa.String(200), default="", comment="why a person decided so")
    version: Mapped[int] = mapped_column(default=1, comment="ETag of the decision")

    __table_args__ = (
        sa.Index("ix_content_checks_issue", "issue_id"),
        sa.Index("uq_content_checks_event", "event_id", unique=True, **_where("event_id IS NOT NULL")),
        sa.Index("uq_content_checks_photo", "photo_id", unique=True, **_where("photo_id IS NOT NULL")),
        sa.Index("ix_content_checks_waiting", "due_at", **_where("state = 'waiting'")),
        sa.Index("ix_content_checks_community_state", "community_id", "state", "id"),
        sa.CheckConstraint("(event_id IS NULL) <> (photo_id IS NULL)", name="checks_one_thing"),
    )
