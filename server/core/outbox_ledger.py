"""Who works on which outbox entry: claims under a lease, the count of unknown ends, and how entries end.

An entry is claimed in a transaction of its own. Whatever its work writes is committed together with the proof that the
entry is still ours; a worker that was overtaken, because its lease ran out, finds the proof refused and leaves nothing.
"""

import os
import secrets
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from models import OutboxEntry
from models.enums import OutboxKind
from server.core import audit, database
from server.core.access import Actor
from server.core.audit import Action
from server.core.outbox import Dead, End, Entry, Later
from server.rules.permissions import Permission

LEASE = timedelta(seconds=30)  # a crashed worker's entry is taken over after this
OLDEST = timedelta(hours=72)  # what could not be done by then is dead
FIRST_PAUSE = 1.0  # seconds, after a failure; doubled each time, and spread so that failures do not march in step
LONGEST_PAUSE = 3600.0
KEPT = timedelta(days=30)

_entries = OutboxEntry.__table__
_waiting = sa.and_(_entries.c.done_at.is_(None), _entries.c.dead_at.is_(None))


class Overtaken(Exception):
    """Our lease ran out and somebody else has the entry: nothing we did for it must be kept."""


@dataclass(frozen=True, slots=True)
class Claim:
    """An entry that is ours until the lease runs out."""

    entry: Entry
    owner: str


def _due(now: datetime, kinds: Sequence[OutboxKind]) -> sa.ColumnElement[bool]:
    return sa.and_(
        _waiting,
        _entries.c.kind.in_(kinds),
        _entries.c.not_before <= now,
        sa.or_(_entries.c.leased_until.is_(None), _entries.c.leased_until <= now),
    )


def is_anything_due(now: datetime, kinds: Sequence[OutboxKind]) -> bool:
    """Whether a claim would find something. Only reads, so that looking costs SQLite's writers nothing."""
    return bool(database.connection().execute(sa.select(sa.exists().where(_due(now, kinds)))).scalar_one())


def claim(now: datetime, kinds: Sequence[OutboxKind], lease: timedelta = LEASE) -> Claim | None:
    """Take the entry that is due longest, or None. Claimers pass over each other's rows; the caller commits at once."""
    picked = (
        sa.select(_entries.c.id)
        .where(_due(now, kinds))
        .order_by(_entries.c.not_before, _entries.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .cte("picked")
    )
    owner = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(6)}"
    row = (
        database.connection()
        .execute(
            sa.update(OutboxEntry)
            .where(_entries.c.id.in_(sa.select(picked.c.id)))
            .values(owner=owner, leased_until=now + lease, attempts=_entries.c.attempts + 1)
            .returning(
                _entries.c.id,
                _entries.c.kind,
                _entries.c.subject,
                _entries.c.created_at,
                _entries.c.attempts,
                _entries.c.unsure,
                _entries.c.crashed,
            )
        )
        .one_or_none()
    )
    return None if row is None else Claim(Entry(*row), owner)


def expect_no_end(held: Claim, now: datetime, lease: timedelta = LEASE) -> None:
    """Count an attempt nobody knows the end of, before it begins: a crash during it must be known afterwards.

    Holds the entry for another lease. Raises Overtaken.
    """
    _change(held, unsure=_entries.c.unsure + 1, crashed=_entries.c.crashed + 1, leased_until=now + lease)


def note_silence(held: Claim) -> None:
    """No answer came for a moment: a crash from now on counts like an answer that never came. Raises Overtaken."""
    _change(held, crashed=_entries.c.crashed - 1)


