"""The star book's inspection sheet, filled by the office once a month for each building."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, Public, reference
from models.place import InBuilding

STARS = 5


def _stars(aspect: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"{aspect} BETWEEN 1 AND {STARS}", name=f"{aspect}_stars")


class Inspection(Public, InBuilding, Base):
    """The office's stars (1–5) for one building and month, with a note on what was seen."""

    __tablename__ = "inspections"

    id: Mapped[Key]
    month: Mapped[int] = mapped_column(comment="YYYYMM, Asia/Shanghai")
    stairwell: Mapped[int] = mapped_column(sa.SmallInteger)
    safety: Mapped[int] = mapped_column(sa.SmallInteger)
    care: Mapped[int] = mapped_column(sa.SmallInteger)
    neighbours: Mapped[int] = mapped_column(sa.SmallInteger)
    note: Mapped[str] = mapped_column(sa.String(500), default="")
    inspector_id: Mapped[int] = reference("persons.id")
    inspected_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        sa.UniqueConstraint("month", "building_id"),
        _stars("stairwell"),
        _stars("safety"),
        _stars("care"),
        _stars("neighbours"),
    )
