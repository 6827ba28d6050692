"""The reporter's shield: who asked to open a hidden reporter, and who looked at an issue."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, Public, reference
from models.enums import Role
from models.place import InBuilding
from models.types import checked_enum


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


class IdentityOpening(Public, InBuilding, Base):
    """A request to open a hidden reporter: asked by one person, decided by a second, and the reporter is told."""

    __tablename__ = "identity_openings"

    id: Mapped[Key]
    issue_id: Mapped[int] = reference("issues.id")
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[int] = reference("persons.id")
    asked_role: Mapped[Role] = mapped_column(checked_enum(Role, "asked_role"))
    asked_place_id: Mapped[int] = reference("places.id")
    reason: Mapped[str] = mapped_column(sa.String(200))
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = reference("persons.id", nullable=True)
    decided_role: Mapped[Role | None] = mapped_column(checked_enum(Role, "decided_role"))
    decided_place_id: Mapped[int | None] = reference("places.id", nullable=True)
    granted: Mapped[bool | None]
    answer: Mapped[str] = mapped_column(sa.String(200), server_default="")
    opened_at: Mapped[datetime | None] = mapped_column(comment="when the one who asked looked, for the first time")

    __table_args__ = (
        sa.Index("uq_identity_openings_waiting", "issue_id", unique=True, **_where("decided_at IS NULL")),
        sa.Index("ix_identity_openings_issue", "issue_id", "id"),
        sa.Index("ix_identity_openings_community", "community_id", "id"),
        sa.CheckConstraint("(decided_at IS NULL) = (granted IS NULL)", name="decided_says_what"),
        sa.CheckConstraint("decided_by_id IS NULL OR decided_by_id <> asked_by_id", name="two_people"),
        sa.CheckConstraint("opened_at IS NULL OR granted", name="opened_when_granted"),
    )


class IssueRead(Base):
    """That a member of staff opened an issue: once a person, issue, post and day. The reporter sees role, unit and time."""

    __tablename__ = "issue_reads"

    issue_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("issues.id"), primary_key=True)
    day: Mapped[int] = mapped_column(primary_key=True, comment="YYYYMMDD in Asia/Shanghai")
    person_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("persons.id"), primary_key=True)
    role: Mapped[Role] = mapped_column(checked_enum(Role))
    place_id: Mapped[int] = reference("places.id")
    at: Mapped[datetime] = mapped_column(comment="the first time that day")
