"""WeChat's verdicts and their absence. A person's word is never overturned by either."""

import logging
from datetime import datetime

import sqlalchemy as sa

from models import ContentCheck
from models.enums import CheckState, HeldFor
from server.core import database
from server.rules import moderation as rule
from server.rules.moderation import Outcome

log = logging.getLogger("louzhang.moderation")

_checks = ContentCheck.__table__
_OPEN = _checks.c.state.in_((CheckState.WAITING, CheckState.QUEUED))


def settle(check_id: int, outcome: Outcome, now: datetime) -> None:
    """Write an outcome down. The caller holds the row and knows that nobody decided."""
    decided_at = now if outcome.checked_by is not None else None
    database.connection().execute(
        sa.update(ContentCheck)
        .where(ContentCheck.id == check_id)
        .values(
            state=outcome.state,
            label=outcome.label,
            checked_by=outcome.checked_by,
            decided_at=decided_at,
            version=ContentCheck.version + 1,
        )
    )


def take_verdict(trace: str, suggestion: str | None, label: int | None, errcode: int, now: datetime) -> bool:
    """Take a pushed verdict on a photo. True when it changed something.

    Taken once: a second push of the same trace, one after a person decided, and one nobody asked for change nothing. A
    late one still settles what only waits in the queue because it was late.
    """
    found = (
        database.connection()
        .execute(
            sa.select(_checks.c.id)
            .where(
                _checks.c.trace == trace,
                _OPEN,
                _checks.c.checked_by.is_(None),  # neither WeChat nor a person has spoken
            )
            .with_for_update()
        )
        .one_or_none()
    )
    if found is None:
        log.info("a verdict that nothing waits for")
        return False
    outcome = rule.unanswered(HeldFor.UNREADABLE) if errcode else rule.after_verdict(suggestion or "", label)
    settle(found.id, outcome, now)
    return True


def queue_overdue(now: datetime) -> int:
    """Hand what waited two hours for a verdict to the office. Returns how many; a second run finds none."""
    done = database.connection().execute(
        sa.update(ContentCheck)
        .where(_checks.c.state == CheckState.WAITING, _checks.c.due_at <= now)
        .values(state=CheckState.QUEUED, label=HeldFor.LATE, version=ContentCheck.version + 1)
    )
    if done.rowcount:
        log.warning("verdicts never came", extra={"count": done.rowcount})
    return done.rowcount
