"""What the clock does with an issue, and when it has to look again (design §4, §5: sign-in, contact, report back).

A missed sign-in or report-back passes it up one level; a missed contact reminds the holder and the superior. District and
departments are only told, and so is whoever holds what was imported from a ledger. While suspended nothing happens.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.enums import OPEN_STATES, IssueState, Level
from server.rules.moves import Cause

SOON = timedelta(hours=24)
SOON_URGENT = timedelta(hours=2)
_LAST = frozenset({Level.DISTRICT, Level.DEPARTMENT})
_MISSED = (Cause.SIGN_IN, Cause.DUE)
_SUPERIOR_TOO = frozenset({Cause.SIGN_IN, Cause.CONTACT, Cause.DUE})


@dataclass(frozen=True, slots=True)
class Running:
    """The clocks of whoever has an issue in hand."""

    state: IssueState
    level: Level
    urgent: bool = False
    imported: bool = False
    sign_in_due_at: datetime | None = None
    signed_in_at: datetime | None = None
    contact_due_at: datetime | None = None
    contacted_at: datetime | None = None
    due_at: datetime | None = None
    suspended_until: datetime | None = None
    follow_up_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reminder:
    """Somebody is to be told. `at`: the moment it is about (of SOON the deadline itself).

    `superior_too`: the level above hears it as well.
    """

    cause: Cause
    at: datetime
    superior_too: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do now: pass it up one level for `escalate`, or tell people; then look again at `next_at`."""

    escalate: Cause | None
    reminders: tuple[Reminder, ...]
    next_at: datetime | None


def next_moment(running: Running, after: datetime) -> datetime | None:
    """When the clock next has something to do, later than `after`; None when it has nothing more to do."""
    return min((at for _, at in _moments(running) if at > after), default=None)


def act(running: Running, since: datetime, now: datetime) -> Verdict:
    """What the clock does at `now` with an issue that it was to look at from `since` on."""
    next_at = next_moment(running, now)
    if running.suspended_until is not None and running.suspended_until > now:
        return Verdict(None, (), running.suspended_until)
    passed = [(cause, at) for cause, at in _moments(running) if at <= now]
    if running.level not in _LAST and not running.imported:
        missed = next((cause for cause, _ in sorted(passed, key=lambda one: one[1]) if cause in _MISSED), None)
        if missed is not None:
            return Verdict(missed, (), next_at)
    due_too = any(cause is Cause.DUE for cause, _ in passed)
    reminders = tuple(
        Reminder(cause, (running.due_at or at) if cause is Cause.SOON else at, cause in _SUPERIOR_TOO)
        for cause, at in passed
        if at >= since and not (cause is Cause.SOON and due_too)
    )
    return Verdict(None, reminders, next_at)


def _moments(running: Running) -> Iterator[tuple[Cause, datetime]]:
    if running.state not in OPEN_STATES:
        return
    if running.suspended_until is not None:
        yield Cause.RESUMED, running.suspended_until
    if running.level is Level.DEPARTMENT:
        return  # each whistle has clocks of its own (`rules.whistling`)
    if running.due_at is not None:
        yield Cause.SOON, running.due_at - (SOON_URGENT if running.urgent else SOON)
    if running.imported:
        return
    if running.sign_in_due_at is not None and running.signed_in_at is None:
        yield Cause.SIGN_IN, running.sign_in_due_at
    if running.contact_due_at is not None and running.contacted_at is None:
        yield Cause.CONTACT, running.contact_due_at
    if running.due_at is not None:
        yield Cause.DUE, running.due_at
    if running.follow_up_at is not None:
        yield Cause.FOLLOW_UP, running.follow_up_at
