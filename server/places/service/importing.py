"""Importing a table of places: all or nothing, idempotent by code, set-based.

A row whose code is new makes a place; a known code may only change its name. Nothing is closed or moved by an import.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import Place, new_public_id
from models.enums import PlaceKind
from server.core import access, audit, crypto, database, sheets
from server.core.access import Actor
from server.core.audit import Action
from server.core.errors import Problem
from server.core.sheets import SheetError
from server.places import plan as planning
from server.places.layout import NAME_LIMIT, Candidate, Layout, candidates
from server.places.plan import Known, Plan
from server.places.service.changing import ANCESTORS
from server.places.service.codes import give_codes
from server.rules.permissions import Permission
from server.rules.tables import RowError

SHOWN = 200  # errors told at once; more help nobody

_table = Place.__table__
_parent = _table.alias("parent")


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or would do (`dry_run`), or why it did nothing (`errors`, at most 200 of `error_count`)."""

    dry_run: bool
    rows: int
    created: dict[PlaceKind, int]
    renamed: int
    unchanged: int
    error_count: int
    errors: list[RowError]

    @property
    def done(self) -> bool:
        """Whether the database now says what the table says."""
        return not self.dry_run and not self.error_count


def import_table(
    stream: IO[bytes],
    filename: str,
    now: datetime,
    *,
    actor: Actor | None,
    layout: Layout | None = None,
    dry_run: bool = True,
) -> ImportReport:
    """Import a table of places inside the actor's places. Without an actor (the command line): anywhere, roots too.

    Raises Problem 422 for a file that is no table at all; what is wrong with its rows is in the report, and then
    nothing was written.
    """
    digest = crypto.digest(stream)
    try:
        rows = sheets.read(stream, filename)
        named, errors = candidates(rows, layout or Layout())
    except SheetError as error:
        raise Problem(422, "bad_table", str(error)) from None
    if not dry_run:
        database.advisory_lock("places.import")
    known = _known(actor, {c.code for c in named} | {c.parent for c in named if c.parent})
    planned = planning.make(named, known, _children(known, named), roots=actor is None)
    errors = sorted([*errors, *planned.errors], key=lambda error: error.line)
    report = ImportReport(
        dry_run=dry_run,
        rows=len(rows),
        created=dict(sorted(Counter(c.kind for c in planned.new).items(), key=lambda item: item[0].depth)),
        renamed=len(planned.renamed),
        unchanged=planned.unchanged,
        error_count=len(errors),
        errors=errors[:SHOWN],
    )
    if report.done:
        _rename(planned)
        _create(planned.new, known, now, actor)
        _note(actor, report, digest, now)
    return report


def _note(actor: Actor | None, report: ImportReport, digest: str, now: datetime) -> None:
    posts = actor.posts_granting(Permission.PLACE_IMPORT) if actor else ()
    audit.record(
        Action.PLACE_IMPORT,
        now,
        actor=actor,
        role=posts[0].role if posts else None,
        place_id=posts[0].place_id if posts else None,
        detail={
            "sha256": digest,
            "created": {str(kind): count for kind, count in report.created.items()},
            "renamed": report.renamed,
        },
    )


def add_buildings(community: Row[Any], names: Sequence[str], now: datetime, *, actor: Actor | None = None) -> None:
    """Buildings right under a community, known by name only, as an imported ledger names them: code made from both."""
    rows = [
        {
            "public_id": new_public_id(),
            "parent_id": community.id,
            "kind": PlaceKind.BUILDING,
            "code": f"{community.code[:20]}-{hashlib.sha256(name.encode()).hexdigest()[:10]}",
            "name": name[:NAME_LIMIT],
            "created_at": now,
            **{column: community._mapping[column] for column in ANCESTORS},
        }
        for name in names
    ]
    made = database.connection().execute(sa.insert(Place).returning(_table.c.id), rows)
    give_codes(made.scalars().all(), now, actor, actor.role_for(Permission.ISSUE_IMPORT) if actor else None)
    audit.record(
        Action.PLACE_IMPORT,
        now,
        actor=actor,
        subject=f"place:{community.public_id}",
        place_id=community.id,
        detail={"created": {str(PlaceKind.BUILDING): len(rows)}, "renamed": 0},
    )


# ---- what is there


