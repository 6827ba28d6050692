"""What the clock does: reminds, passes up what nobody signed in for or reported back on, ends what heard nothing.

Every piece of work holds its rows, so any number of machines may run it at once: each effect comes about once.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import Issue
from models.enums import IssueState, MessageKind, Move
from server.core import database
from server.issues import queries
from server.issues.service import audience
from server.issues.service.writing import decide, running, write
from server.notices import service as notices
from server.notices.service import Telling
from server.rules import escalation, lifecycle
from server.rules import notices as words
from server.rules.escalation import Reminder
from server.rules.levels import superior
from server.rules.lifecycle import CLOCK, Details

log = logging.getLogger("louzhang.clocks")

_issues = Issue.__table__
_BATCH = 200


def run_clocks(now: datetime) -> int:
    """Do what is due by `now` for every issue whose clock runs. Returns how many issues; a second run finds none.

    Runs in transactions of its own, a batch at a time.
    """
    return _in_batches(_issues.c.clock_at <= now, _issues.c.clock_at, lambda row: _act(row, now))


def close_silent(now: datetime) -> int:
    """End what was resolved and heard nothing for the return-visit window. Returns how many; a second run finds none.

    Runs in transactions of its own, a batch at a time.
    """

    def close(row: Row[Any]) -> None:
        step = decide(row, Move.CLOSE_SILENT, CLOCK, Details(), now)
        write(row, Move.CLOSE_SILENT, step, Details(), now, actor_id=None, role=None)

    silent = sa.and_(
        _issues.c.state == IssueState.RESOLVED, _issues.c.resolved_at <= now - lifecycle.RETURN_VISIT_WINDOW
    )
    return _in_batches(silent, _issues.c.resolved_at, close)


def _in_batches(due: Any, oldest: Any, work: Callable[[Row[Any]], None]) -> int:
    """Do some work for every issue that is due. One that cannot be worked on is logged, left as it is and passed over."""
    done, stuck = 0, list[int]()
    query = queries.FACTS.where(due).order_by(oldest).limit(_BATCH).with_for_update(of=_issues, skip_locked=True)
    while True:
        with database.transaction() as connection:
            rows = connection.execute(query.where(_issues.c.id.not_in(stuck)) if stuck else query).all()
            for row in rows:
                try:
                    with connection.begin_nested():
                        work(row)
                except Exception:
                    log.exception("the clock cannot act on issue %s", row.public_id)
                    stuck.append(row.id)
        done += len(rows)
        if len(rows) < _BATCH:
            return done - len(stuck)


def _act(row: Row[Any], now: datetime) -> None:
    verdict = escalation.act(running(row), row.clock_at, now)
    if verdict.escalate is not None:
        details = Details(cause=verdict.escalate)
        step = decide(row, Move.PASS_UP, CLOCK, details, now)
        write(row, Move.PASS_UP, step, details, now, actor_id=None, role=None)
        return
    database.connection().execute(sa.update(Issue).where(_issues.c.id == row.id).values(clock_at=verdict.next_at))
    for reminder in verdict.reminders:
        notices.tell_many(_tellings(row, reminder, now), now)


def _tellings(row: Row[Any], reminder: Reminder, now: datetime) -> list[Telling]:
    """A reminder to whoever has it in hand, and to the level above when something was missed."""
    issue: Any = database.connection().execute(audience.about(row.id)).one()
    people = set(audience.at_level(row.id, row.level, now))
    if reminder.superior_too:
        people.update(audience.at_level(row.id, superior(row.level, has_grid=row.grid_id is not None), now))
    text = words.clock_message(issue.building, issue.category, row.level, reminder.cause, reminder.at)
    facts = {**audience.facts(issue, row.level), "deadline": reminder.at.isoformat()}
    key = f"{reminder.cause}:{row.public_id}:{reminder.at:%Y%m%d%H%M}"
    return [
        Telling(person, MessageKind.OVERDUE_SOON, *text, f"/api/v1/issues/{row.public_id}", key, facts)
        for person in sorted(people)
        if person != row.reporter_id
    ]
