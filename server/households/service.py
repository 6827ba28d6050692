"""Writing households: registering, correcting, moving out, opening one field with a reason.

Every change locks the household, counts its version up, and leaves a line in the audit trail without names in it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import Household, Resident, new_public_id
from models.enums import PlaceKind, Tenancy
from server.core import access, audit, crypto, database
from server.core.access import Actor
from server.core.audit import Action
from server.core.crypto import CannotOpen
from server.core.errors import Problem, conflict, invalid, not_found
from server.core.etags import require_version
from server.core.masking import Kind
from server.households import doors, personal
from server.households.exporting import workbook
from server.households.importing import ImportReport, import_table
from server.households.rows import NewResident, new_household, new_resident
from server.rules.permissions import Permission

__all__ = [
    "ImportReport",
    "NewResident",
    "add_resident",
    "correct",
    "correct_resident",
    "import_table",
    "move_out",
    "move_out_all",
    "register",
    "reveal",
    "workbook",
]

RESIDENTS_MOST = 30  # registered in one call

_households, _residents = Household.__table__, Resident.__table__
_PRESENT = _residents.c.moved_out_at.is_(None)
_SEALED = {
    Kind.NAME: (_residents.c.name_sealed, personal.NAME_SEALED),
    Kind.PHONE: (_residents.c.phone_sealed, personal.PHONE_SEALED),
}


def register(
    actor: Actor,
    building: str,
    unit: str,
    door: str,
    tenancy: Tenancy,
    residents: Sequence[NewResident],
    now: datetime,
) -> str:
    """Register a door of a building and who lives there. Returns its public id. Raises 404, 409 for a known door."""
    place = access.fetch_place(actor, Permission.HOUSEHOLD_WRITE, building, kinds=(PlaceKind.BUILDING,))
    if place.closed_at is not None:
        raise conflict("building_closed", "这栋楼已经停用，不能再登记住户。")
    if tenancy is Tenancy.VACANT and residents:
        raise invalid("tenancy", "空置的房子里不能登记住户，请改一下居住情况。")
    if sum(resident.is_contact for resident in residents) > 1:
        raise invalid("residents", "一户只能有一位联系人。")
    if len({personal.name_index(resident.name) for resident in residents}) < len(residents):
        raise invalid("residents", "同一户里有两位住户姓名相同，请核对。")
    _refuse_known_door(place.id, unit, door)
    where = {"building_id": place.id, "grid_id": place.grid_id, "community_id": place.community_id}
    public_id = new_public_id()
    household_id = (
        database.connection()
        .execute(
            sa.insert(Household).returning(Household.id), new_household(public_id, where, unit, door, tenancy, now)
        )
        .scalar_one()
    )
    if residents:
        rows = [new_resident(resident, household_id, where, now) for resident in residents]
        database.connection().execute(sa.insert(Resident), rows)
    _note(actor, now, public_id, place.id, what="registered", residents=len(residents))
    return public_id


def correct(actor: Actor, household: str, expected_version: int, changes: Mapping[str, Any], now: datetime) -> None:
    """Correct unit, door or tenancy. Raises 404, 409 for a door that is registered, 412 when it changed in between."""
    row = _lock(actor, household)
    require_version(row.version, expected_version)
    values = dict(changes)
    unit, door = values.get("unit", row.unit), values.get("door", row.door)
    if (unit, door) != (row.unit, row.door):
        _refuse_known_door(row.building_id, unit, door)
        values["position"] = doors.position(unit, door)
    if values.get("tenancy") is Tenancy.VACANT and _count_present(row.id):
        raise conflict("people_live_there", "这一户还有人登记着，请先办理迁出，再改为空置。")
    _touch(row.id, now, **values)
    _note(actor, now, household, row.building_id, what="corrected", fields=sorted(changes))


def add_resident(actor: Actor, household: str, resident: NewResident, now: datetime) -> str:
    """Register one more resident; a new contact takes the place of the old one. Returns the public id. Raises 404."""
    row = _lock(actor, household)
    _refuse_known_name(row.id, resident.name)
    if resident.is_contact:
        _unset_contact(row.id)
    values = new_resident(resident, row.id, _where(row), now)
    database.connection().execute(sa.insert(Resident), values)
    # Who moved in says that it is not empty any more, not on what terms.
    _touch(row.id, now, **({"tenancy": Tenancy.OTHER} if row.tenancy is Tenancy.VACANT else {}))
    _note(actor, now, household, row.building_id, what="resident_added", resident=values["public_id"])
    return str(values["public_id"])


def correct_resident(
    actor: Actor, resident: str, expected_version: int, changes: Mapping[str, Any], now: datetime
) -> str:
    """Correct name, phone, relation or contact. Returns the household's public id. Raises 404 and 412."""
    found, household = _lock_of_resident(actor, resident)
    require_version(household.version, expected_version)
    values = {name: changes[name] for name in ("relation", "is_contact") if name in changes}
    if "name" in changes:
        _refuse_known_name(household.id, changes["name"], besides=found.id)
        values |= personal.name_columns(changes["name"])
    if "phone" in changes:
        values |= personal.phone_columns(changes["phone"])
    if changes.get("is_contact"):
        _unset_contact(household.id)
    database.connection().execute(sa.update(Resident).where(_residents.c.id == found.id).values(values))
    _touch(household.id, now)
    _note(
        actor,
        now,
        household.public_id,
        household.building_id,
        what="resident_corrected",
        resident=resident,
        fields=sorted(changes),
    )
    return str(household.public_id)


