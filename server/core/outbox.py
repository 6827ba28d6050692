"""What is still to be done after a commit: a row beside its cause, a relay that does it, an end that is written down.

Rooms `put` entries in their own transaction. `server.jobs.relay` claims them and hands each to the `Handler` its kind is
given in `server.jobs.relay.HANDLERS`. Nothing here knows what the entries mean.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import sqlalchemy as sa

from models import OutboxEntry
from models.enums import OutboxKind
from server.core import database
from server.core.hot import Hot, Link
from wechat.gateway import Gateway, WeChatBusy, WeChatError, WeChatMisconfigured

_COLUMNS = (
    *("kind", "subject", "created_at", "not_before", "owner", "attempts", "unsure", "crashed"),
    *("outcome", "error", "receipt"),
)
_PUT = Hot(sa.insert(OutboxEntry), _COLUMNS)
# Behind the row that caused it, in a `Chain`: `Chain(Link(IssueEvent, …), outbox.LINK).run(event, outbox.due(kind, now))`.
LINK = Link(OutboxEntry, tuple(name for name in _COLUMNS if name != "subject"), "subject")
_FRESH = {"owner": "", "attempts": 0, "unsure": 0, "crashed": 0, "outcome": "", "error": "", "receipt": ""}


@dataclass(frozen=True, slots=True)
class Entry:
    """A claimed entry. `attempts` counts this one too; `unsure` those whose end nobody knows.

    `crashed` counts those of them that broke off in the first moment, when a healthy other side is just doing it.
    """

    id: int
    kind: OutboxKind
    subject: int
    created_at: datetime
    attempts: int
    unsure: int
    crashed: int = 0


@dataclass(frozen=True, slots=True)
class Done:
    """It is over, well or for a good reason: `outcome` says which, in a word."""

    outcome: str
    receipt: str = ""


@dataclass(frozen=True, slots=True)
class Later:
    """It is worth another try after a pause (seconds; None: the relay's own growing pauses)."""

    error: str
    pause: float | None = None


@dataclass(frozen=True, slots=True)
class Dead:
    """It cannot be done, and somebody should see it: `error` says why in words of ours, nothing personal."""

    error: str


End = Done | Later | Dead


class Handler(Protocol):
    """How one kind of entry is done, in three steps, so that no transaction is open while WeChat thinks.

    A crash between the steps repeats all of them: `load` must bear being called again for the same entry.
    """

    def load(self, entry: Entry, now: datetime) -> Any:
        """In a transaction of its own: read what is needed and set it aside. An `End` ends the entry without `ask`."""

    def ask(self, gateway: Gateway, loaded: Any) -> Any:
        """Outside any transaction: ask WeChat. May raise `WeChatError`."""

    def settle(self, entry: Entry, loaded: Any, answer: Any | WeChatError, now: datetime) -> End:
        """In the transaction that ends the entry: write down what came of it."""


def due(kind: OutboxKind, now: datetime, *, after: timedelta = timedelta(0)) -> dict[str, Any]:
    """The values of a new entry, but for the row it is about."""
    return {**_FRESH, "kind": kind, "created_at": now, "not_before": now + after}


def put(kind: OutboxKind, subject: int, now: datetime, *, after: timedelta = timedelta(0)) -> None:
    """Have something done for a row after this transaction's commit. Once a row and kind: a second raises."""
    _PUT.run({**due(kind, now, after=after), "subject": subject})


def put_many(kind: OutboxKind, subjects: list[int], now: datetime, *, a_second: int = 0) -> None:
    """The same for many rows in one statement; rows that have an entry are passed over.

    `a_second` spreads the rows over time, so that what is put meanwhile need not wait behind all of them.
    """
    if subjects:
        rows = [
            {
                **due(kind, now, after=timedelta(seconds=nth // a_second if a_second else 0)),
                "subject": subject,
            }
            for nth, subject in enumerate(subjects)
        ]
        database.connection().execute(database.insert_unless_there(OutboxEntry), rows)


def put_again(kind: OutboxKind, subjects: list[int], now: datetime) -> None:
    """The same, and what ended before, well or dead, begins anew; what still waits is left alone."""
    table = OutboxEntry.__table__.c
    for chunk in database.in_chunks(subjects):
        database.connection().execute(
            sa.update(OutboxEntry)
            .where(
                table.kind == kind,
                table.subject.in_(chunk),
                sa.or_(table.done_at.is_not(None), table.dead_at.is_not(None)),
            )
            .values(**_FRESH, created_at=now, not_before=now, leased_until=None, done_at=None, dead_at=None)
        )
    put_many(kind, subjects, now)


def end_of(error: WeChatError) -> Later | Dead:
    """How most handlers take an error: wait out what passes, bring the rest before somebody's eyes."""
    if isinstance(error, WeChatBusy | WeChatMisconfigured) or error.unsure:
        return Later(str(error), error.retry_after)
    return Dead(str(error))
