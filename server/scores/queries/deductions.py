"""Points taken off, with their reasons."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models import Deduction, Place
from server.core import access, database, paging
from server.core.access import Actor
from server.core.errors import not_found
from server.core.paging import Page
from server.rules.amounts import show_points
from server.rules.calendar import Month
from server.rules.permissions import Permission


@dataclass(frozen=True, slots=True)
class DeductionView:
    """A deduction and, if it was taken back, why."""

    id: str
    building: str
    building_name: str
    month: Month
    points: int
    points_shown: str
    reason: str
    evidence: str
    entered_at: datetime
    cancelled_at: datetime | None
    cancel_reason: str


_deductions, _places = Deduction.__table__, Place.__table__
_DEDUCTIONS = sa.select(
    _deductions.c.id,
    _deductions.c.public_id,
    _places.c.public_id.label("building"),
    _places.c.name.label("building_name"),
    _deductions.c.month,
    _deductions.c.points,
    _deductions.c.reason,
    _deductions.c.evidence,
    _deductions.c.entered_at,
    _deductions.c.cancelled_at,
    _deductions.c.cancel_reason,
).join_from(_deductions, _places, _places.c.id == _deductions.c.building_id)


def deductions(actor: Actor, month: Month, building: str | None, cursor: str | None, limit: int) -> Page[DeductionView]:
    """A month's deductions in the actor's scope, newest first, those taken back included."""
    query = _DEDUCTIONS.where(
        _deductions.c.month == month, access.within(actor, Permission.DEDUCTION_WRITE, _deductions)
    )
    if building is not None:
        place = access.fetch_place(actor, Permission.DEDUCTION_WRITE, building)
        query = query.where(_deductions.c.building_id == place.id)
    before = paging.decode(cursor)
    if before is not None:
        query = query.where(_deductions.c.id < before)
    rows = database.connection().execute(query.order_by(_deductions.c.id.desc()).limit(limit + 1)).all()
    return paging.page(rows, limit, _view, lambda row: int(row.id))


def deduction(actor: Actor, public_id: str) -> DeductionView:
    """One deduction. 404 out of scope."""
    query = _DEDUCTIONS.where(
        _deductions.c.public_id == public_id, access.within(actor, Permission.DEDUCTION_WRITE, _deductions)
    )
    row = database.connection().execute(query).one_or_none()
    if row is None:
        raise not_found()
    return _view(row)


def _view(row: Any) -> DeductionView:
    return DeductionView(
        row.public_id,
        row.building,
        row.building_name,
        row.month,
        row.points,
        show_points(row.points),
        row.reason,
        row.evidence,
        row.entered_at,
        row.cancelled_at,
        row.cancel_reason,
    )
