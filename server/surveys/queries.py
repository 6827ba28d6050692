"""The star book: what the office saw in each building."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models import Inspection, Place
from server.core import access, database, paging
from server.core.access import Actor
from server.core.errors import Problem, not_found
from server.core.months import buildings_of
from server.core.paging import Page
from server.photos import queries as photos
from server.photos.queries import PhotoView
from server.rules.calendar import Month
from server.rules.permissions import Permission


@dataclass(frozen=True, slots=True)
class InspectionView:
    """One building's inspection of a month. Everything from `stairwell` on is None while it is still missing."""

    building: str
    building_name: str
    month: Month
    done: bool
    stairwell: int | None = None
    safety: int | None = None
    care: int | None = None
    neighbours: int | None = None
    note: str | None = None
    inspected_at: datetime | None = None
    version: int | None = None
    photos: tuple[PhotoView, ...] = ()


_places, _inspections = Place.__table__, Inspection.__table__
_COLUMNS = (
    _places.c.id.label("place_id"),
    _places.c.public_id,
    _places.c.name,
    _inspections.c.id.label("inspection_id"),
    _inspections.c.stairwell,
    _inspections.c.safety,
    _inspections.c.care,
    _inspections.c.neighbours,
    _inspections.c.note,
    _inspections.c.inspected_at,
    _inspections.c.version,
)


def _buildings(actor: Actor, month: Month) -> sa.Select[Any]:
    """Every building of the actor's scope beside its inspection of the month, if there is one."""
    of_month = sa.and_(_inspections.c.building_id == _places.c.id, _inspections.c.month == month)
    return (
        sa.select(*_COLUMNS)
        .select_from(_places.outerjoin(_inspections, of_month))
        .where(access.within(actor, Permission.INSPECTION_READ, _places), buildings_of(month))
    )


def inspections(
    actor: Actor, month: Month, community: str | None, missing: bool | None, cursor: str | None, limit: int
) -> Page[InspectionView]:
    """One row for each building of the scope, those still to be inspected included. 404 for a community out of scope.

    `missing` keeps only those still to be inspected (True) or already inspected (False).
    """
    query = _buildings(actor, month)
    if community is not None:
        place = access.fetch_place(actor, Permission.INSPECTION_READ, community)
        query = query.where(_places.c[Place.ANCESTOR[place.kind]] == place.id)
    if missing is not None:
        query = query.where(_inspections.c.id.is_(None) if missing else _inspections.c.id.is_not(None))
    after = paging.decode(cursor)
    if after is not None:
        query = query.where(_places.c.id > after)
    rows = database.connection().execute(query.order_by(_places.c.id).limit(limit + 1)).all()
    return paging.page(rows, limit, lambda row: _view(row, month), lambda row: int(row.place_id))


def inspection(actor: Actor, month: Month, building: str) -> InspectionView:
    """One building's inspection with its photos. 404 out of scope, and (`not_inspected`) when there is none yet."""
    row = database.connection().execute(_buildings(actor, month).where(_places.c.public_id == building)).one_or_none()
    if row is None:
        raise not_found()
    if row.inspection_id is None:
        raise Problem(404, "not_inspected", "这栋楼这个月还没有登记检查。")
    return _view(row, month, tuple(photos.photos_of_inspection(row.inspection_id)))


def _view(row: Any, month: Month, pictures: tuple[PhotoView, ...] = ()) -> InspectionView:
    return InspectionView(
        row.public_id,
        row.name,
        month,
        row.inspection_id is not None,
        row.stairwell,
        row.safety,
        row.care,
        row.neighbours,
        row.note,
        row.inspected_at,
        row.version,
        pictures,
    )
