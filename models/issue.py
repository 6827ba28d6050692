"""Issues, their timeline, and the reporters' answers."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, Public, reference
from models.enums import Anonymity, Channel, IssueCategory, IssueState, Level, Move, Role, Satisfaction, Triage
from models.place import InBuilding
from models.retention import personal
from models.types import Id, checked_enum

TEXT_LIMIT = 4000
ONLY_ON_POSTGRESQL = {"dialect": "postgresql"}  # read where migrations are compared
# The reporter said "not yet", outright or when rating: one 返工. Settlement repeats these very words to use the index.
REOPENED = "from_state = 'resolved' AND to_state = 'reopened'"


def _where(condition: str) -> dict[str, Any]:
    """The same partial-index condition for both databases."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


class Issue(Public, InBuilding, Base):
    """What somebody reported. Its state changes only through `server.issues.service`, each change leaving an event."""

    __tablename__ = "issues"

    id: Mapped[Key]
    category: Mapped[IssueCategory] = mapped_column(checked_enum(IssueCategory))
    text: Mapped[str] = mapped_column(sa.String(TEXT_LIMIT))
    spot: Mapped[str] = mapped_column(
        sa.String(60), default="", comment="where in the building, in the reporter's words"
    )
    channel: Mapped[Channel] = mapped_column(checked_enum(Channel))
    state: Mapped[IssueState] = mapped_column(checked_enum(IssueState))
    level: Mapped[Level] = mapped_column(checked_enum(Level), comment="who has it in hand")
    about_head: Mapped[bool] = mapped_column(default=False, comment="a complaint about the head: never routed to her")
    topic: Mapped[str] = mapped_column(sa.String(40), server_default="", comment="second level, a key of the rule book")
    topic_name: Mapped[str] = mapped_column(sa.String(40), server_default="", comment="as the book named it that day")
    answers: Mapped[list[list[str]] | None] = mapped_column(sa.JSON, comment="[[question, answer], …] as asked")
    urgent: Mapped[bool] = mapped_column(server_default=sa.false())
    rule_book_id: Mapped[int | None] = mapped_column(
        Id, sa.ForeignKey("rule_books.id"), comment="none: the shipped book"
    )
    anonymity: Mapped[Anonymity] = mapped_column(checked_enum(Anonymity), server_default=Anonymity.OPEN.value)
    reporter_id: Mapped[int | None] = mapped_column(
        Id, sa.ForeignKey("persons.id", ondelete="RESTRICT"), comment="never of a hidden report"
    )
    reporter_index: Mapped[bytes | None] = mapped_column(
        sa.LargeBinary(16), comment="keyed blind index of a hidden reporter: finds one's own reports, and nobody else's"
    )
    reporter_sealed: Mapped[bytes | None] = personal(
        "who a hidden reporter is, for the two people who may open it",
        keep="180 days after the end",
        after="ended_at",
        days=180,
        nullable=True,
    )
    claim_index: Mapped[bytes | None] = mapped_column(sa.LargeBinary(16), comment="keyed hash of the claim code")
    contact_sealed: Mapped[bytes | None] = personal(
        "the phone the reporter chose to leave", keep="90 days after the end", after="ended_at", days=90, nullable=True
    )
    reported_at: Mapped[datetime]
    # The clocks of whoever has it in hand now; a finished turn goes to `turns`.
    held_since: Mapped[datetime | None] = mapped_column(comment="when it came to this level; none: when reported")
    sign_in_due_at: Mapped[datetime | None]
    signed_in_at: Mapped[datetime | None]
    contact_due_at: Mapped[datetime | None]
    contacted_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None] = mapped_column(comment="report back or resolve by")
    clock_at: Mapped[datetime | None] = mapped_column(comment="when the clock next has something to do")
    suspended_at: Mapped[datetime | None]
    suspended_until: Mapped[datetime | None] = mapped_column(comment="later than now: suspended; the dues are past it")
    suspended_why: Mapped[str] = mapped_column(sa.String(200), server_default="")
    follow_up_at: Mapped[datetime | None] = mapped_column(comment="when a private matter is asked after")
    assignee_id: Mapped[int | None] = mapped_column(Id, sa.ForeignKey("persons.id"), comment="whom the office asked")
    suggested: Mapped[Triage | None] = mapped_column(checked_enum(Triage, "suggested"))
    suggested_why: Mapped[str] = mapped_column(sa.String(200), server_default="")
    triage: Mapped[Triage | None] = mapped_column(checked_enum(Triage), comment="decided by a person; none: not yet")
    accepted_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    resolved_by_id: Mapped[int | None] = reference("persons.id", nullable=True)
    resolved_level: Mapped[Level | None] = mapped_column(checked_enum(Level, "resolved_level"))
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(
        sa.String(TEXT_LIMIT), default="", comment="what was done, said by the handler"
    )
    done_by: Mapped[str] = mapped_column(sa.String(80), server_default="", comment="who did the work, in words")
    done_at: Mapped[datetime | None] = mapped_column(comment="when the work was done, as the handler says")
    responsible: Mapped[str] = mapped_column(sa.String(80), default="", comment="who is responsible when declined")
    duplicate_of_id: Mapped[int | None] = reference("issues.id", nullable=True)
    recurs_of_id: Mapped[int | None] = mapped_column(
        Id, sa.ForeignKey("issues.id"), comment="the same fault here, ended within 90 days before"
    )
    rework: Mapped[int] = mapped_column(default=0, comment="times the reporter said 还没好")
    suspensions: Mapped[int] = mapped_column(server_default="0")
    extensions: Mapped[int] = mapped_column(server_default="0", comment="granted")
    pushed_back: Mapped[int] = mapped_column(server_default="0", comment="times a level or department sent it back")
    urged: Mapped[int] = mapped_column(server_default="0")
    urged_at: Mapped[datetime | None]
    source: Mapped[str] = mapped_column(sa.String(40), default="", comment="name of the imported ledger")
    number: Mapped[str | None] = mapped_column(sa.String(60), comment="the imported ledger's own number")
    version: Mapped[int] = mapped_column(default=1, comment="ETag; every move adds one")

    __table_args__ = (
        sa.Index("ix_issues_community", "community_id", "id"),
        sa.Index("ix_issues_community_state", "community_id", "state", "id"),
        sa.Index("ix_issues_building", "building_id", "id"),
        # Figures of a period touch the issues of that period only.
        sa.Index("ix_issues_reported", "community_id", "reported_at"),
        sa.Index("ix_issues_reporter", "reporter_id", "id", **_where("reporter_id IS NOT NULL")),
        sa.Index("uq_issues_claim", "claim_index", unique=True, **_where("claim_index IS NOT NULL")),
        # Every office calls its ledger 台账 and counts from 1.
        sa.Index("uq_issues_ledger", "community_id", "source", "number", unique=True, **_where("number IS NOT NULL")),
        sa.Index("ix_issues_waiting", "resolved_at", **_where("state = 'resolved'")),
        sa.Index("ix_issues_clock", "clock_at", **_where("clock_at IS NOT NULL")),
        sa.Index("ix_issues_hidden", "reporter_index", "id", **_where("reporter_index IS NOT NULL")),
        sa.Index("ix_issues_recurs", "recurs_of_id", **_where("recurs_of_id IS NOT NULL")),
        sa.Index("ix_issues_duplicates", "duplicate_of_id", **_where("duplicate_of_id IS NOT NULL")),
        # An imported ledger may say "duplicate" without saying of what.
        sa.CheckConstraint(
            "CASE WHEN state = 'duplicate' THEN duplicate_of_id IS NOT NULL OR channel = 'ledger'"
            " ELSE duplicate_of_id IS NULL END",
            name="duplicate_names_other",
        ),
        sa.CheckConstraint("state <> 'declined' OR responsible <> ''", name="declined_names_responsible"),
        sa.CheckConstraint(
            "anonymity = 'open' OR (reporter_id IS NULL AND contact_sealed IS NULL)", name="shielded_is_sealed"
        ),
        sa.CheckConstraint(
            "anonymity = 'hidden' OR (reporter_index IS NULL AND reporter_sealed IS NULL)", name="sealed_is_hidden"
        ),
    )


