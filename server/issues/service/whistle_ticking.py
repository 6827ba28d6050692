"""What the clocks of whistles do: remind a department, tell its caller and the district. The whistle stays where it is.

Every batch holds its whistles, so any number of machines may run it at once: each effect comes about once.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models import Whistle
from models.enums import Level, MessageKind
from server.core import database
from server.issues import queries
from server.issues.service import audience
from server.issues.service.whistle_telling import ROWS, callers_of, people_of, telling
from server.notices import service as notices
from server.notices.service import Telling
from server.rules import whistle_words as words
from server.rules import whistling
from server.rules.whistling import Alarm

_w = Whistle.__table__
_BATCH = 200


def run_whistle_clocks(now: datetime, *, batch: int = _BATCH) -> int:
    """Do what is due by `now` for every open whistle. Returns how many were looked at; a second run finds none.

    Runs in transactions of its own, a batch at a time.
    """
    done = 0
    due = ROWS.where(_w.c.clock_at <= now).order_by(_w.c.clock_at).limit(batch)
    while True:
        with database.transaction() as connection:
            rows = connection.execute(due.with_for_update(of=_w, skip_locked=True)).all()
            _look_at(rows, now)
        done += len(rows)
        if len(rows) < batch:
            return done


def _look_at(rows: Any, now: datetime) -> None:
    if not rows:
        return
    called = people_of([row.id for row in rows], now)
    found: list[Telling] = []
    next_at = []
    for row in rows:
        facts = queries.facts_of_whistle(row)
        look = whistling.look(facts, row.clock_at, now, urgent=row.urgent, suspended_until=row.suspended_until)
        next_at.append({"_id": row.id, "_next": look.next_at})
        for alarm in look.alarms:
            found += _alarm(row, alarm, called.get(row.id, []), now)
    columns = _w.c
    change = sa.update(Whistle).where(columns.id == sa.bindparam("_id")).values(clock_at=sa.bindparam("_next"))
    database.connection().execute(change, next_at)
    notices.tell_many(found, now)


def _alarm(row: Any, alarm: Alarm, theirs: list[int], now: datetime) -> list[Telling]:
    """The department always; who called it when something was missed; the district when the report was."""
    by = row.sign_in_due_at if alarm is Alarm.SIGN_IN else row.due_at
    key = f"whistle-{alarm}:{row.public_id}:{by:%Y%m%d%H%M}"
    named, but = (row.building, row.category, row.department), (row.reporter_id,)
    kind = MessageKind.OVERDUE_SOON if alarm is Alarm.SOON else MessageKind.URGED
    found = telling(row, theirs, kind, words.alarm_message(*named, alarm, by, own=True), key, but)
    if alarm is Alarm.SOON:
        return found
    others = set(callers_of(row, now))
    if alarm is Alarm.REPORT:
        others.update(audience.at_level(row.issue_id, Level.DISTRICT, now))
    text = words.alarm_message(*named, alarm, by, own=False)
    return found + telling(row, sorted(others), MessageKind.PROGRESS, text, f"{key}:above", (*but, *theirs))
