"""The departments (职能部门) that answer whistles."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, Public, reference


class Department(Public, Base):
    """A department of a district. Closed, never deleted: whistles name it."""

    __tablename__ = "departments"

    id: Mapped[Key]
    district_id: Mapped[int] = reference("places.id")
    name: Mapped[str] = mapped_column(sa.String(40))
    duty: Mapped[str] = mapped_column(sa.String(200), server_default="", comment="what it is called for, in words")
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = reference("persons.id", nullable=True)
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1")

    __table_args__ = (sa.UniqueConstraint("district_id", "name"),)