def move_out(actor: Actor, resident: str, now: datetime) -> str:
    """One resident moves out; with the last one the door is vacant. Returns the household's public id. Raises 404."""
    found, household = _lock_of_resident(actor, resident)
    _leave(_residents.c.id == found.id, now)
    _touch(household.id, now, **({} if _count_present(household.id) else {"tenancy": Tenancy.VACANT}))
    _note(actor, now, household.public_id, household.building_id, what="resident_moved_out", resident=resident)
    return str(household.public_id)


def move_out_all(actor: Actor, household: str, now: datetime) -> None:
    """Everybody moves out: the door stays, vacant. Raises 404."""
    row = _lock(actor, household)
    gone = _leave(_residents.c.household_id == row.id, now)
    _touch(row.id, now, tenancy=Tenancy.VACANT)
    _note(actor, now, household, row.building_id, what="moved_out", residents=gone)


def reveal(actor: Actor, resident: str, field: Kind, reason: str, now: datetime) -> str:
    """Open one field of one resident. Who, what and why goes to the audit trail, never the value. Raises 404, 409."""
    column, sealed_as = _SEALED[field]
    row = access.fetch(
        actor,
        Permission.HOUSEHOLD_REVEAL,
        resident,
        (column, _residents.c.building_id),
        table=_residents,
        see=Permission.HOUSEHOLD_READ,
        where=(_PRESENT,),
    )
    if row[0] is None:
        raise conflict("nothing_kept", "这位住户没有登记电话。")
    try:
        value = crypto.open_sealed(row[0], sealed_as)
    except CannotOpen:
        raise Problem(503, "cannot_open", "这一项暂时无法读取，请联系运维人员。") from None
    audit.record(
        Action.HOUSEHOLD_REVEAL,
        now,
        actor=actor,
        role=actor.role_for(Permission.HOUSEHOLD_REVEAL),
        subject=f"resident:{resident}",
        place_id=row.building_id,
        detail={"field": str(field), "reason": reason},
    )
    return value


# ---- rows, held until the transaction ends


def _lock(actor: Actor, household: str) -> Row[Any]:
    return access.fetch(
        actor,
        Permission.HOUSEHOLD_WRITE,
        household,
        _LOCKED,
        table=_households,
        see=Permission.HOUSEHOLD_READ,
        lock=True,
    )


_LOCKED = (
    _households.c.id,
    _households.c.public_id,
    _households.c.building_id,
    _households.c.grid_id,
    _households.c.community_id,
    _households.c.unit,
    _households.c.door,
    _households.c.tenancy,
    _households.c.version,
)


def _lock_of_resident(actor: Actor, resident: str) -> tuple[Any, Any]:
    """A resident who lives there, and the household, held. Only households are held, so nobody waits crosswise."""
    found = access.fetch(
        actor,
        Permission.HOUSEHOLD_WRITE,
        resident,
        (_residents.c.id, _residents.c.household_id),
        table=_residents,
        see=Permission.HOUSEHOLD_READ,
        where=(_PRESENT,),
    )
    connection = database.connection()
    household = connection.execute(
        sa.select(*_LOCKED).where(_households.c.id == found.household_id).with_for_update()
    ).one()
    if connection.execute(sa.select(_residents.c.id).where(_residents.c.id == found.id, _PRESENT)).scalar() is None:
        raise not_found()  # moved out while we waited for the lock
    return found, household


def _where(household: Row[Any]) -> dict[str, Any]:
    return {name: household._mapping[name] for name in ("building_id", "grid_id", "community_id")}


def _refuse_known_door(building_id: int, unit: str, door: str) -> None:
    known = sa.select(_households.c.id).where(
        _households.c.building_id == building_id, _households.c.unit == unit, _households.c.door == door
    )
    if database.connection().execute(known).scalar() is not None:
        raise conflict("household_exists", "这个门牌已经登记过了，请在名单里找到它再修改。")


def _refuse_known_name(household_id: int, name: str, *, besides: int | None = None) -> None:
    known = sa.select(_residents.c.id).where(
        _residents.c.household_id == household_id, _residents.c.name_index == personal.name_index(name), _PRESENT
    )
    if database.connection().execute(known).scalar() not in (None, besides):
        raise conflict("resident_exists", "这一户已经登记了同名的住户。")


def _count_present(household_id: int) -> int:
    query = sa.select(sa.func.count()).where(_residents.c.household_id == household_id, _PRESENT)
    return int(database.connection().execute(query).scalar_one())


def _unset_contact(household_id: int) -> None:
    database.connection().execute(
        sa.update(Resident)
        .where(_residents.c.household_id == household_id, _residents.c.is_contact)
        .values(is_contact=False)
    )


def _leave(who: sa.ColumnElement[bool], now: datetime) -> int:
    done = database.connection().execute(
        sa.update(Resident).where(who, _PRESENT).values(moved_out_at=now, is_contact=False)
    )
    return int(done.rowcount)


def _touch(household_id: int, now: datetime, **values: Any) -> None:
    """Count the version up, whatever else changes."""
    database.connection().execute(
        sa.update(Household)
        .where(_households.c.id == household_id)
        .values(version=_households.c.version + 1, updated_at=now, **values)
    )


def _note(actor: Actor, now: datetime, household: str, building_id: int, **detail: Any) -> None:
    audit.record(
        Action.HOUSEHOLD_CHANGE,
        now,
        actor=actor,
        role=actor.role_for(Permission.HOUSEHOLD_WRITE),
        subject=f"household:{household}",
        place_id=building_id,
        detail=detail,
    )
