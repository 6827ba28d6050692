"""Months for the command line: how far they have come, and what was sealed."""

from dataclasses import dataclass

import sqlalchemy as sa

from models import CommunityMonth, Place
from models.enums import FIXED_MONTHS, MonthState, PlaceKind
from server.core import database
from server.core.months import buildings_of
from server.rules.calendar import Month
from server.scores import manifest
from server.scores.queries.months import in_force, of_version

_months, _places = CommunityMonth.__table__, Place.__table__


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many communities' months of one month are in one state, by the version in force.

    `corrections`: in how many of them a correction is on its way.
    """

    month: Month
    state: MonthState
    communities: int
    corrections: int


def state_counts(month: Month | None = None) -> list[StateCount]:
    """Counts by month and state, newest month first; of one month if asked."""
    newer = _months.alias("newer")
    correcting = (
        sa.exists()
        .where(
            newer.c.community_id == _months.c.community_id,
            newer.c.month == _months.c.month,
            newer.c.version > _months.c.version,
        )
        .correlate(_months)
    )
    query = (
        sa.select(_months.c.month, _months.c.state, sa.func.count(), sa.func.sum(sa.case((correcting, 1), else_=0)))
        .where(in_force(_months))
        .group_by(_months.c.month, _months.c.state)
    )
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


def manifest_at_terminal(month: Month, community_code: str, version: int | None = None) -> str | None:
    """The text a sealed month's hash was taken over, of one version or the one in force. None when that is not sealed."""
    query = (
        sa.select(_months.c.id)
        .join_from(_months, _places, _places.c.id == _months.c.community_id)
        .where(_months.c.month == month, _places.c.code == community_code, _months.c.state.in_(FIXED_MONTHS))
    )
    month_id = database.connection().execute(of_version(query, version)).scalar()
    return None if month_id is None else manifest.text_of(month_id)
