"""Taking points off, each time for a reason with its evidence; and taking it back."""

from datetime import datetime

import sqlalchemy as sa

from models import Deduction, new_public_id
from models.enums import PlaceKind
from server.core import access, audit, database, months
from server.core.access import Actor
from server.core.audit import Action
from server.core.errors import conflict, forbidden
from server.rules.calendar import Month, bounds
from server.rules.permissions import Permission
from server.scores import queries
from server.scores.queries import DeductionView

_deductions = Deduction.__table__


def enter_deduction(
    actor: Actor, building: str, month: Month, points: int, reason: str, evidence: str, now: datetime
) -> DeductionView:
    """Take `points` (thousandths) off a building's month. 403 for a building one heads, 409 when the month takes no more facts."""
    place = access.fetch_place(actor, Permission.DEDUCTION_WRITE, building, kinds=(PlaceKind.BUILDING,))
    _refuse_own_building(actor, place.id)
    if place.closed_at is not None and place.closed_at < bounds(month)[1]:
        raise conflict("building_closed", "这栋楼已经停用，不再计分。")
    months.require_changeable(place.community_id, month, now)
    public_id = new_public_id()
    database.connection().execute(
        sa.insert(Deduction).values(
            public_id=public_id,
            building_id=place.id,
            grid_id=place.grid_id,
            community_id=place.community_id,
            month=month,
            points=points,
            reason=reason,
            evidence=evidence,
            entered_by_id=actor.person_id,
            entered_at=now,
            cancel_reason="",
        )
    )
    _trace(Action.DEDUCTION_ENTER, actor, public_id, place.id, month, points, now)
    return queries.deduction(actor, public_id)


def cancel_deduction(actor: Actor, public_id: str, reason: str, now: datetime) -> DeductionView:
    """Take a deduction back. It stays readable.

    403 for a building one heads, 409 when it already is, or the month takes no more facts.
    """
    row = access.fetch(
        actor,
        Permission.DEDUCTION_WRITE,
        public_id,
        (
            _deductions.c.id,
            _deductions.c.building_id,
            _deductions.c.community_id,
            _deductions.c.month,
            _deductions.c.points,
            _deductions.c.cancelled_at,
        ),
        table=_deductions,
        see=Permission.DEDUCTION_WRITE,
        lock=True,
    )
    _refuse_own_building(actor, row.building_id)
    if row.cancelled_at is not None:
        raise conflict("already_cancelled", "这笔扣分已经撤销。")
    months.require_changeable(row.community_id, row.month, now)
    database.connection().execute(
        sa.update(Deduction)
        .where(Deduction.id == row.id)
        .values(cancelled_at=now, cancelled_by_id=actor.person_id, cancel_reason=reason)
    )
    _trace(Action.DEDUCTION_CANCEL, actor, public_id, row.building_id, row.month, row.points, now)
    return queries.deduction(actor, public_id)


def _refuse_own_building(actor: Actor, building_id: int) -> None:
    if actor.heads(building_id):
        raise forbidden("您是这栋楼的楼栋长，扣分要由同事来登记或撤销。")


def _trace(
    action: Action, actor: Actor, public_id: str, building_id: int, month: Month, points: int, now: datetime
) -> None:
    audit.record(
        action,
        now,
        actor=actor,
        role=actor.role_for(Permission.DEDUCTION_WRITE),
        subject=f"deduction:{public_id}",
        place_id=building_id,
        detail={"month": month, "points": points},
    )
