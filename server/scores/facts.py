"""What a month is scored by: every building's counts, gathered by a handful of GROUP BY statements.

Each statement walks one index of the month and nothing else, so a month costs the same after ten years as after one
(`tests/server/scores/test_plans.py` asks the databases for their plans). Plain tuples, no ORM.
"""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from models import Deduction, DutyRecord, Inspection, Issue, IssueEvent, Place, ReturnVisit
from models.enums import DutyState, Level, PlaceKind, Satisfaction, StarAspect
from models.issue import REOPENED
from models.survey import STARS
from server.core import database
from server.core.months import buildings_of
from server.rules.calendar import Month, bounds
from server.rules.levels import superior
from server.rules.lifecycle import counts_for_building
from server.rules.scoring import BuildingFacts

Facts = dict[int, list[BuildingFacts]]

# A reopened issue is in the hands of the superior of whoever had said it was done.
_REWORK_LEVELS = {
    superior(level, has_grid=grid) for level in Level if counts_for_building(level) for grid in (True, False)
}

_places, _visits, _events, _issues = Place.__table__, ReturnVisit.__table__, IssueEvent.__table__, Issue.__table__
_inspections, _duties, _deductions = Inspection.__table__, DutyRecord.__table__, Deduction.__table__
_month = sa.bindparam("month", type_=sa.Integer)


def _times(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.count().filter(condition)


# Columns in the order of BuildingFacts.
VISITS = (
    sa.select(
        _visits.c.building_id,
        _times(_visits.c.contacted),
        sa.func.count(_visits.c.contacted),
        _times(_visits.c.solved),
        sa.func.count(_visits.c.solved),
        _times(_visits.c.satisfaction == sa.literal_column(f"'{Satisfaction.SATISFIED}'")),
        _times(_visits.c.satisfaction == sa.literal_column(f"'{Satisfaction.FAIRLY}'")),
        sa.func.count(_visits.c.satisfaction),
    )
    .where(_visits.c.month == _month, _visits.c.counts)
    .group_by(_visits.c.building_id)
)

INSPECTIONS = sa.select(
    _inspections.c.building_id,
    _inspections.c.stairwell + _inspections.c.safety + _inspections.c.care + _inspections.c.neighbours,
).where(_inspections.c.month == _month)

DUTIES = (
    sa.select(_duties.c.building_id, sa.func.count())
    .where(_duties.c.month == _month, _duties.c.state == DutyState.ACCEPTED)
    .group_by(_duties.c.building_id)
)

DEDUCTIONS = (
    sa.select(_deductions.c.building_id, sa.func.sum(_deductions.c.points))
    .where(_deductions.c.month == _month, _deductions.c.cancelled_at.is_(None))
    .group_by(_deductions.c.building_id)
)

# Each issue is looked up by its key, whatever the planner thinks: a join might begin with all issues there ever were.
_home = (
    sa.select(_issues.c.building_id).where(_issues.c.id == _events.c.issue_id).correlate(_events).scalar_subquery()
).label("building_id")
REWORK = (
    sa.select(_home, sa.func.count())
    .where(
        sa.text(REOPENED),
        _events.c.at >= sa.bindparam("start", type_=_events.c.at.type),
        _events.c.at < sa.bindparam("end", type_=_events.c.at.type),
        _events.c.level.in_(_REWORK_LEVELS),
    )
    .group_by(sa.literal_column("building_id"))
)

_NO_BALLOTS = (0,) * 4  # the residents' ballot comes with a later issue: until then it is "数据不足"
_NOT_INSPECTED = (0,) * 3
_NO_VISITS = (0,) * 7
_NONE = (0,)
_ALL_STARS = len(StarAspect) * STARS


def gather(month: Month, communities: Collection[int] | None = None) -> Facts:
    """Every building's facts of a month, by community: all of them, or only the communities named.

    Buildings without any facts are there too: their data are thin. Communities without buildings are not.
    """
    start, end = bounds(month)
    wanted = {"month": month, "start": start, "end": end}
    conn = database.connection()

    def by_building(statement: sa.Select[Any], building: sa.ColumnElement[Any] | None) -> dict[int, tuple[Any, ...]]:
        if communities is not None and building is not None:
            statement = statement.where(building.in_(inside(communities)))
        return {row[0]: row[1:] for row in conn.execute(statement, wanted).all()}

    visits = by_building(VISITS, _visits.c.building_id)
    stars = by_building(INSPECTIONS, _inspections.c.building_id)
    rework = by_building(REWORK, None)  # never narrowed: a month's rework is little
    duties = by_building(DUTIES, _duties.c.building_id)
    deductions = by_building(DEDUCTIONS, _deductions.c.building_id)

    buildings = sa.select(_places.c.community_id, _places.c.id).where(buildings_of(month))
    if communities is not None:
        buildings = buildings.where(_places.c.community_id.in_(list(communities)))
    homes = conn.execute(buildings.order_by(_places.c.community_id, _places.c.id)).all()
    use_duties = {community for community, building in homes if building in duties}
    facts: Facts = {}
    for community, building in homes:
        facts.setdefault(community, []).append(
            BuildingFacts._make(
                (
                    building,
                    *_NO_BALLOTS,
                    *((seen[0], _ALL_STARS, 1) if (seen := stars.get(building)) else _NOT_INSPECTED),
                    *visits.get(building, _NO_VISITS),
                    *rework.get(building, _NONE),
                    *duties.get(building, _NONE),
                    community in use_duties,
                    *deductions.get(building, _NONE),
                )
            )
        )
    return facts


def inside(communities: Collection[int]) -> sa.Select[Any]:
    """The ids of all buildings of some communities."""
    return sa.select(_places.c.id).where(
        _places.c.community_id.in_(list(communities)), _places.c.kind == PlaceKind.BUILDING
    )
