"""Households and the residents behind their doors: the most private rows of the product."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, Public, reference
from models.enums import Relation, Tenancy
from models.place import InBuilding
from models.retention import personal
from models.types import checked_enum

DAYS_AFTER_MOVING_OUT = 180


class Household(Public, InBuilding, Base):
    """A door in a building."""

    __tablename__ = "households"

    id: Mapped[Key]
    unit: Mapped[str] = mapped_column(sa.String(16), default="", comment="单元; empty where a building has only one")
    door: Mapped[str] = mapped_column(sa.String(16))
    position: Mapped[str] = mapped_column(
        # Ordered by code point on both databases, whatever language the server was set up in.
        sa.String(160).with_variant(sa.String(160, collation="C"), "postgresql"),
        comment="unit and door with numbers padded: lists read 2, 10, not 10, 2",
    )
    tenancy: Mapped[Tenancy] = mapped_column(checked_enum(Tenancy))
    version: Mapped[int] = mapped_column(default=1, comment="ETag of the household and its residents")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        sa.UniqueConstraint("building_id", "unit", "door"),
        sa.Index("ix_households_community", "community_id", "building_id", "position", "id"),
    )


class Resident(Public, InBuilding, Base):
    """Somebody who lives in a household. Name and phone are sealed; health and ID number are not kept at all."""

    __tablename__ = "residents"

    id: Mapped[Key]
    household_id: Mapped[int] = reference("households.id", index=True)
    name_sealed: Mapped[bytes | None] = personal(
        "name, to know whom to ask for",
        keep="180 days after moving out",
        after="moved_out_at",
        days=DAYS_AFTER_MOVING_OUT,
        nullable=True,
    )
    name_index: Mapped[bytes | None] = mapped_column(sa.LargeBinary(16), comment="keyed blind index")
    phone_sealed: Mapped[bytes | None] = personal(
        "phone, to reach the household",
        keep="180 days after moving out",
        after="moved_out_at",
        days=DAYS_AFTER_MOVING_OUT,
        nullable=True,
    )
    phone_index: Mapped[bytes | None] = mapped_column(sa.LargeBinary(16), comment="keyed blind index")
    relation: Mapped[Relation] = mapped_column(checked_enum(Relation))
    is_contact: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    moved_out_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]

    __table_args__ = (
        sa.Index("ix_residents_building", "building_id", "id"),
        sa.Index(
            "uq_residents_contact",
            "household_id",
            unique=True,
            sqlite_where=sa.text("is_contact"),
            postgresql_where=sa.text("is_contact"),
        ),
        sa.CheckConstraint("moved_out_at IS NULL OR NOT is_contact", name="contact_lives_there"),
        sa.Index("ix_residents_community_name", "community_id", "name_index"),
        sa.Index("ix_residents_community_phone", "community_id", "phone_index"),
        sa.Index(
            "uq_residents_name",
            "household_id",
            "name_index",
            unique=True,
            sqlite_where=sa.text("moved_out_at IS NULL"),
            postgresql_where=sa.text("moved_out_at IS NULL"),
        ),
        sa.CheckConstraint("erased_at IS NOT NULL OR name_sealed IS NOT NULL", name="named_until_erased"),
    )
