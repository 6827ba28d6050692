"""Who had an issue in hand and when: finished turns of the levels, whistles to departments, extensions, triage decisions."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, Public, reference
from models.enums import Level, Role, Satisfaction, Triage, TurnEnd, WhistleEnd
from models.place import InBuilding
from models.types import checked_enum


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


class Turn(InBuilding, Base):
    """A level's finished turn with an issue. The running one stands in `issues`. Append-only."""

    __tablename__ = "turns"

    id: Mapped[Key]
    issue_id: Mapped[int] = reference("issues.id")
    level: Mapped[Level] = mapped_column(checked_enum(Level))
    began_at: Mapped[datetime]
    sign_in_due_at: Mapped[datetime | None]
    signed_in_at: Mapped[datetime | None]
    contact_due_at: Mapped[datetime | None]
    contacted_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    ended_at: Mapped[datetime]
    end: Mapped[TurnEnd] = mapped_column(checked_enum(TurnEnd))
    month: Mapped[int] = mapped_column(comment="YYYYMM in Asia/Shanghai of ended_at")

    __table_args__ = (
        sa.Index("ix_turns_issue", "issue_id", "id"),
        sa.Index("ix_turns_month", "community_id", "month"),
        sa.Index("ix_turns_due", "community_id", "due_at", **_where("due_at IS NOT NULL")),
        sa.Index("ix_turns_sign_in", "community_id", "sign_in_due_at", **_where("sign_in_due_at IS NOT NULL")),
    )


class Whistle(Public, InBuilding, Base):
    """A department called to an issue. Several may be called jointly; each answers for its own clocks."""

    __tablename__ = "whistles"

    id: Mapped[Key]
    issue_id: Mapped[int] = reference("issues.id")
    department_id: Mapped[int] = reference("departments.id")
    reason: Mapped[str] = mapped_column(sa.String(1000), comment="what the department is asked for")
    sounded_at: Mapped[datetime]
    sounded_by_id: Mapped[int | None] = reference("persons.id", nullable=True)
    sounded_role: Mapped[Role | None] = mapped_column(checked_enum(Role, "sounded_role"), comment="none: the clock")
    month: Mapped[int] = mapped_column(comment="YYYYMM in Asia/Shanghai of sounded_at")
    sign_in_due_at: Mapped[datetime]
    signed_in_at: Mapped[datetime | None]
    contact_due_at: Mapped[datetime]
    contacted_at: Mapped[datetime | None]
    due_at: Mapped[datetime] = mapped_column(comment="report back by")
    clock_at: Mapped[datetime | None] = mapped_column(comment="when the clock next has something to do")
    report: Mapped[str] = mapped_column(sa.String(1000), server_default="", comment="what the department says it did")
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = reference("persons.id", nullable=True)
    end: Mapped[WhistleEnd | None] = mapped_column(checked_enum(WhistleEnd))
    pushed_back_why: Mapped[str] = mapped_column(sa.String(200), server_default="")
    urged: Mapped[int] = mapped_column(server_default="0")
    urged_at: Mapped[datetime | None]
    rating: Mapped[Satisfaction | None] = mapped_column(checked_enum(Satisfaction, "rating"))
    rating_text: Mapped[str] = mapped_column(sa.String(200), server_default="")
    rated_at: Mapped[datetime | None]
    rated_by_id: Mapped[int | None] = reference("persons.id", nullable=True)
    version: Mapped[int] = mapped_column(server_default="1")

    __table_args__ = (
        sa.Index("uq_whistles_open", "issue_id", "department_id", unique=True, **_where("ended_at IS NULL")),
        sa.Index("ix_whistles_issue", "issue_id", "id"),
        sa.Index("ix_whistles_department", "department_id", "issue_id"),
        sa.Index("ix_whistles_month", "community_id", "month"),
        sa.Index("ix_whistles_due", "community_id", "due_at"),
        sa.Index("ix_whistles_clock", "clock_at", **_where("clock_at IS NOT NULL")),
        sa.CheckConstraint('(ended_at IS NULL) = ("end" IS NULL)', name="end_says_how"),
        sa.CheckConstraint('rating IS NULL OR "end" IS NOT NULL', name="rated_after_the_end"),
    )


class Extension(Public, InBuilding, Base):
    """More time, asked for by who has the issue in hand and decided by somebody above."""

    __tablename__ = "extensions"

    id: Mapped[Key]
    issue_id: Mapped[int] = reference("issues.id")
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[int] = reference("persons.id")
    asked_role: Mapped[Role] = mapped_column(checked_enum(Role, "asked_role"))
    reason: Mapped[str] = mapped_column(sa.String(200))
    workdays: Mapped[int] = mapped_column(comment="how many working days more")
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = reference("persons.id", nullable=True)
    decided_role: Mapped[Role | None] = mapped_column(checked_enum(Role, "decided_role"))
    granted: Mapped[bool | None]
    answer: Mapped[str] = mapped_column(sa.String(200), server_default="")

    __table_args__ = (
        sa.Index("uq_extensions_open", "issue_id", unique=True, **_where("decided_at IS NULL")),
        sa.Index("ix_extensions_issue", "issue_id", "id"),
        sa.Index("ix_extensions_community", "community_id", "id"),
        sa.CheckConstraint("(decided_at IS NULL) = (granted IS NULL)", name="decided_says_what"),
    )


class TriageDecision(InBuilding, Base):
    """What the rule suggested and what a person decided, side by side. Append-only."""

    __tablename__ = "triage_decisions"

    id: Mapped[Key]
    issue_id: Mapped[int] = reference("issues.id")
    at: Mapped[datetime]
    suggested: Mapped[Triage | None] = mapped_column(checked_enum(Triage, "suggested"))
    suggested_why: Mapped[str] = mapped_column(sa.String(200), server_default="")
    decided: Mapped[Triage] = mapped_column(checked_enum(Triage, "decided"))
    reason: Mapped[str] = mapped_column(sa.String(200), server_default="")
    actor_id: Mapped[int] = reference("persons.id")
    actor_role: Mapped[Role] = mapped_column(checked_enum(Role))

    __table_args__ = (
        sa.Index("ix_triage_decisions_issue", "issue_id", "id"),
        sa.Index("ix_triage_decisions_community", "community_id", "id"),
    )
