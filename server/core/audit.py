"""The audit trail: append-only and hash-chained, so that a missing or changed row shows.

hash = SHA-256(previous hash ‖ canonical JSON of the row). The database refuses UPDATE and DELETE (migration); the chain
tells when somebody with more power than the database did it anyway.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from models import AuditEvent
from models.enums import Role
from server.core import database
from server.core.access import Actor

START = "0" * 64


class Action(StrEnum):
    """What can be in the trail: `subject:verb`. Keep alphabetised."""

    API_KEY_MAKE = "api_key:make"
    API_KEY_RENEW = "api_key:renew"
    API_KEY_REVOKE = "api_key:revoke"
    APPOINTMENT_END = "appointment:end"
    APPOINTMENT_START = "appointment:start"
    BOOK_PUBLISH = "book:publish"
    CODE_REVOKE = "code:revoke"
    CODE_ROTATE = "code:rotate"
    COMMON_CHANGE = "common:change"
    COMMON_ISSUES = "common:issues"
    COMMON_MAKE = "common:make"
    CONTENT_DECIDE = "content:decide"
    DEDUCTION_CANCEL = "deduction:cancel"
    DEDUCTION_ENTER = "deduction:enter"
    DEPARTMENT_CHANGE = "department:change"
    DUTY_DECIDE = "duty:decide"
    FIGURES_EXPORT = "figures:export"
    HOUSEHOLD_CHANGE = "household:change"
    HOUSEHOLD_EXPORT = "household:export"
    HOUSEHOLD_IMPORT = "household:import"
    HOUSEHOLD_REVEAL = "household:reveal"
    INSPECTION_WRITE = "inspection:write"
    INVITATION_ACCEPT = "invitation:accept"
    INVITATION_MAKE = "invitation:make"
    INVITATION_REVOKE = "invitation:revoke"
    ISSUE_EXPORT = "issue:export"
    ISSUE_REVEAL = "issue:reveal"
    LEDGER_IMPORT = "ledger:import"
    MONTH_CORRECT = "month:correct"
    MONTH_DRAFT = "month:draft"
    MONTH_NOTICE = "month:notice"
    MONTH_PUBLISH = "month:publish"
    MONTH_SEAL = "month:seal"
    NOTICE_SEND = "notice:send"
    OUTBOX_RETRY = "outbox:retry"
    PERSON_CREATE = "person:create"
    PERSON_DISABLE = "person:disable"
    PERSON_ENABLE = "person:enable"
    PERSON_FORGET = "person:forget"
    PERSON_PASSWORD = "person:password"  # noqa: S105 -- a word of the trail, not a password
    PLACE_CHANGE = "place:change"
    PLACE_IMPORT = "place:import"
    RANKING_EXPORT = "ranking:export"
    REPORTER_ASK = "reporter:ask"
    REPORTER_DECIDE = "reporter:decide"
    REPORTER_LOOK = "reporter:look"
    RESIDENT_ERASE = "resident:erase"
    SESSION_END = "session:end"
    SESSION_START = "session:start"
    TEMPLATE_CHANGE = "template:change"


@dataclass(frozen=True, slots=True)
class Break:
    """The first row at which the chain does not hold."""

    event_id: int
    what: str


_table = AuditEvent.__table__


def record(
    action: Action,
    now: datetime,
    *,
    actor: Actor | None = None,
    actor_id: int | None = None,
    role: Role | None = None,
    subject: str = "",
    place_id: int | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Append one event in the current transaction. `detail` holds ids, counts and reasons, never personal data.

    `actor_id` is for the moment of signing in, when there is no actor yet. A job or command has neither.
    """
    database.advisory_lock("audit")
    conn = database.connection()
    previous = conn.execute(sa.select(_table.c.hash).order_by(_table.c.id.desc()).limit(1)).scalar() or START
    row: dict[str, Any] = {
        "at": now,
        "actor_id": actor.person_id if actor else actor_id,
        "actor_role": role if role or not actor or not actor.posts else actor.posts[0].role,
        "action": str(action),
        "subject": subject,
        "place_id": place_id,
        "detail": dict(detail or {}),
        "previous_hash": previous,
    }
    conn.execute(sa.insert(AuditEvent).values(**row, hash=_hash(row)))


def _hash(row: Mapping[str, Any]) -> str:
    told = [
        row["previous_hash"],
        row["at"].isoformat(),
        row["actor_id"],
        str(row["actor_role"]) if row["actor_role"] else None,
        row["action"],
        row["subject"],
        row["place_id"],
        row["detail"],
    ]
    text = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def verify() -> tuple[int, Break | None]:
    """Walk the whole chain. Returns how many rows were read and the first bad one, if any."""
    previous, count = START, 0
    rows = database.connection().execution_options(yield_per=1000).execute(sa.select(_table).order_by(_table.c.id))
    for row in rows:
        count += 1
        if row.previous_hash != previous:
            return count, Break(row.id, "a row before it is missing or was changed")
        if row.hash != _hash(row._asdict()):
            return count, Break(row.id, "the row itself was changed")
        previous = row.hash
    return count, None
