"""What a stranger may know of an issue, and what the system that filed it may: the two conditions every answer is made of."""

from typing import Any

import sqlalchemy as sa

from models import Issue, IssueEvent, Place
from models.enums import Channel, IssueState
from server.core import access
from server.open311.queries.keys import Jurisdiction
from server.rules import publicity

issues, events = Issue.__table__, IssueEvent.__table__
building = Place.__table__.alias("building")
estate = Place.__table__.alias("estate")
community = Place.__table__.alias("community")
street = Place.__table__.alias("street")
district = Place.__table__.alias("district")

# As at the stairwell door: never what is about the head, never private matters. What its reporter took back is theirs
# again, and an imported ledger was never checked by anybody.
PUBLIC = sa.and_(
    sa.not_(issues.c.about_head),
    issues.c.category.in_(publicity.LISTED),
    issues.c.state != IssueState.WITHDRAWN,
    issues.c.channel != Channel.LEDGER,
)


def own(jurisdiction: Jurisdiction) -> sa.ColumnElement[bool]:
    """What this key's system filed itself; nothing without a key."""
    return issues.c.source == jurisdiction.source if jurisdiction.source else sa.false()


def visible(jurisdiction: Jurisdiction) -> sa.ColumnElement[bool]:
    """Issues of the jurisdiction's place that may be told of at all."""
    inside = access.within_posts((jurisdiction.area,), issues, None)
    return sa.and_(inside, sa.or_(PUBLIC, own(jurisdiction)) if jurisdiction.source else PUBLIC)


def with_places(query: sa.Select[Any]) -> sa.Select[Any]:
    """The same with the building of each issue and what lies above it, for addresses and for who is responsible."""
    return (
        query.join(building, building.c.id == issues.c.building_id)
        .outerjoin(estate, estate.c.id == building.c.estate_id)
        .outerjoin(community, community.c.id == building.c.community_id)
        .outerjoin(street, street.c.id == building.c.street_id)
        .outerjoin(district, district.c.id == building.c.district_id)
    )


PLACES = (
    building.c.public_id.label("building"),
    building.c.name.label("building_name"),
    estate.c.name.label("estate_name"),
    community.c.name.label("community_name"),
    street.c.name.label("street_name"),
    district.c.name.label("district_name"),
)


def address_of(row: Any) -> str:
    """From the most specific to the most general, as GeoReport asks: 3栋，阳光小区，幸福社区，临江街道，江南区.

    An estate that the building's own name begins with is not said twice: 桂花苑1栋.
    """
    estate_name = None if row.estate_name and row.building_name.startswith(row.estate_name) else row.estate_name
    names = (row.building_name, estate_name, row.community_name, row.street_name, row.district_name)
    return "，".join(filter(None, names))