def _known(actor: Actor | None, codes: Iterable[str]) -> dict[str, Known]:
    inside = access.within(actor, Permission.PLACE_IMPORT, _table) if actor else sa.true()
    query = sa.select(
        _table.c.id,
        _table.c.code,
        _table.c.name,
        _table.c.kind,
        sa.func.coalesce(_parent.c.code, ""),
        _table.c.closed_at.is_not(None),
        sa.case((inside, sa.true()), else_=sa.false()),
    ).outerjoin_from(_table, _parent, _parent.c.id == _table.c.parent_id)
    found: dict[str, Known] = {}
    for chunk in database.in_chunks(codes):
        for row in database.connection().execute(query.where(_table.c.code.in_(chunk))):
            place_id, code, name, kind, parent_code, is_closed, is_inside = row
            found[code] = Known(place_id, code, name, kind, parent_code, bool(is_closed), bool(is_inside))
    return found


def _children(known: dict[str, Known], named: list[Candidate]) -> dict[str, dict[str, str]]:
    """For each parent the import may add to or rename under: the names its children have, and whose they are."""
    parents = {c.parent for c in named} | {known[c.code].parent_code for c in named if c.code in known}
    found: dict[str, dict[str, str]] = {code: {} for code in parents}
    under = sa.func.coalesce(_parent.c.code, "")
    query = sa.select(under, _table.c.name, _table.c.code).outerjoin_from(
        _table, _parent, _parent.c.id == _table.c.parent_id
    )
    conditions = [
        _table.c.parent_id.in_(chunk) for chunk in database.in_chunks(p.id for p in known.values() if p.code in parents)
    ]
    if "" in parents:
        conditions.append(_table.c.parent_id.is_(None))
    for condition in conditions:
        for parent_code, name, code in database.connection().execute(query.where(condition)):
            found[parent_code][name] = code
    return found


# ---- writing


def _rename(planned: Plan) -> None:
    if not planned.renamed:
        return
    connection = database.connection()
    update = (
        sa.update(Place)
        .where(_table.c.id == sa.bindparam("place_id"))
        .values(name=sa.bindparam("new_name"), version=_table.c.version + 1)
    )
    # Two places that swap their names would meet half-way: first everybody steps aside.
    aside = sa.update(Place).where(_table.c.id == sa.bindparam("place_id")).values(name=sa.bindparam("new_name"))
    connection.execute(aside, [{"place_id": was.id, "new_name": f"\x7f{was.id}"} for was, _ in planned.renamed])
    connection.execute(update, [{"place_id": was.id, "new_name": now.name} for was, now in planned.renamed])


def _create(new: list[Candidate], known: dict[str, Known], now: datetime, actor: Actor | None) -> None:
    """Insert level by level, each knowing its ancestors from the one before."""
    connection = database.connection()
    above = _ancestors(known[c.parent].id for c in new if c.parent in known)
    ids = {code: place.id for code, place in known.items()}
    for kind in PlaceKind:
        level = [c for c in new if c.kind is kind]
        if not level:
            continue
        rows = [_row(c, ids.get(c.parent), above, now) for c in level]
        inserted = connection.execute(sa.insert(Place).returning(_table.c.code, _table.c.id), rows).all()
        ids.update((code, place_id) for code, place_id in inserted)
        if kind is PlaceKind.BUILDING:
            role = actor.role_for(Permission.PLACE_IMPORT) if actor else None
            give_codes((place_id for _, place_id in inserted), now, actor, role)
            continue
        own = Place.ANCESTOR[kind]
        connection.execute(
            sa.update(Place).where(_table.c.kind == kind, _table.c[own].is_(None)).values({own: _table.c.id})
        )
        for row in rows:
            place_id = ids[row["code"]]
            above[place_id] = {column: row[column] for column in ANCESTORS} | {own: place_id}


def _row(candidate: Candidate, parent_id: int | None, above: dict[int, dict[str, int | None]], now: datetime) -> Any:
    ancestors = above[parent_id] if parent_id is not None else dict.fromkeys(ANCESTORS)
    return {
        "public_id": new_public_id(),
        "parent_id": parent_id,
        "kind": candidate.kind,
        "code": candidate.code,
        "name": candidate.name,
        "created_at": now,
        **ancestors,
    }


def _ancestors(place_ids: Iterable[int]) -> dict[int, dict[str, int | None]]:
    columns = [_table.c[column] for column in ANCESTORS]
    found: dict[int, dict[str, int | None]] = {}
    for chunk in database.in_chunks(set(place_ids)):
        for row in database.connection().execute(sa.select(_table.c.id, *columns).where(_table.c.id.in_(chunk))):
            found[row.id] = {column: row._mapping[column] for column in ANCESTORS}
    return found
