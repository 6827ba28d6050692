"""What each move writes beside state and level: further columns of the issue, and rows that keep what was decided."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import Extension, TriageDecision, new_public_id
from models.enums import Level, Move, Role, Triage
from server.core import database
from server.core.workdays import calendar
from server.rulebook import queries as rulebook
from server.rules import clocks, lifecycle
from server.rules.clocks import Span, Unit
from server.rules.levels import LEVEL_OF
from server.rules.lifecycle import Details, Step

_SIGNS_IN = frozenset({Move.SIGN_IN, Move.ACCEPT, Move.START, Move.RESOLVE})
_DUES = ("sign_in_due_at", "contact_due_at", "due_at")


def columns(
    row: Row[Any], move: Move, step: Step, details: Details, now: datetime, *, actor_id: int | None, role: Role | None
) -> dict[str, Any]:
    """The columns of `issues` this move sets."""
    change: dict[str, Any] = {}
    if move in _SIGNS_IN and row.signed_in_at is None:
        change["signed_in_at"] = now
    if step.rework:
        change["rework"] = row.rework + 1
    match move:
        case Move.ACCEPT if row.accepted_at is None:
            change["accepted_at"] = now
        case Move.RESOLVE if role is not None:
            change |= {
                "resolved_at": now,
                "resolved_by_id": actor_id,
                "resolved_level": _settled_on(row, role),
                "outcome": details.text.strip(),
                "done_by": details.done_by.strip(),
                "done_at": details.done_at or now,
            }
        case Move.DECLINE:
            change["responsible"] = details.responsible.strip()
        case Move.JOIN if details.target is not None:
            change["duplicate_of_id"] = details.target.issue_id
        case Move.CONTACT:
            change["contacted_at"] = now
        case Move.TRIAGE | Move.FOLLOW_UP:
            change |= _private(row, move, details, now)
        case Move.SUSPEND if details.until is not None:
            change |= _paused(row, now, details.until)
            change |= {"suspended_why": details.text.strip(), "suspensions": row.suspensions + 1}
        case Move.RESUME:
            change |= _resumed(row, now)
        case Move.GRANT_EXTENSION if row.due_at is not None:
            more = Span(row.extension_workdays, Unit.WORKDAYS)
            change |= {
                "due_at": clocks.due(row.due_at, more, calendar(), rulebook.book_of(row.rule_book_id).hours),
                "extensions": row.extensions + 1,
            }
        case Move.URGE:
            change |= {"urged": row.urged + 1, "urged_at": now}
        case Move.PUSH_BACK:
            change["pushed_back"] = row.pushed_back + 1
    return change


def _settled_on(row: Row[Any], role: Role) -> Level:
    """Whose work it was: a department's when one reported back, else of the higher of holder and handler.

    A superior may settle what lies lower down; "还没好" then goes above the one who really did it.
    """
    if row.reported_back:
        return Level.DEPARTMENT
    by: Level = max(row.level, LEVEL_OF[role], key=lambda level: level.height)
    return by


def _private(row: Row[Any], move: Move, details: Details, now: datetime) -> dict[str, Any]:
    """Triage, and when a private matter is asked after next. Its deadline is never before that."""
    change: dict[str, Any] = {}
    ask_at = details.follow_up_at
    if move is Move.TRIAGE:
        change["triage"] = details.triage
        days = timedelta(days=rulebook.book_of(row.rule_book_id).follow_up_days)
        ask_at = now + days if details.triage is Triage.PRIVATE else None
    change["follow_up_at"] = ask_at
    if ask_at is not None and row.due_at is not None:
        change["due_at"] = max(row.due_at, clocks.due(ask_at, lifecycle.AFTER_FOLLOW_UP, calendar()))
    return change


def _paused(row: Row[Any], now: datetime, until: datetime) -> dict[str, Any]:
    """Every deadline that has not passed moves past the planned pause at once."""
    change: dict[str, Any] = {"suspended_at": now, "suspended_until": until}
    hours = rulebook.book_of(row.rule_book_id).hours
    for name in _DUES:
        if (due_at := getattr(row, name)) is not None:
            change[name] = clocks.after_pause(due_at, now, until, calendar(), hours, urgent=row.urgent)
    return change


def _resumed(row: Row[Any], now: datetime) -> dict[str, Any]:
    """Every deadline that was moved comes back by what is left of the pause."""
    change: dict[str, Any] = {"suspended_at": None, "suspended_until": None, "suspended_why": ""}
    hours = rulebook.book_of(row.rule_book_id).hours
    for name in _DUES:
        due_at = getattr(row, name)
        if due_at is not None and due_at > row.suspended_at:
            change[name] = clocks.after_early_resume(
                due_at, row.suspended_until, now, calendar(), hours, urgent=row.urgent
            )
    return change


def rows(
    row: Row[Any], move: Move, details: Details, now: datetime, *, actor_id: int | None, role: Role | None
) -> None:
    """Keep what was decided or asked for: triage beside its suggestion, a request for more time and its answer."""
    place = {"building_id": row.building_id, "grid_id": row.grid_id, "community_id": row.community_id}
    text = details.text.strip()
    statement: Any = None
    match move:
        case Move.TRIAGE:
            statement = sa.insert(TriageDecision).values(
                issue_id=row.id,
                at=now,
                suggested=row.suggested,
                suggested_why=row.suggested_why,
                decided=details.triage,
                reason=text,
                actor_id=actor_id,
                actor_role=role,
                **place,
            )
        case Move.ASK_EXTENSION:
            statement = sa.insert(Extension).values(
                public_id=new_public_id(),
                issue_id=row.id,
                asked_at=now,
                asked_by_id=actor_id,
                asked_role=role,
                reason=text,
                workdays=details.workdays,
                **place,
            )
        case Move.GRANT_EXTENSION | Move.REFUSE_EXTENSION:
            asked = Extension.__table__.c
            statement = (
                sa.update(Extension)
                .where(asked.issue_id == row.id, asked.decided_at.is_(None))
                .values(
                    decided_at=now,
                    decided_by_id=actor_id,
                    decided_role=role,
                    granted=move is Move.GRANT_EXTENSION,
                    answer=text,
                )
            )
    if statement is not None:
        database.connection().execute(statement)
