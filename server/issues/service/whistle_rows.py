"""The rows of whistles: made when sounded, ended with what else becomes of the issue, moved with its pauses.

What `writing` calls after every step; nothing here writes to the issue.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import Whistle, new_public_id
from models.enums import OPEN_STATES, Level, Move, Role, WhistleEnd
from server.core import database
from server.core.workdays import calendar
from server.issues import queries
from server.rules import clocks, whistling
from server.rules.calendar import month_of
from server.rules.clocks import Clocks, OfficeHours
from server.rules.lifecycle import Details, Step

_w = Whistle.__table__.c
_DUES = ("sign_in_due_at", "contact_due_at", "due_at")
_ANSWERED = (Move.REPORT_BACK, Move.PUSH_BACK, Move.CALL_OFF)


def insert(
    issue: Row[Any],
    departments: Sequence[whistling.Department],
    reason: str,
    spans: Clocks,
    hours: OfficeHours,
    now: datetime,
    *,
    by: int | None,
    role: Role | None,
) -> clocks.Dues:
    """Call departments: one row each, all with the same dues. Returns these."""
    dues = clocks.dues(spans, now, calendar(), hours)
    if dues.sign_in is None or dues.contact is None or dues.report is None:
        raise ValueError("a whistle needs all three clocks")
    database.connection().execute(
        sa.insert(Whistle),
        [
            {
                "public_id": new_public_id(),
                "issue_id": issue.id,
                "building_id": issue.building_id,
                "grid_id": issue.grid_id,
                "community_id": issue.community_id,
                "department_id": each.id,
                "reason": reason,
                "sounded_at": now,
                "sounded_by_id": by,
                "sounded_role": role,
                "month": month_of(now),
                "sign_in_due_at": dues.sign_in,
                "contact_due_at": dues.contact,
                "due_at": dues.report,
                "clock_at": dues.sign_in,
            }
            for each in departments
        ],
    )
    return dues


def change(row: Row[Any], values: Mapping[str, Any]) -> None:
    """Write to a whistle whose issue is held."""
    database.connection().execute(sa.update(Whistle).where(_w.id == row.id).values(**values, version=row.version + 1))


def follow(row: Row[Any], move: Move, step: Step, details: Details, now: datetime, *, actor_id: int | None) -> None:
    """What a step of the issue does to its open whistles: an issue that leaves the departments waits for none of them."""
    if row.level is not Level.DEPARTMENT or move in _ANSWERED:
        return
    if step.to_level is not Level.DEPARTMENT or step.to_state not in OPEN_STATES:
        database.connection().execute(
            sa.update(Whistle)
            .where(_w.issue_id == row.id, _w.ended_at.is_(None))
            .values(
                ended_at=now, ended_by_id=actor_id, end=WhistleEnd.CALLED_OFF, clock_at=None, version=_w.version + 1
            )
        )
    elif move is Move.URGE:
        _urge_all(row, now)
    elif move is Move.SUSPEND and details.until is not None:
        _move_dues(row, now, now, details.until)
    elif move is Move.RESUME and row.suspended_until is not None:
        _move_dues(row, now, None, row.suspended_until)


def _urge_all(issue: Row[Any], now: datetime) -> None:
    """Whoever urges the issue urges every department that has not answered; one who urged a single one, that one."""
    waiting = [row for row in queries.whistles_on(issue.id) if row.ended_at is None]
    if any(row.urged_at == now for row in waiting):
        return
    for row in waiting:
        change(row, {"urged": row.urged + 1, "urged_at": now})


def _move_dues(issue: Row[Any], now: datetime, paused_at: datetime | None, until: datetime) -> None:
    """Move the dues that have not passed beyond a pause `until`; without `paused_at` back from it, for one that ends early."""
    for row in queries.whistles_on(issue.id):
        if row.ended_at is not None:
            continue
        values: dict[str, Any] = {}
        for name in _DUES:
            due_at = getattr(row, name)
            if paused_at is not None:
                values[name] = clocks.after_pause(due_at, paused_at, until, calendar(), urgent=issue.urgent)
            elif due_at > issue.suspended_at:
                values[name] = clocks.after_early_resume(due_at, until, now, calendar(), urgent=issue.urgent)
        moved = replace(
            queries.facts_of_whistle(row),
            **{name: values[name] for name in ("sign_in_due_at", "due_at") if name in values},
        )
        change(row, {**values, "clock_at": whistling.next_moment(moved, now, urgent=issue.urgent)})
