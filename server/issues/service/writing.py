"""Deciding a step and writing it down: the issue's row, its event, the outbox, a finished turn, the next holder's clocks.

Every move of an issue that exists goes through `decide` and `write`, whichever module of this package makes it.
"""

from collections.abc import Mapping
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import Extension, Issue, IssueEvent, Turn
from models.enums import ENDED_STATES, OPEN_STATES, Channel, Level, Move, OutboxKind, Role, TurnEnd
from server.core import database, outbox
from server.core.errors import conflict
from server.core.hot import Chain, Link
from server.core.workdays import calendar
from server.issues import queries
from server.issues.service import marks, visits, whistle_rows
from server.rulebook import queries as rulebook
from server.rules import clocks, escalation, lifecycle, turns
from server.rules.book import clocks_for
from server.rules.calendar import month_of
from server.rules.clocks import Clocks
from server.rules.lifecycle import Details, Mover, Refusal, Step

_NEW_EVENT = ("issue_id", "at", "move", "from_state", "to_state", "level", "actor_id", "actor_role", "text")
_INSERT_EVENT = Chain(Link(IssueEvent, _NEW_EVENT), outbox.LINK)
_RUNNING = tuple(escalation.Running.__dataclass_fields__)
_PASSED_ON = "已经转到别处办理，这次延期申请不再有效。"


def decide(row: Row[Any], move: Move, mover: Mover, details: Details, now: datetime) -> Step:
    """What the law makes of a move. `row` is one of `queries.FACTS`. Raises 409 with the law's reason."""
    decision = lifecycle.decide(queries.facts_of(row), move, mover, details, now)
    if isinstance(decision, Refusal):
        raise conflict(decision.code, decision.reason)
    return decision


def write(
    row: Row[Any],
    move: Move,
    step: Step,
    details: Details,
    now: datetime,
    *,
    actor_id: int | None,
    role: Role | None,
    change: Mapping[str, Any] | None = None,
    answered: bool = True,
) -> int:
    """Write a decided step down. `change`: further columns of the issue, which have the last word. Returns the event's id.

    `role` is None for the reporter and the clock. Not `answered`: what came with it are not this issue's reporter's answers.
    """
    after = {**row._mapping, "state": step.to_state, "level": step.to_level, "version": row.version + 1}
    after["ended_at"] = (row.ended_at or now) if step.to_state in ENDED_STATES else None
    after |= marks.columns(row, move, step, details, now, actor_id=actor_id, role=role)
    ended = turns.turn_end(row.state, row.level, move, step, by_clock=move is Move.PASS_UP and role is None)
    if ended is not None:
        _end_turn(after, row.level, ended, now)
        after |= {"suspended_at": None, "suspended_until": None, "suspended_why": ""}
    if turns.turn_begins(row.state, step, ended):
        after |= _begin_turn(row, step.to_level, now)
        after["assignee_id"] = details.assignee.person_id if details.assignee and move is Move.ASSIGN else None
    if step.to_state not in OPEN_STATES:
        after["follow_up_at"] = None
    after |= change or {}
    if "clock_at" not in (change or {}):
        after["clock_at"] = escalation.next_moment(running(SimpleNamespace(**after)), now)
    columns = Issue.__table__.c
    changed = {
        name: value for name, value in after.items() if name in columns and value != row._mapping.get(name, _UNKNOWN)
    }
    database.connection().execute(sa.update(Issue).where(columns.id == row.id).values(changed))
    event_id = _event(row, move, step, details, now, actor_id=actor_id, role=role)
    marks.rows(row, move, details, now, actor_id=actor_id, role=role)
    whistle_rows.follow(row, move, step, details, now, actor_id=actor_id)
    if answered and (answers := visits.answers_of(move, step, details)):
        visits.keep_answers(row, answers, now, noted_by_id=actor_id, caller=details.caller)
    return event_id


_UNKNOWN = object()


def running(row: Any) -> escalation.Running:
    """The running clocks of an issue's row, as the rule of escalation wants them."""
    imported = row.channel is Channel.LEDGER
    return escalation.Running(
        **{name: getattr(row, name) for name in _RUNNING if name != "imported"}, imported=imported
    )


def clocks_of(row: Any, level: Level) -> Clocks:
    """How long a holder at `level` has, by the book the issue was filed under; no clocks for what was imported."""
    if row.channel is Channel.LEDGER:
        return Clocks()
    book = rulebook.book_of(row.rule_book_id)
    return clocks_for(book, book.topic(row.topic), level, urgent=row.urgent)


def _begin_turn(row: Row[Any], level: Level, now: datetime) -> dict[str, Any]:
    """The clock columns of a turn that begins now. What was imported keeps the deadline it came with."""
    ends = clocks.dues(clocks_of(row, level), now, calendar(), rulebook.book_of(row.rule_book_id).hours)
    return {
        "held_since": now,
        "sign_in_due_at": ends.sign_in,
        "signed_in_at": None,
        "contact_due_at": ends.contact,
        "contacted_at": None,
        "due_at": row.due_at if row.channel is Channel.LEDGER else ends.report,
    }


def _end_turn(after: Mapping[str, Any], level: Level, end: TurnEnd, now: datetime) -> None:
    """Put the running turn away as it stood when this step was made, and a request for more time with it."""
    database.connection().execute(
        sa.insert(Turn).values(
            issue_id=after["id"],
            building_id=after["building_id"],
            grid_id=after["grid_id"],
            community_id=after["community_id"],
            level=level,
            began_at=after["held_since"] or after["reported_at"],
            ended_at=now,
            end=end,
            month=month_of(now),
            **{name: after[name] for name in _TURN_CLOCKS},
        )
    )
    if after["extension_asked_by"] is not None:
        asked = Extension.__table__.c
        database.connection().execute(
            sa.update(Extension)
            .where(asked.issue_id == after["id"], asked.decided_at.is_(None))
            .values(decided_at=now, granted=False, answer=_PASSED_ON)
        )


_TURN_CLOCKS = ("sign_in_due_at", "signed_in_at", "contact_due_at", "contacted_at", "due_at")


def _event(
    row: Row[Any], move: Move, step: Step, details: Details, now: datetime, *, actor_id: int | None, role: Role | None
) -> int:
    text = details.text.strip()
    return _INSERT_EVENT.run(
        {
            "issue_id": row.id,
            "at": now,
            "move": move,
            "from_state": row.state,
            "to_state": step.to_state,
            "level": step.to_level,
            "actor_id": actor_id,
            "actor_role": role,
            "text": f"{step.reason}\n{text}" if text else step.reason,
        },
        outbox.due(OutboxKind.ISSUE_EVENT, now),
    )
