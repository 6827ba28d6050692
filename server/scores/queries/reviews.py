"""调整评议: the buildings for which the rule asks for a review with a support plan. It prepares; people decide."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models import Appointment, CommunityMonth, Person, Place, Standing
from models.enums import FIXED_MONTHS, Role
from server.core import database
from server.core.access import Actor
from server.rules.appointment_review import MONTHS_IN_LAST_PLACE, PastStanding, needs_review
from server.rules.calendar import Month, bounds
from server.rules.explain import best_hint
from server.rules.permissions import Permission
from server.scores.queries.months import community as community_of
from server.scores.queries.months import in_force
from server.scores.queries.scores import lines_of_month


@dataclass(frozen=True, slots=True)
class ReviewView:
    """A building whose review is due. `first_step`: of the support plan, what would help most; may be empty."""

    building_id: int
    building: str
    building_name: str
    reason: str
    first_step: str


_months, _standings, _places = CommunityMonth.__table__, Standing.__table__, Place.__table__
_heads, _persons = Appointment.__table__, Person.__table__
_sealed = sa.and_(
    _months.c.community_id == sa.bindparam("community_id"),
    _months.c.month <= sa.bindparam("month"),
    _months.c.state.in_(FIXED_MONTHS),
    in_force(_months),
)
_LATEST = (
    sa.select(_months.c.id, _months.c.month).where(_sealed).order_by(_months.c.month.desc()).limit(MONTHS_IN_LAST_PLACE)
)
_now = sa.bindparam("now", type_=_heads.c.starts_at.type)
_live = _heads.alias("live")


def latest_month(community_id: int) -> Month | None:
    """The newest month a community has sealed."""
    query = sa.select(sa.func.max(_months.c.month)).where(
        _months.c.community_id == community_id, _months.c.state.in_(FIXED_MONTHS)
    )
    return database.connection().execute(query).scalar()


def due(community_id: int, month: Month, now: datetime) -> list[ReviewView]:
    """The reviews the rule asks for by the latest months sealed up to `month`, in the order of buildings.

    Only months in force count, and of a head only those that began in her term: whoever lives with a building longest
    is asked about. A building without a head has nobody to review.
    """
    conn = database.connection()
    sealed = conn.execute(_LATEST, {"community_id": community_id, "month": month}).all()
    if len(sealed) < MONTHS_IN_LAST_PLACE or sealed[0].month != month:
        return []
    history = _histories({row.id: row.month for row in sealed})
    since = _terms([building for building, months in history.items() if months[-1].last], now)
    lines = lines_of_month(sealed[0].id) if since else {}
    found = []
    for building, (public_id, name, start) in since.items():
        hers = [standing for standing in history[building] if bounds(standing.month)[0] >= start]
        if review := needs_review(hers):
            found.append(ReviewView(building, public_id, name, review.reason, best_hint(lines[building])))
    return found


def _histories(months: dict[int, Month]) -> dict[int, list[PastStanding]]:
    """Every building's places in some sealed months (their ids), oldest first."""
    query = sa.select(_standings.c.community_month_id, _standings.c.building_id, _standings.c.rank)
    ranks: dict[int, dict[int, int | None]] = defaultdict(dict)
    for month_id, building, rank in database.connection().execute(
        query.where(_standings.c.community_month_id.in_(months))
    ):
        ranks[month_id][building] = rank
    found: dict[int, list[PastStanding]] = defaultdict(list)
    for month_id in sorted(months, key=lambda each: months[each]):
        ranked = [rank for rank in ranks[month_id].values() if rank is not None]
        for building, rank in ranks[month_id].items():
            found[building].append(PastStanding(months[month_id], True, rank, max(ranked, default=0), len(ranked)))
    return found


def _terms(buildings: list[int], now: datetime) -> dict[int, Any]:
    """Those of the buildings that have a head: public id, name and since when she (of several the first) is one."""
    query = (
        sa.select(_places.c.id, _places.c.public_id, _places.c.name, sa.func.min(_heads.c.starts_at).label("since"))
        .join_from(_places, _heads, sa.and_(_heads.c.place_id == _places.c.id, _heads.c.role == Role.HEAD))
        .join(
            _live,
            sa.and_(
                _live.c.place_id == _places.c.id, _live.c.role == Role.HEAD, _live.c.person_id == _heads.c.person_id
            ),
        )
        .join(_persons, _persons.c.id == _live.c.person_id)
        .where(
            _places.c.id.in_(buildings),
            _live.c.starts_at <= _now,
            sa.or_(_live.c.ends_at.is_(None), _live.c.ends_at > _now),
            _persons.c.disabled_at.is_(None),
        )
        .group_by(_places.c.id, _places.c.public_id, _places.c.name)
        .order_by(_places.c.id)
    )
    return {row[0]: row[1:] for row in database.connection().execute(query, {"now": now})} if buildings else {}


def reviews(actor: Actor, month: Month, community: str, now: datetime) -> list[ReviewView]:
    """The reviews a month asks for, for the staff who decide; nobody is shown her own. 404 out of scope, 403 for heads."""
    place = community_of(actor, Permission.REVIEW_READ, community)
    return [each for each in due(place.id, month, now) if not actor.heads(each.building_id)]
