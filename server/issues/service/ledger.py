"""Taking over an existing ledger (台账): look at every row first, then load all of it or nothing.

A row is known by its community, the ledger's name and its number in it, so a file can be loaded again: what is here stays
as it is. Months whose notice has opened keep their figures: answers of such a month are loaded, but do not count in it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import Issue, IssueEvent, Place, ReturnVisit, new_public_id
from models.enums import AWAITING_REPORTER, ENDED_STATES, OPEN_STATES, Channel, IssueState, Level, Move, PlaceKind
from server.core import audit, database, months
from server.core.access import Actor
from server.core.audit import Action
from server.core.errors import invalid
from server.issues.service.indexing import index_issues
from server.places import service as places
from server.rules.calendar import Month, month_of
from server.rules.escalation import SOON
from server.rules.ledger import LedgerIssue, RowErrors, check_headings, read_row
from server.rules.ledger_mapping import LedgerMapping
from server.rules.lifecycle import imported
from server.rules.tables import RowError

SOURCE_LIMIT = 40
BATCH = 1000
RESPONSIBLE = "见原台账"
T = TypeVar("T")

_issues, _places = Issue.__table__, Place.__table__


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[i : i + BATCH] for i in range(0, len(items), BATCH))


@dataclass(frozen=True, slots=True)
class Plan:
    """What loading a ledger would do, found without changing anything.

    `fresh` rows would be loaded, `known` are here already, `new_buildings` would be made first.
    """

    rows: int
    fresh: Sequence[LedgerIssue]
    known: int
    errors: Sequence[RowError]
    new_buildings: Sequence[str]


def plan_ledger(
    community: Row[Any],
    rows: Sequence[tuple[int, Mapping[str, Any]]],
    mapping: LedgerMapping,
    source: str,
    now: datetime,
    *,
    create_buildings: bool = False,
) -> Plan:
    """Read every row and say what is wrong with it. `community` is its row in `places`, `rows` are (line, cells)."""
    if not source.strip() or len(source) > SOURCE_LIMIT:
        raise invalid("source", f"请给这本台账起个名字，最多 {SOURCE_LIMIT} 个字。")
    errors: list[RowError] = []
    if rows:
        errors += check_headings(mapping, rows[0][1].keys())
    fresh: list[LedgerIssue] = []
    if not errors:
        find = _building_finder(community.id)
        seen: dict[str, int] = {}
        unknown: dict[str, None] = {}
        for line, cells in rows:
            read = read_row(mapping, line, cells)
            if isinstance(read, RowErrors):
                errors += read.errors
                continue
            faults = list(_faults(read, mapping, now, seen))
            found = find(read.place)
            if not isinstance(found, int) and not (found is None and create_buildings):
                faults.append(
                    RowError(line, mapping.columns["place"][0], found or f"社区里没有“{read.place[:30]}”这栋楼。")
                )
            errors += faults
            if not faults:
                fresh.append(read)
                if found is None:
                    unknown[read.place] = None
        known = _known(community.id, source, [row.number for row in fresh])
        return Plan(len(rows), [r for r in fresh if r.number not in known], len(known), errors, list(unknown))
    return Plan(len(rows), [], 0, errors, [])


def _faults(row: LedgerIssue, mapping: LedgerMapping, now: datetime, seen: dict[str, int]) -> Sequence[RowError]:
    """What is wrong with a row beside the others and beside today."""
    faults = []
    for name, moment in (("time", row.opened_at), ("closed", row.closed_at)):
        if moment is not None and moment > now:
            faults.append(RowError(row.line, mapping.columns[name][0], "时间在今天以后，请核对。"))
    first = seen.setdefault(row.number, row.line)
    if first != row.line:
        faults.append(RowError(row.line, mapping.columns["number"][0], f"编号和第 {first} 行重复。"))
    return faults


def _building_finder(community_id: int) -> Callable[[str], int | str | None]:
    """A function from a place as the ledger writes it to its building's id, a complaint, or None when there is none."""
    by_word: dict[str, list[int]] = {}
    for row in database.connection().execute(
        sa.select(_places.c.id, _places.c.code, _places.c.name).where(
            _places.c.community_id == community_id, _places.c.kind == PlaceKind.BUILDING
        )
    ):
        for word in {row.code, row.name}:
            by_word.setdefault(word, []).append(row.id)

    def find(word: str) -> int | str | None:
        ids = by_word.get(word)
        if ids is None:
            return None
        return ids[0] if len(ids) == 1 else f"社区里有 {len(ids)} 栋楼叫“{word[:30]}”，请改用楼栋编码。"

    return find