class IssueEvent(Base):
    """One line of an issue's timeline. Append-only: the database refuses UPDATE and DELETE."""

    __tablename__ = "issue_events"

    id: Mapped[Key]
    issue_id: Mapped[int] = reference("issues.id")
    at: Mapped[datetime]
    move: Mapped[Move] = mapped_column(checked_enum(Move))
    from_state: Mapped[IssueState | None] = mapped_column(checked_enum(IssueState, "from_state"))
    to_state: Mapped[IssueState] = mapped_column(checked_enum(IssueState, "to_state"))
    level: Mapped[Level] = mapped_column(checked_enum(Level), comment="who has it in hand after the move")
    actor_id: Mapped[int | None] = reference("persons.id", nullable=True)
    actor_role: Mapped[Role | None] = mapped_column(checked_enum(Role), comment="empty: the reporter or the clock")
    text: Mapped[str] = mapped_column(sa.String(TEXT_LIMIT), default="")

    __table_args__ = (
        sa.Index("ix_issue_events_issue", "issue_id", "id"),
        # Other systems ask what happened since they last asked (Open311). Events are written in the order of time, so a
        # BRIN finds a window at no cost to whoever reports; on SQLite, for small places, the events are looked through.
        sa.Index("ix_issue_events_at", "at", postgresql_using="brin", info=ONLY_ON_POSTGRESQL).ddl_if(
            dialect="postgresql"
        ),
        # Settlement counts a month's rework here without touching the other events.
        sa.Index("ix_issue_events_reopened", "at", "issue_id", "level", **_where(REOPENED)),
    )


class ReturnVisit(InBuilding, Base):
    """The reporter's three answers. One row an issue and month: the last answer of a month is the one that counts.

    An answer may be unknown (NULL), as in an imported ledger that never asked.
    """

    __tablename__ = "return_visits"

    id: Mapped[Key]
    issue_id: Mapped[int] = reference("issues.id")
    month: Mapped[int] = mapped_column(comment="YYYYMM in Asia/Shanghai of answered_at")
    contacted: Mapped[bool | None]
    solved: Mapped[bool | None]
    satisfaction: Mapped[Satisfaction | None] = mapped_column(checked_enum(Satisfaction))
    answered_at: Mapped[datetime]
    noted_by_id: Mapped[int | None] = reference("persons.id", nullable=True)
    caller: Mapped[str] = mapped_column(
        sa.String(40), server_default="", comment="who of the office phoned; empty: the reporter answered in person"
    )
    counts: Mapped[bool] = mapped_column(
        default=True, comment="false when settled above the community: says nothing about the building"
    )

    __table_args__ = (
        sa.UniqueConstraint("issue_id", "month"),
        # Settlement reads this index alone, so closing a month costs the same after ten years as after one.
        sa.Index("ix_return_visits_month", "month", "building_id", "counts", "contacted", "solved", "satisfaction"),
    )
