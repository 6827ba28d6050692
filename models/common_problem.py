"""Problems that many buildings share (共性问题)."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, Public, reference
from models.enums import CommonState, IssueCategory
from models.types import checked_enum


class CommonProblem(Public, Base):
    """Similar issues of several buildings of a community, seen as one problem that can become a project."""

    __tablename__ = "common_problems"

    id: Mapped[Key]
    community_id: Mapped[int] = reference("places.id")
    category: Mapped[IssueCategory] = mapped_column(checked_enum(IssueCategory))
    topic: Mapped[str] = mapped_column(sa.String(40), server_default="")
    title: Mapped[str] = mapped_column(sa.String(80))
    note: Mapped[str] = mapped_column(sa.String(1000), server_default="", comment="what is planned, in words for all")
    state: Mapped[CommonState] = mapped_column(checked_enum(CommonState))
    created_at: Mapped[datetime]
    created_by_id: Mapped[int] = reference("persons.id")
    changed_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1")

    __table_args__ = (sa.Index("ix_common_problems_community", "community_id", "id"),)


class CommonProblemIssue(Base):
    """An issue that belongs to a common problem; to one at most."""

    __tablename__ = "common_problem_issues"

    issue_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("issues.id"), primary_key=True)
    problem_id: Mapped[int] = reference("common_problems.id", index=True)
    added_at: Mapped[datetime]
    added_by_id: Mapped[int] = reference("persons.id")
