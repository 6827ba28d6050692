"""The month: rule sets, each community's month, standings, and the score lines that explain them."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, Public, reference
from models.enums import Component, MonthState, StandingState
from models.place import InBuilding
from models.types import Id, checked_enum


class RuleSet(Base):
    """The law of a month as data. A row is never edited: a change is a new version, valid from a month's start."""

    __tablename__ = "rule_sets"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(sa.String(40))
    version: Mapped[int]
    valid_from_month: Mapped[int] = mapped_column(comment="YYYYMM")
    body: Mapped[str] = mapped_column(sa.Text, comment="JSON of server.rules.rule_sets.RuleSet")
    created_at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("name", "version"),)


_OPEN = sa.text("state IN ('draft', 'notice')")


class CommunityMonth(Public, Base):
    """One community's month and where it stands. Version 2 is a correction of a sealed version 1; both stay readable."""

    __tablename__ = "community_months"

    id: Mapped[Key]
    community_id: Mapped[int] = reference("places.id")
    month: Mapped[int] = mapped_column(comment="YYYYMM, Asia/Shanghai")
    version: Mapped[int] = mapped_column(default=1)
    state: Mapped[MonthState] = mapped_column(checked_enum(MonthState))
    rule_set_id: Mapped[int] = reference("rule_sets.id")
    drafted_at: Mapped[datetime]
    notice_opened_at: Mapped[datetime | None]
    notice_opened_by_id: Mapped[int | None] = reference("persons.id", nullable=True)
    notice_ends_at: Mapped[datetime | None]
    sealed_at: Mapped[datetime | None]
    sealed_by_id: Mapped[int | None] = reference("persons.id", nullable=True)
    published_at: Mapped[datetime | None]
    published_by_id: Mapped[int | None] = reference("persons.id", nullable=True)
    manifest_hash: Mapped[str] = mapped_column(sa.String(64), default="", comment="SHA-256 over all lines, hex; public")
    correction_reason: Mapped[str] = mapped_column(
        sa.String(200),
        default="",
        server_default="",
        comment="why this version replaces the one before; shown to heads",
    )
    corrected_at: Mapped[datetime | None] = mapped_column(comment="when the correction was begun")
    # Plain: SQLAlchemy does not read the ON DELETE of a column SQLite was given later. Deleting is refused all the same.
    corrected_by_id: Mapped[int | None] = mapped_column(
        Id, sa.ForeignKey("persons.id"), comment="none: at the terminal"
    )

    __table_args__ = (
        sa.UniqueConstraint("community_id", "month", "version"),
        sa.Index("ix_community_months_month", "month", "community_id"),
        # One version at a time is on its way; migration 0006 also asks that the one before is sealed.
        sa.Index(
            "uq_community_months_open",
            "community_id",
            "month",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        sa.CheckConstraint(
            "(version = 1) = (correction_reason = '') AND (version = 1) = (corrected_at IS NULL)",
            name="corrected_with_reason",
        ),
        sa.CheckConstraint(
            "sealed_by_id IS NULL OR sealed_by_id <> notice_opened_by_id", name="sealed_by_second_person"
        ),
    )


class Standing(Base):
    """A building's place in its community's month."""

    __tablename__ = "standings"

    community_month_id: Mapped[int] = mapped_column(
        sa.ForeignKey("community_months.id", ondelete="RESTRICT"), primary_key=True
    )
    building_id: Mapped[int] = mapped_column(sa.ForeignKey("places.id", ondelete="RESTRICT"), primary_key=True)
    total: Mapped[int] = mapped_column(comment="thousandths of a point, 0 … 100000")
    state: Mapped[StandingState] = mapped_column(checked_enum(StandingState))
    rank: Mapped[int | None] = mapped_column(comment="1 = best; equal totals share a rank; empty when data are thin")
    tied: Mapped[bool]
    red_flag: Mapped[bool]
    reason: Mapped[str] = mapped_column(sa.String(200), comment="plain Chinese: why ranked, unranked or flagged")

    __table_args__ = (
        sa.CheckConstraint("total BETWEEN 0 AND 100000", name="total_in_range"),
        sa.CheckConstraint("(state = 'ranked') = (rank IS NOT NULL)", name="rank_when_ranked"),
        {"sqlite_with_rowid": False},
    )


class ScoreLine(Base):
    """One part of a building's score, with the numbers that decided it.

    The sentence on screen is rendered from `facts` by the rule version named here, so it can be told again in ten years.
    """

    __tablename__ = "score_lines"

    community_month_id: Mapped[int] = mapped_column(Id, primary_key=True)
    building_id: Mapped[int] = mapped_column(Id, primary_key=True)
    component: Mapped[Component] = mapped_column(checked_enum(Component), primary_key=True)
    rule_id: Mapped[str] = mapped_column(sa.String(40))
    rule_version: Mapped[int]
    points: Mapped[int] = mapped_column(comment="thousandths; negative for deductions")
    weight: Mapped[int] = mapped_column(comment="thousandths after thin components' weight has moved")
    thin: Mapped[bool]
    facts: Mapped[list[int]] = mapped_column(
        sa.JSON(none_as_null=True), comment="integers in the order of server.rules.line_facts"
    )

    __table_args__ = (
        # One reference, not two: a line belongs to its building's standing (and 80,000 are checked at once).
        sa.ForeignKeyConstraint(
            ["community_month_id", "building_id"],
            ["standings.community_month_id", "standings.building_id"],
            ondelete="RESTRICT",
        ),
        {"sqlite_with_rowid": False},
    )


class Deduction(Public, InBuilding, Base):
    """Points taken off for a stated reason with its evidence."""

    __tablename__ = "deductions"

    id: Mapped[Key]
    month: Mapped[int] = mapped_column(comment="YYYYMM, Asia/Shanghai")
    points: Mapped[int] = mapped_column(comment="thousandths, 1 … 10000")
    reason: Mapped[str] = mapped_column(sa.String(200))
    evidence: Mapped[str] = mapped_column(sa.String(500))
    entered_by_id: Mapped[int] = reference("persons.id")
    entered_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]
    cancelled_by_id: Mapped[int | None] = reference("persons.id", nullable=True)
    cancel_reason: Mapped[str] = mapped_column(sa.String(200), default="")

    __table_args__ = (
        sa.Index("ix_deductions_month", "month", "building_id"),
        sa.CheckConstraint("points BETWEEN 1 AND 10000", name="points_in_range"),
        sa.CheckConstraint("reason <> '' AND evidence <> ''", name="reason_and_evidence"),
    )
