"""What buildings are called so that two 3栋 are told apart: community, estate and name."""

from collections.abc import Iterable

import sqlalchemy as sa

from models import Place
from server.core import database

_building = Place.__table__
_estate, _community = _building.alias("estate"), _building.alias("community")
_LABELS = (
    sa.select(_building.c.public_id, _building.c.name, _estate.c.name.label("estate"), _community.c.name.label("home"))
    .outerjoin_from(_building, _estate, _estate.c.id == _building.c.estate_id)
    .outerjoin(_community, _community.c.id == _building.c.community_id)
)


def building_label(name: str, estate: str | None, community: str | None = None) -> str:
    """幸福社区 阳光小区 3栋. An estate that the building's own name begins with is not said twice: 桂花苑1栋."""
    if estate and name.startswith(estate):
        estate = None
    return " ".join(filter(None, (community, estate, name)))


def full_names(public_ids: Iterable[str], *, with_community: bool = True) -> dict[str, str]:
    """幸福社区 阳光小区 3栋, by public id. Asks nobody: only for buildings the actor has already been shown."""
    found: dict[str, str] = {}
    for chunk in database.in_chunks(set(public_ids)):
        for row in database.connection().execute(_LABELS.where(_building.c.public_id.in_(chunk))):
            home = row.home if with_community else None
            found[row.public_id] = building_label(row.name, row.estate, home)
    return found
