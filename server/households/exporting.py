"""The register of a place as an Excel file: masked, and noted in the audit trail."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from models import Household, Place, Resident
from models.enums import PlaceKind
from server.core import access, audit, crypto, database
from server.core.access import Actor
from server.core.audit import Action
from server.core.crypto import Keyring
from server.core.sheets import Sheet, Value, write_xlsx
from server.households import personal
from server.rules.permissions import Permission

KINDS = (PlaceKind.COMMUNITY, PlaceKind.GRID, PlaceKind.ESTATE, PlaceKind.BUILDING)
HEADINGS = ("楼栋编号", "楼栋", "单元", "房号", "居住情况", "姓名", "电话", "关系", "联系人")

_households, _residents, _places = Household.__table__, Resident.__table__, Place.__table__
_ROWS = (
    sa.select(
        _places.c.code,
        _places.c.name,
        _households.c.id,
        _households.c.unit,
        _households.c.door,
        _households.c.tenancy,
        _residents.c.id.label("resident_id"),
        _residents.c.name_sealed,
        _residents.c.phone_sealed,
        _residents.c.relation,
        _residents.c.is_contact,
    )
    .select_from(_households)
    .join(_places, _places.c.id == _households.c.building_id)
    .outerjoin(_residents, sa.and_(_residents.c.household_id == _households.c.id, _residents.c.moved_out_at.is_(None)))
    .order_by(
        _households.c.building_id,
        _households.c.position,
        _households.c.id,
        _residents.c.is_contact.desc(),
        _residents.c.id,
    )
)


def workbook(actor: Actor, place: str, now: datetime) -> bytes:
    """The households of a place with who lives there, masked. Raises 404 outside the actor's places.

    To be called before the request's first write: the transaction is let go while the file is made, which takes seconds
    for a large community, and SQLite has one write lock.
    """
    found = access.fetch_place(actor, Permission.HOUSEHOLD_EXPORT, place, kinds=KINDS)
    rows = database.connection().execute(_ROWS.where(_inside(found.kind, found.id))).all()
    database.rollback()
    data = write_xlsx([Sheet("住户名册", HEADINGS, _lines(rows, crypto.keyring()))])
    audit.record(
        Action.HOUSEHOLD_EXPORT,
        now,
        actor=actor,
        role=actor.role_for(Permission.HOUSEHOLD_EXPORT),
        subject=f"place:{place}",
        place_id=found.id,
        detail={
            "households": len({row.id for row in rows}),
            "residents": sum(row.resident_id is not None for row in rows),
        },
    )
    return data


def _inside(kind: PlaceKind, place_id: int) -> ColumnElement[bool]:
    return _places.c[Place.ANCESTOR[kind]] == place_id


def _lines(rows: Sequence[Any], ring: Keyring) -> Iterator[tuple[Value | None, ...]]:
    for row in rows:
        door = (row.code, row.name, row.unit, row.door, row.tenancy.zh)
        if row.resident_id is None:
            yield (*door, None, None, None, None)
        else:
            name = personal.masked_name(ring, row.name_sealed)
            phone = personal.masked_phone(ring, row.phone_sealed)
            yield (*door, name, phone, row.relation.zh, "是" if row.is_contact else None)
