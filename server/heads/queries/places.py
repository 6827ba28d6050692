"""What appointments and invitations have in common: a place in the actor's places, and pages by id."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from models import Place
from models.enums import PlaceKind
from server.core import access, database, paging
from server.core.access import Actor
from server.rules.permissions import Permission

place = Place.__table__
estate = place.alias("estate")
IN_ITS_ESTATE = sa.and_(estate.c.id == place.c.estate_id, estate.c.id != place.c.id)
PLACE = (
    place.c.public_id.label("place"),
    place.c.kind,
    place.c.name.label("place_name"),
    estate.c.name.label("estate"),
)


@dataclass(frozen=True, slots=True)
class Where:
    """The place of an appointment or invitation, with the estate that tells two 3栋 apart."""

    id: str
    kind: PlaceKind
    name: str
    estate_name: str | None


def where_of(row: Any) -> Where:
    """The place in a row that has the columns of `PLACE`."""
    return Where(row.place, row.kind, row.place_name, row.estate)


def inside(actor: Actor, permission: Permission, public_id: str | None) -> ColumnElement[bool]:
    """The condition "its place is in the actor's places", and at or inside one of them when that is named."""
    condition = access.within(actor, permission, place)
    if public_id is None:
        return condition
    row = access.fetch_place(actor, permission, public_id)
    return sa.and_(condition, place.c[Place.ANCESTOR[row.kind]] == row.id)


def page_of(query: Any, key: ColumnElement[int], cursor: str | None, limit: int) -> Sequence[Any]:
    """`limit + 1` rows after the cursor, by id."""
    after = paging.decode(cursor)
    if after is not None:
        query = query.where(key > after)
    rows: Sequence[Any] = database.connection().execute(query.order_by(key).limit(limit + 1)).all()
    return rows