def end(held: Claim, end: End, now: datetime, *, asked: bool, known: bool = True, crashed: bool = True) -> str:
    """Write down how an attempt ended; `asked` when it had been expected to have no end, `known` when it has one.

    `crashed` unless it was taken back before (`note_silence`). Returns the word for the log. Raises Overtaken.
    """
    counts: dict[str, object] = {"crashed": _entries.c.crashed - 1} if asked and crashed else {}
    if asked and known:
        counts["unsure"] = _entries.c.unsure - 1
    if isinstance(end, Later):
        pause = timedelta(seconds=_pause(held.entry) if end.pause is None else max(end.pause, 0.1))
        if now + pause - held.entry.created_at < OLDEST:
            _change(held, **counts, not_before=now + pause, leased_until=None, owner="", error=end.error[:200])
            return "later"
        end = Dead(f"gave up after 72 hours: {end.error}")
    if isinstance(end, Dead):
        _change(held, **counts, dead_at=now, leased_until=None, error=end.error[:200], outcome="dead")
        return "dead"
    _change(held, **counts, done_at=now, leased_until=None, error="", outcome=end.outcome, receipt=end.receipt[:80])
    return end.outcome


def _pause(entry: Entry) -> float:
    """A crash of ours has nothing to do with how the other side fares, and waited for its lease already."""
    failures = max(entry.attempts - entry.crashed - 1, 0)
    longest = min(FIRST_PAUSE * 2.0 ** min(failures, 20), LONGEST_PAUSE)
    return longest * (0.5 + secrets.randbelow(1000) / 2000)


def _change(held: Claim, **values: object) -> None:
    done = database.connection().execute(
        sa.update(OutboxEntry)
        .where(_entries.c.id == held.entry.id, _entries.c.owner == held.owner, _waiting)
        .values(values)
    )
    if done.rowcount != 1:
        raise Overtaken(f"{held.entry.kind} {held.entry.id}")


def forget_old(now: datetime) -> int:
    """Delete what was done more than 30 days ago; the dead stay until somebody looked. Returns how many."""
    return database.connection().execute(sa.delete(OutboxEntry).where(_entries.c.done_at < now - KEPT)).rowcount


@dataclass(frozen=True, slots=True)
class Standing:
    """How the entries of one kind stand."""

    kind: OutboxKind
    waiting: int
    oldest_due: datetime | None
    done: int
    dead: int


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An entry that could not be done. `error` is our own words; nothing personal."""

    id: int
    kind: OutboxKind
    created_at: datetime
    dead_at: datetime
    attempts: int
    error: str


def standings() -> list[Standing]:
    """Every kind that has entries: what waits, since when, and how the others ended."""
    waits, dead = sa.case((_waiting, 1)), sa.case((_entries.c.dead_at.is_not(None), 1))
    rows = database.connection().execute(
        sa.select(
            _entries.c.kind,
            sa.func.count(waits),
            sa.func.min(sa.case((_waiting, _entries.c.not_before)), type_=_entries.c.not_before.type),
            sa.func.count(_entries.c.done_at),
            sa.func.count(dead),
        )
        .group_by(_entries.c.kind)
        .order_by(_entries.c.kind)
    )
    return [Standing(*row) for row in rows]


def dead_letters(limit: int = 100) -> list[DeadLetter]:
    """The newest entries that could not be done."""
    rows = database.connection().execute(
        sa.select(
            _entries.c.id,
            _entries.c.kind,
            _entries.c.created_at,
            _entries.c.dead_at,
            _entries.c.attempts,
            _entries.c.error,
        )
        .where(_entries.c.dead_at.is_not(None))
        .order_by(_entries.c.id.desc())
        .limit(limit)
    )
    return [DeadLetter(*row) for row in rows]


def retry(entry_id: int, now: datetime) -> bool:
    """Give a dead entry another 72 hours. False when there is no such dead entry."""
    revived = database.connection().execute(
        sa.update(OutboxEntry)
        .where(_entries.c.id == entry_id, _entries.c.dead_at.is_not(None))
        .values(dead_at=None, created_at=now, not_before=now, owner="", outcome="", attempts=0, unsure=0, crashed=0)
    )
    return revived.rowcount == 1


def retry_as(actor: Actor, entry_id: int, now: datetime) -> bool:
    """The same in somebody's name, for the audit trail."""
    if not retry(entry_id, now):
        return False
    audit.record(
        Action.OUTBOX_RETRY, now, actor=actor, role=actor.role_for(Permission.OUTBOX_READ), subject=f"outbox:{entry_id}"
    )
    return True
