"""Buildings as places of requests: we know no coordinates, an address is a building."""

from typing import Any, NamedTuple

import sqlalchemy as sa

from models import Place
from models.enums import PlaceKind
from server.core import access, database, paging
from server.open311.queries.keys import Jurisdiction
from server.open311.queries.requests import Found
from server.open311.queries.source import PLACES, address_of, building, community, district, estate, street
from server.rules.open311 import MOST

_places = Place.__table__


class Building(NamedTuple):
    """A building of a request. A closed one takes none."""

    id: int
    community_id: int
    closed: bool


def building_of(jurisdiction: Jurisdiction, address_id: str) -> Building | None:
    """A building of the jurisdiction by our public id or the office's own code; None for everything else."""
    if "\0" in address_id:
        return None
    mine = access.within_posts((jurisdiction.area,), _places, None)
    row = (
        database.connection()
        .execute(
            sa.select(_places.c.id, _places.c.community_id, _places.c.closed_at.is_not(None))
            .where(
                sa.or_(_places.c.public_id == address_id, _places.c.code == address_id),
                _places.c.kind == PlaceKind.BUILDING,
                mine,
            )
            .order_by(sa.case((_places.c.public_id == address_id, 0), else_=1))
            .limit(1)
        )
        .one_or_none()
    )
    return Building(*row) if row else None


def addresses(jurisdiction: Jurisdiction, cursor: str | None = None, most: int = MOST) -> Found:
    """The open buildings of a jurisdiction, as they were registered."""
    after = paging.decode(cursor)
    inside: Any = building.c[Place.ANCESTOR[jurisdiction.area.kind]] == jurisdiction.area.place_id
    query = (
        sa.select(building.c.id, building.c.code, *PLACES)
        .select_from(building)
        .outerjoin(estate, estate.c.id == building.c.estate_id)
        .outerjoin(community, community.c.id == building.c.community_id)
        .outerjoin(street, street.c.id == building.c.street_id)
        .outerjoin(district, district.c.id == building.c.district_id)
        .where(building.c.kind == PlaceKind.BUILDING, building.c.closed_at.is_(None), inside)
    )
    if after is not None:
        query = query.where(building.c.id > after)
    rows = database.connection().execute(query.order_by(building.c.id).limit(most + 1)).all()
    page = paging.page(rows, most, _told, lambda row: int(row.id))
    return Found(list(page.items), page.next_cursor)


def _told(row: Any) -> dict[str, Any]:
    return {"address_id": row.building, "code": row.code, "address": address_of(row)}
