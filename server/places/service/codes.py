"""The codes on stairwell doors: made with the building, replaced when a poster is abused, never deleted."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import Place, StairwellCode, new_public_id
from models.enums import CodeEnd, PlaceKind, Role
from server.core import access, audit, database
from server.core.access import Actor
from server.core.audit import Action
from server.core.errors import conflict, invalid
from server.places.queries.codes import no_code
from server.places.service.code_images import have_drawn
from server.rules.permissions import Permission

CODE_LENGTH = 10  # 50 random bits: nobody finds a building's page by trying

_table = StairwellCode.__table__
_place = Place.__table__


def new_code() -> str:
    """A code that can be read over the phone and not be guessed."""
    return new_public_id()[:CODE_LENGTH]


def give_codes(building_ids: Iterable[int], now: datetime, by: Actor | None, role: Role | None = None) -> None:
    """Make a code for each of these buildings, which must have none. `role`: in which of its posts the actor does it."""
    rows = [
        {
            "public_id": new_public_id(),
            "code": new_code(),
            "building_id": building_id,
            "created_at": now,
            "created_by_id": by.person_id if by else None,
            "created_role": role,
        }
        for building_id in building_ids
    ]
    if rows:
        made = database.connection().execute(sa.insert(StairwellCode).returning(_table.c.id), rows)
        have_drawn(list(made.scalars()), now)


def rotate_code(actor: Actor, building: str, now: datetime, *, why: CodeEnd | None = None, note: str = "") -> None:
    """Revoke the building's code, if it has one, and make a new one.

    Raises 409 for a closed building, and 422 without a reason to darken a code that works.
    """
    place, role = _lock(actor, building), actor.role_for(Permission.CODE_ROTATE)
    if place.closed_at is not None:
        raise conflict("place_closed", "这栋楼已经停用，不再使用楼道码。")
    if why is CodeEnd.CLOSED:
        raise invalid("why", "换发新码的原因不能是楼栋停用。")
    if end_code(place.id, now, actor, role, why or CodeEnd.OTHER, note) and why is None:
        raise invalid("why", "请选择为什么要换码。")
    give_codes([place.id], now, actor, role)
    _record(Action.CODE_ROTATE, actor, role, building, place.id, why, now)


def revoke_code(actor: Actor, building: str, now: datetime, *, why: CodeEnd, note: str = "") -> None:
    """Revoke the building's code without a new one. Raises 404 when it has none."""
    place, role = _lock(actor, building), actor.role_for(Permission.CODE_ROTATE)
    if not end_code(place.id, now, actor, role, why, note):
        raise no_code()
    _record(Action.CODE_REVOKE, actor, role, building, place.id, why, now)


def _record(
    action: Action, actor: Actor, role: Role | None, building: str, place_id: int, why: CodeEnd | None, now: datetime
) -> None:
    detail = {"why": str(why)} if why else {}
    audit.record(action, now, actor=actor, role=role, subject=f"place:{building}", place_id=place_id, detail=detail)


def _lock(actor: Actor, building: str) -> Row[Any]:
    """The building, held until the end: two people who rotate at once do it one after the other."""
    return access.fetch(
        actor,
        Permission.CODE_ROTATE,
        building,
        (_place.c.id, _place.c.closed_at),
        table=_place,
        see=Permission.PLACE_READ,
        where=(_place.c.kind == PlaceKind.BUILDING,),
        lock=True,
    )


def end_code(building_id: int, now: datetime, by: Actor, role: Role | None, why: CodeEnd, note: str = "") -> bool:
    """Darken a building's code at once; False when it has none. The caller holds the building and asked who may."""
    done = database.connection().execute(
        sa.update(StairwellCode)
        .where(_table.c.building_id == building_id, _table.c.revoked_at.is_(None))
        .values(revoked_at=now, revoked_by_id=by.person_id, revoked_role=role, revoked_why=why, revoked_note=note)
    )
    return done.rowcount == 1