def _known(community_id: int, source: str, numbers: Sequence[str]) -> set[str]:
    known: set[str] = set()
    columns = _issues.c
    there = sa.select(columns.number).where(columns.community_id == community_id, columns.source == source)
    for some in _batches(numbers):
        known.update(database.connection().scalars(there.where(columns.number.in_(some))))
    return known


def load_ledger(community: Row[Any], plan: Plan, source: str, now: datetime, *, actor: Actor | None = None) -> int:
    """Load a plan's fresh rows in the current transaction. Returns how many. The caller decides about the plan's errors."""
    if plan.new_buildings:
        places.add_buildings(community, plan.new_buildings, now, actor=actor)
    find = _building_finder(community.id)
    buildings: dict[int, Any] = {
        row.id: row
        for row in database.connection().execute(
            sa.select(_places.c.id, _places.c.grid_id).where(_places.c.community_id == community.id)
        )
    }
    fixed = months.fixed_among(community.id, (_month(row) for row in plan.fresh))
    for some in _batches(plan.fresh):
        _load(some, source, find, buildings, community.id, fixed, now)
    audit.record(
        Action.LEDGER_IMPORT,
        now,
        actor=actor,
        subject=f"place:{community.public_id}",
        place_id=community.id,
        detail={"source": source, "loaded": len(plan.fresh), "known": plan.known, "refused_cells": len(plan.errors)},
    )
    return len(plan.fresh)


def _load(
    rows: Sequence[LedgerIssue],
    source: str,
    find: Callable[[str], int | str | None],
    buildings: Mapping[int, Any],
    community_id: int,
    fixed: set[Month],
    now: datetime,
) -> None:
    """Insert a batch: issues, one event each, and the answers the ledger tells."""
    connection = database.connection()
    at: dict[str, dict[str, Any]] = {}
    values = []
    for row in rows:
        building_id = find(row.place)
        assert isinstance(building_id, int)
        at[row.number] = place = {
            "building_id": building_id,
            "grid_id": buildings[building_id].grid_id,
            "community_id": community_id,
        }
        values.append(place | _issue(row, source))
    inserted = connection.execute(sa.insert(Issue).returning(_issues.c.id, _issues.c.number), values)
    ids = {number: issue_id for issue_id, number in inserted}
    connection.execute(
        sa.insert(IssueEvent),
        [
            {
                "issue_id": ids[row.number],
                "at": now,
                "move": Move.IMPORT,
                "to_state": row.state,
                "level": Level.COMMUNITY,
                "text": imported(row.state).reason,
            }
            for row in rows
        ],
    )
    index_issues(sorted(ids.values()))
    visits = [
        at[row.number]
        | {
            "issue_id": ids[row.number],
            "month": _month(row),
            "contacted": row.contacted,
            "solved": row.solved,
            "satisfaction": row.satisfaction,
            "answered_at": row.closed_at or row.opened_at,
            "counts": _month(row) not in fixed,
        }
        for row in rows
        if (row.contacted, row.solved, row.satisfaction) != (None, None, None)
    ]
    if visits:
        connection.execute(sa.insert(ReturnVisit), visits)


def _month(row: LedgerIssue) -> Month:
    """The month in which the ledger's answers count."""
    return month_of(row.closed_at or row.opened_at)


def _issue(row: LedgerIssue, source: str) -> dict[str, Any]:
    done = row.state in ENDED_STATES | AWAITING_REPORTER
    return {
        "public_id": new_public_id(),
        "category": row.category,
        "text": row.text,
        "channel": Channel.LEDGER,
        "state": row.state,
        "level": Level.COMMUNITY,
        "reported_at": row.opened_at,
        "due_at": row.due_at,
        "clock_at": row.due_at - SOON if row.due_at and row.state in OPEN_STATES else None,  # reminded, never passed up
        "resolved_at": (row.closed_at or row.opened_at) if done else None,
        "ended_at": (row.closed_at or row.opened_at) if row.state in ENDED_STATES else None,
        "outcome": row.outcome_word,
        "responsible": RESPONSIBLE if row.state is IssueState.DECLINED else "",
        "source": source,
        "number": row.number,
    }
