"""Registering one place, renaming it, closing and opening it again."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import Place, new_public_id
from models.enums import CodeEnd, PlaceKind
from server.core import access, audit, database, etags
from server.core.access import Actor
from server.core.audit import Action
from server.core.errors import conflict, invalid
from server.places.service.codes import end_code, give_codes
from server.rules.permissions import Permission
from server.rules.place_tree import may_hang

_table = Place.__table__
ANCESTORS = tuple(column for column in Place.ANCESTOR.values() if column != "id")


def create(actor: Actor, parent: str, kind: PlaceKind, code: str, name: str, now: datetime) -> str:
    """Register a place under a parent in the actor's places. Returns its public id.

    Raises 409 for a closed parent, a code that is taken anywhere, and a name that is taken under the parent.
    """
    above = access.fetch_place(actor, Permission.PLACE_WRITE, parent)
    decision = may_hang(kind, above.kind)
    if not decision:
        raise invalid("kind", decision.reason)
    if above.closed_at is not None:
        raise conflict("place_closed", "上级已经停用，不能在它下面登记。")
    connection = database.connection()
    if connection.execute(sa.select(_table.c.id).where(_table.c.code == code)).scalar() is not None:
        raise conflict("code_taken", "这个编码已经用过了，请换一个。")
    _refuse_taken_name(above.id, name)
    public_id = new_public_id()
    values = {
        "public_id": public_id,
        "parent_id": above.id,
        "kind": kind,
        "code": code,
        "name": name,
        "created_at": now,
        **{column: above._mapping[column] for column in ANCESTORS},
    }
    place_id: int = connection.execute(sa.insert(Place).values(values).returning(_table.c.id)).scalar_one()
    if kind is PlaceKind.BUILDING:
        give_codes([place_id], now, actor, actor.role_for(Permission.PLACE_WRITE))
    else:
        own = Place.ANCESTOR[kind]
        connection.execute(sa.update(Place).where(_table.c.id == place_id).values({own: place_id}))
    _note(actor, public_id, place_id, "create", now)
    return public_id


def change(
    actor: Actor, place: str, version: int, now: datetime, *, name: str | None = None, closed: bool | None = None
) -> None:
    """Rename a place, close it (torn down, merged) or open it again. None leaves a thing as it is.

    Raises 412 when it is no longer at `version`, 409 for a taken name, for closing a place with open places inside
    and for opening one inside a closed place.
    """
    row = access.fetch(
        actor,
        Permission.PLACE_WRITE,
        place,
        (_table.c.id, _table.c.parent_id, _table.c.kind, _table.c.name, _table.c.closed_at, _table.c.version),
        table=_table,
        see=Permission.PLACE_READ,
        lock=True,
    )
    etags.require_version(row.version, version)
    values: dict[str, Any] = {}
    if name is not None and name != row.name:
        _refuse_taken_name(row.parent_id, name)
        values["name"] = name
        _note(actor, place, row.id, "rename", now)
    if closed is not None and closed != (row.closed_at is not None):
        _refuse_closing(row) if closed else _refuse_opening(row)
        values["closed_at"] = now if closed else None
        if row.kind is PlaceKind.BUILDING:
            _end_or_give_code(actor, row.id, closed, now)
        _note(actor, place, row.id, "close" if closed else "open", now)
    if values:
        database.connection().execute(
            sa.update(Place).where(_table.c.id == row.id).values(**values, version=row.version + 1)
        )


def _end_or_give_code(actor: Actor, building_id: int, closed: bool, now: datetime) -> None:
    """A closed building's posters go dark; one in use has a code, and it is not the one that may still hang somewhere."""
    role = actor.role_for(Permission.PLACE_WRITE)
    end_code(building_id, now, actor, role, CodeEnd.CLOSED)
    if not closed:
        give_codes([building_id], now, actor, role)


def _refuse_taken_name(parent_id: int | None, name: str) -> None:
    same = sa.select(_table.c.id).where(_table.c.parent_id == parent_id, _table.c.name == name)
    if database.connection().execute(same).scalar() is not None:
        raise conflict("name_taken", "同一上级之下已经有这个名称。")


def _refuse_closing(row: Row[Any]) -> None:
    open_child = sa.select(_table.c.id).where(_table.c.parent_id == row.id, _table.c.closed_at.is_(None)).limit(1)
    if database.connection().execute(open_child).scalar() is not None:
        raise conflict("has_open_places", "里面还有在用的地点，请先停用它们。")


def _refuse_opening(row: Row[Any]) -> None:
    parent = sa.select(_table.c.closed_at).where(_table.c.id == row.parent_id)
    if database.connection().execute(parent).scalar() is not None:
        raise conflict("place_closed", "上级已经停用，请先恢复上级。")


def _note(actor: Actor, public_id: str, place_id: int, what: str, now: datetime) -> None:
    audit.record(
        Action.PLACE_CHANGE, now, actor=actor, subject=f"place:{public_id}", place_id=place_id, detail={"what": what}
    )
