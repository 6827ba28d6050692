"""Importing a table of households: all or nothing, set-based, safe to send again.

A door is known by building, unit and number, a resident by door and name. A known one is corrected where the table says
something else; nobody is ever moved out by an import.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

import sqlalchemy as sa

from models import Household, Place, Resident, new_public_id
from models.enums import PlaceKind, Tenancy
from server.core import access, audit, crypto, database, sheets
from server.core.access import Actor
from server.core.audit import Action
from server.core.errors import Problem, invalid
from server.core.sheets import SheetError
from server.households import layout, personal, rows
from server.households import plan as planning
from server.households.layout import Field, Table
from server.households.plan import Door, DoorKey, Plan
from server.rules.permissions import Permission
from server.rules.tables import RowError

SHOWN = 200  # errors told at once; more help nobody
MOST_ROWS = 20_000

_households, _residents, _places = Household.__table__, Resident.__table__, Place.__table__
_PLACE = (_places.c.id, _places.c.code, _places.c.grid_id, _places.c.community_id, _places.c.closed_at)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or would do (`dry_run`), or why it did nothing (`errors`, at most 200 of `error_count`)."""

    dry_run: bool
    rows: int
    ignored: list[str]
    households_new: int
    households_changed: int
    residents_new: int
    residents_changed: int
    unchanged: int
    error_count: int
    errors: list[RowError]

    @property
    def done(self) -> bool:
        """Whether the database now says what the table says."""
        return not self.dry_run and not self.error_count


def import_table(
    actor: Actor,
    stream: IO[bytes],
    filename: str,
    now: datetime,
    *,
    building: str | None = None,
    dry_run: bool = True,
) -> ImportReport:
    """Import a table of households in the actor's places: several buildings by 楼栋编号, or one.

    Raises Problem 422 for a file that is no table at all, 404 for another's building; what is wrong with rows is in the
    report, and then nothing was written. To be called before the request's first write: the transaction is let go while
    the file is opened.
    """
    database.rollback()
    try:
        digest = crypto.digest(stream)
        lines = sheets.read(stream, filename)
        if len(lines) > MOST_ROWS:
            raise SheetError(f"一次最多导入 {MOST_ROWS:,} 行，请分成几个文件。")
        table = layout.read(lines)
    except SheetError as error:
        raise Problem(422, "bad_table", str(error)) from None
    if not dry_run:
        database.advisory_lock("households.import")
    errors = list(table.errors)
    found = planning.doors(table, _buildings(actor, table, building), errors)
    known = _known(found)
    plan = planning.compare(table, found, known, _present(row.id for row in known.values()), errors)
    errors.sort(key=lambda error: error.line)
    report = ImportReport(
        dry_run=dry_run,
        rows=len(lines),
        ignored=table.ignored,
        households_new=len(plan.new_doors),
        households_changed=len(plan.tenancies),
        residents_new=plan.residents_new,
        residents_changed=plan.residents_changed,
        unchanged=plan.unchanged,
        error_count=len(errors),
        errors=errors[:SHOWN],
    )
    if report.done:
        _add(plan, now)
        _correct(plan, now)
        _note(actor, report, digest, now)
    return report


# ---- what is there


def _buildings(actor: Actor, table: Table, building: str | None) -> dict[str, Any]:
    """The buildings the table may be about, by code; under "" the only one."""
    connection = database.connection()
    if Field.BUILDING in table.columns:
        inside = access.within(actor, Permission.HOUSEHOLD_WRITE, _places)
        query = sa.select(*_PLACE).where(inside, _places.c.kind == PlaceKind.BUILDING)
        codes = {entry.building for entry in table.entries}
        return {
            row.code: row
            for chunk in database.in_chunks(codes)
            for row in connection.execute(query.where(_places.c.code.in_(chunk)))
        }
    if building is not None:
        return {"": access.fetch_place(actor, Permission.HOUSEHOLD_WRITE, building, kinds=(PlaceKind.BUILDING,))}
    posts = actor.posts_granting(Permission.HOUSEHOLD_WRITE)
    if len(posts) == 1 and posts[0].kind is PlaceKind.BUILDING:
        return {"": connection.execute(sa.select(*_PLACE).where(_places.c.id == posts[0].place_id)).one()}
    raise invalid("building", "请选择是哪一栋楼的住户，或者在表格里加上“楼栋编号”这一列。")


def _known(found: dict[DoorKey, Door]) -> dict[DoorKey, Any]:
    columns = _households.c
    query = sa.select(columns.id, columns.building_id, columns.unit, columns.door, columns.tenancy)
    known = {
        (row.building_id, row.unit, row.door): row
        for chunk in database.in_chunks({building for building, _, _ in found})
        for row in database.connection().execute(query.where(columns.building_id.in_(chunk)))
    }
    return {key: row for key, row in known.items() if key in found}


def _present(household_ids: Iterable[int]) -> dict[int, dict[bytes, Any]]:
    columns = _residents.c
    query = sa.select(
        columns.id, columns.household_id, columns.name_index, columns.phone_index, columns.relation, columns.is_contact
    ).where(columns.moved_out_at.is_(None))
    present: dict[int, dict[bytes, Any]] = {}
    for chunk in database.in_chunks(household_ids):
        for row in database.connection().execute(query.where(columns.household_id.in_(chunk))):
            present.setdefault(row.household_id, {})[row.name_index] = row
    return present


# ---- writing


def _add(plan: Plan, now: datetime) -> None:
    connection = database.connection()
    residents = [rows.new_resident(person, known, door.where, now) for known, door, person in plan.newcomers]
    if plan.new_doors:
        made = {new_public_id(): door for door in plan.new_doors}
        values = [
            rows.new_household(
                public_id, door.where, door.first.unit, door.first.door, door.tenancy or Tenancy.OTHER, now
            )
            for public_id, door in made.items()
        ]
        insert = sa.insert(Household).returning(_households.c.public_id, _households.c.id)
        for public_id, household_id in connection.execute(insert, values):
            door = made[public_id]
            people = planning.everybody(door)
            residents += [rows.new_resident(person, household_id, door.where, now) for person in people]
    if residents:
        connection.execute(sa.insert(Resident), residents)


def _correct(plan: Plan, now: datetime) -> None:
    connection = database.connection()
    update = sa.update(Resident).where(_residents.c.id == sa.bindparam("resident"))
    if plan.phones:
        phones = [{"resident": one, **personal.phone_columns(phone)} for one, phone in plan.phones.items()]
        connection.execute(update, phones)
    if plan.relations:
        connection.execute(update, [{"resident": one, "relation": word} for one, word in plan.relations.items()])
    for tenancy in Tenancy:
        for chunk in database.in_chunks(one for one, word in plan.tenancies.items() if word is tenancy):
            connection.execute(sa.update(Household).where(_households.c.id.in_(chunk)).values(tenancy=tenancy))
    for chunk in database.in_chunks(plan.touched):
        connection.execute(
            sa.update(Household)
            .where(_households.c.id.in_(chunk))
            .values(version=_households.c.version + 1, updated_at=now)
        )


def _note(actor: Actor, report: ImportReport, digest: str, now: datetime) -> None:
    posts = actor.posts_granting(Permission.HOUSEHOLD_WRITE)
    audit.record(
        Action.HOUSEHOLD_IMPORT,
        now,
        actor=actor,
        role=posts[0].role,
        place_id=posts[0].place_id,
        detail={
            "sha256": digest,
            "rows": report.rows,
            "households_new": report.households_new,
            "households_changed": report.households_changed,
            "residents_new": report.residents_new,
            "residents_changed": report.residents_changed,
        },
    )
