"""The place tree and the codes on its stairwell doors."""

from datetime import datetime
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from models.base import Base, Key, Public, reference
from models.enums import CodeEnd, PlaceKind, Role
from models.types import Id, checked_enum


class Place(Public, Base):
    """A node of the tree district → street → community → grid → estate → building.

    The five `…_id` columns repeat the node's ancestors (and the node itself at its own level), so that "is this place
    inside that one?" is one comparison and no walk up the tree.
    """

    __tablename__ = "places"

    id: Mapped[Key]
    parent_id: Mapped[int | None] = reference("places.id", nullable=True, index=True)
    kind: Mapped[PlaceKind] = mapped_column(checked_enum(PlaceKind))
    code: Mapped[str] = mapped_column(sa.String(32), unique=True, comment="the office's own code; key of the import")
    name: Mapped[str] = mapped_column(sa.String(80))
    district_id: Mapped[int | None] = reference("places.id", nullable=True)
    street_id: Mapped[int | None] = reference("places.id", nullable=True)
    community_id: Mapped[int | None] = reference("places.id", nullable=True)
    grid_id: Mapped[int | None] = reference("places.id", nullable=True)
    estate_id: Mapped[int | None] = reference("places.id", nullable=True)
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None] = mapped_column(comment="torn down or merged: takes no new reports")
    version: Mapped[int] = mapped_column(default=1, comment="ETag of the name and of being open or closed")

    __table_args__ = (
        sa.UniqueConstraint("parent_id", "name"),
        sa.Index("ix_places_community_kind", "community_id", "kind", "id"),
        sa.Index("ix_places_street_kind", "street_id", "kind", "id"),
        sa.CheckConstraint("kind <> 'building' OR community_id IS NOT NULL", name="building_in_community"),
    )

    # Which column of this table says "inside a place of this kind".
    ANCESTOR: ClassVar[dict[PlaceKind, str]] = {
        PlaceKind.DISTRICT: "district_id",
        PlaceKind.STREET: "street_id",
        PlaceKind.COMMUNITY: "community_id",
        PlaceKind.GRID: "grid_id",
        PlaceKind.ESTATE: "estate_id",
        PlaceKind.BUILDING: "id",
    }


class InBuilding:
    """Columns of everything that belongs to a building: enough to decide every scope without a join up to the street."""

    @declared_attr
    def building_id(cls) -> Mapped[int]:
        return mapped_column(Id, sa.ForeignKey("places.id", ondelete="RESTRICT"))

    @declared_attr
    def grid_id(cls) -> Mapped[int | None]:
        return mapped_column(Id, sa.ForeignKey("places.id", ondelete="RESTRICT"))

    @declared_attr
    def community_id(cls) -> Mapped[int]:
        return mapped_column(Id, sa.ForeignKey("places.id", ondelete="RESTRICT"))


class StairwellCode(Public, Base):
    """The code printed on a building's door. Revoked, never deleted: history tells which poster was where and when."""

    __tablename__ = "stairwell_codes"

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, comment="printed in public; unguessable, not secret")
    building_id: Mapped[int] = reference("places.id")
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = reference("persons.id", nullable=True)
    created_role: Mapped[Role | None] = mapped_column(
        checked_enum(Role, "made_in_role"), comment="none: by an import at the command line"
    )
    revoked_at: Mapped[datetime | None]
    revoked_by_id: Mapped[int | None] = reference("persons.id", nullable=True)
    revoked_role: Mapped[Role | None] = mapped_column(checked_enum(Role, "revoked_in_role"))
    revoked_why: Mapped[CodeEnd | None] = mapped_column(
        checked_enum(CodeEnd), comment="none: in use, or revoked before reasons were asked for"
    )
    revoked_note: Mapped[str] = mapped_column(
        sa.String(80), default="", server_default="", comment="what the reason leaves open, in the office's words"
    )
    image: Mapped[str | None] = mapped_column(sa.String(80), comment="where its mini-program code is kept, once drawn")

    __table_args__ = (
        sa.Index(
            "uq_stairwell_codes_live",
            "building_id",
            unique=True,
            sqlite_where=sa.text("revoked_at IS NULL"),
            postgresql_where=sa.text("revoked_at IS NULL"),
        ),
        sa.Index("ix_stairwell_codes_building", "building_id", "id"),
    )
