"""The codes on stairwell doors: made with the building, replaced when a poster was torn down, never deleted."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import Place, StairwellCode, new_public_id
from models.enums import PlaceKind
from server.core import access, audit, database
from server.core.access import Actor
from server.core.audit import Action
from server.core.errors import Problem, conflict
from server.rules.permissions import Permission

CODE_LENGTH = 10  # 50 random bits: nobody finds a building's page by trying

_table = StairwellCode.__table__
_place = Place.__table__


def new_code() -> str:
    """A code that can be read over the phone and not be guessed."""
    return new_public_id()[:CODE_LENGTH]


def give_codes(building_ids: Iterable[int], now: datetime, by: Actor | None) -> None:
    """Make the first code of new buildings."""
    rows = [
        {
            "public_id": new_public_id(),
            "code": new_code(),
            "building_id": building_id,
            "created_at": now,
            "created_by_id": by.person_id if by else None,
        }
        for building_id in building_ids
    ]
    if rows:
        database.connection().execute(sa.insert(StairwellCode), rows)


def rotate_code(actor: Actor, building: str, now: datetime) -> None:
    """Revoke the building's code, if it has one, and make a new one. Raises 409 for a closed building."""
    place = _lock(actor, building)
    if place.closed_at is not None:
        raise conflict("place_closed", "这栋楼已经停用，不再使用楼道码。")
    _revoke_live(actor, place, now)
    give_codes([place.id], now, actor)
    audit.record(Action.CODE_ROTATE, now, actor=actor, subject=f"place:{building}", place_id=place.id)


def revoke_code(actor: Actor, building: str, now: datetime) -> None:
    """Revoke the building's code without a new one. Raises 404 when it has none."""
    place = _lock(actor, building)
    if not _revoke_live(actor, place, now):
        raise no_code()
    audit.record(Action.CODE_REVOKE, now, actor=actor, subject=f"place:{building}", place_id=place.id)


def no_code() -> Problem:
    """The answer for a building whose code was revoked and not replaced."""
    return Problem(404, "no_code", "这栋楼现在没有在用的楼道码，可以由社区换发一个。")


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


def _revoke_live(actor: Actor, place: Row[Any], now: datetime) -> bool:
    done = database.connection().execute(
        sa.update(StairwellCode)
        .where(_table.c.building_id == place.id, _table.c.revoked_at.is_(None))
        .values(revoked_at=now, revoked_by_id=actor.person_id)
    )
    return done.rowcount == 1
