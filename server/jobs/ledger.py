"""Who runs which slot: rows of `job_runs`, claimed under a lease, so that a slot runs once however many machines tick.

A claim is committed before its work begins. The work's last step and the mark "done" are committed together; a run that
was overtaken, because its lease ran out, finds its mark refused and leaves nothing behind.
"""

import os
import secrets
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from models import JobRun
from server.core import database

LEASE = timedelta(minutes=5)  # a crashed run is taken over after this; steps of a long job renew it
FIRST_PAUSE = timedelta(minutes=1)  # after a failure; doubled each time
LONGEST_PAUSE = timedelta(hours=1)
KEPT = timedelta(days=400)


class Overtaken(Exception):
    """Our lease ran out and somebody else has the slot: what we did since the last step must not be kept."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A slot that is ours until the lease runs out."""

    name: str
    slot: str
    owner: str
    attempt: int


def open_slots(name: str, due: Sequence[str], now: datetime) -> list[str]:
    """Which of the due slots (oldest first) nobody has done and nobody is running.

    A job that never ran begins with the newest slot: what was due before this house stood is not its business.
    """
    conn = database.connection()
    first = conn.execute(sa.select(sa.func.min(JobRun.slot)).where(JobRun.name == name)).scalar()
    if first is None:
        return list(due[-1:])
    rows = conn.execute(
        sa.select(JobRun.slot).where(
            JobRun.name == name,
            JobRun.slot.in_(due),
            sa.or_(JobRun.done_at.is_not(None), JobRun.leased_until > now),
        )
    )
    closed = set(rows.scalars())
    return [slot for slot in due if slot >= first and slot not in closed]


def claim(name: str, slot: str, now: datetime) -> Claim | None:
    """Take a slot, or None when another was faster. The caller commits before it begins to work."""
    conn = database.connection()
    conn.execute(
        database.insert_unless_there(JobRun).values(
            name=name, slot=slot, owner="", leased_until=now, attempts=0, error=""
        )
    )
    owner = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
    attempt = conn.execute(
        sa.update(JobRun)
        .where(JobRun.name == name, JobRun.slot == slot, JobRun.done_at.is_(None), JobRun.leased_until <= now)
        .values(owner=owner, leased_until=now + LEASE, attempts=JobRun.attempts + 1)
        .returning(JobRun.attempts)
    ).scalar()
    return None if attempt is None else Claim(name, slot, owner, attempt)


def renew(held: Claim, now: datetime) -> None:
    """Hold a slot for longer. Raises Overtaken."""
    _change(held, leased_until=now + LEASE)


def finish(held: Claim, now: datetime) -> None:
    """Mark a slot done, in the transaction of its last step. Raises Overtaken."""
    _change(held, done_at=now, leased_until=now, error="")


def fail(held: Claim, error: BaseException, now: datetime) -> None:
    """Remember what kind of error it was, and let the slot be tried again after a pause that grows."""
    pause = min(FIRST_PAUSE * 2 ** min(held.attempt - 1, 10), LONGEST_PAUSE)
    _change(held, error=type(error).__name__[:200], leased_until=now + pause)


def _change(held: Claim, **values: object) -> None:
    done = database.connection().execute(
        sa.update(JobRun)
        .where(JobRun.name == held.name, JobRun.slot == held.slot, JobRun.owner == held.owner, JobRun.done_at.is_(None))
        .values(values)
    )
    if done.rowcount != 1:
        raise Overtaken(f"{held.name} {held.slot}")


def forget_old(now: datetime) -> int:
    """Delete what was done more than 400 days ago. Returns how many."""
    return database.connection().execute(sa.delete(JobRun).where(JobRun.done_at < now - KEPT)).rowcount


@dataclass(frozen=True, slots=True)
class State:
    """How the newest known slot of a job stands."""

    name: str
    slot: str
    done_at: datetime | None
    attempts: int
    error: str


def newest() -> list[State]:
    """The newest slot of every job that ever ran."""
    last = sa.select(JobRun.name, sa.func.max(JobRun.slot).label("slot")).group_by(JobRun.name).subquery()
    rows = database.connection().execute(
        sa.select(JobRun.name, JobRun.slot, JobRun.done_at, JobRun.attempts, JobRun.error)
        .join(last, sa.and_(JobRun.name == last.c.name, JobRun.slot == last.c.slot))
        .order_by(JobRun.name)
    )
    return [State(*row) for row in rows]
