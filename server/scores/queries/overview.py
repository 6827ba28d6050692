"""How far the months have come, for the command line: counts, never anybody's score."""

from dataclasses import dataclass

import sqlalchemy as sa

from models import CommunityMonth, Place
from models.enums import MonthState, PlaceKind
from server.core import database
from server.core.months import buildings_of
from server.rules.calendar import Month

_months, _places = CommunityMonth.__table__, Place.__table__


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many communities' months of one month are in one state."""

    month: Month
    state: MonthState
    communities: int


def state_counts(month: Month | None = None) -> list[StateCount]:
    """Counts by month and state, newest month first; of one month if asked."""
    query = sa.select(_months.c.month, _months.c.state, sa.func.count()).group_by(_months.c.month, _months.c.state)
    if month is not None:
        query = query.where(_months.c.month == month)
    rows = database.connection().execute(query.order_by(_months.c.month.desc(), _months.c.state)).all()
    return [StateCount(*row) for row in rows]


def not_closed(month: Month) -> int:
    """How many communities with buildings have nothing for the month yet."""
    homes = _places.alias("homes")
    closed = sa.exists().where(_months.c.community_id == homes.c.id, _months.c.month == month)
    inside = sa.select(_places.c.community_id).where(buildings_of(month))
    query = sa.select(sa.func.count()).where(homes.c.kind == PlaceKind.COMMUNITY, homes.c.id.in_(inside), ~closed)
    return int(database.connection().execute(query).scalar_one())
