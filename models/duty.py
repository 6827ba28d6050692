"""The nineteen duties and the records that they were done."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, Public, reference
from models.enums import DutyGroup, DutyState
from models.place import InBuilding
from models.types import checked_enum


class DutyItem(Public, Base):
    """One of the 三大类十九项. The default nineteen are loaded by the first migration; the office may retire and add."""

    __tablename__ = "duty_items"

    id: Mapped[Key]
    group: Mapped[DutyGroup] = mapped_column(checked_enum(DutyGroup))
    position: Mapped[int] = mapped_column(unique=True)
    title: Mapped[str] = mapped_column(sa.String(60))
    retired_at: Mapped[datetime | None]


class DutyRecord(Public, InBuilding, Base):
    """A head's word that a duty was done, verified by the community before it counts."""

    __tablename__ = "duty_records"

    id: Mapped[Key]
    item_id: Mapped[int] = reference("duty_items.id")
    person_id: Mapped[int] = reference("persons.id")
    month: Mapped[int] = mapped_column(comment="YYYYMM of done_on")
    done_on: Mapped[date]
    text: Mapped[str] = mapped_column(sa.String(500))
    state: Mapped[DutyState] = mapped_column(checked_enum(DutyState))
    decided_by_id: Mapped[int | None] = reference("persons.id", nullable=True)
    decided_at: Mapped[datetime | None]
    decision: Mapped[str] = mapped_column(sa.String(200), default="")
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        sa.Index("ix_duty_records_month", "month", "building_id", "state"),
        sa.Index("ix_duty_records_community", "community_id", "month", "id"),
    )
