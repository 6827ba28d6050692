"""Having what residents write and photograph checked: one check a text and one a photo, whoever asks how often.

A report is a resident's words whoever typed it; notes and 还没好 are checked when the reporter wrote them. Staff speak for
the office under their role: what they write, and the pictures of what they did, are not checked.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.engine import Row

from models import ContentCheck, Issue, IssueEvent, Photo, new_public_id
from models.enums import CheckState, Move, OutboxKind, PhotoUse
from server.core import database, outbox
from server.moderation import words
from server.moderation.queries import source
from server.rules import moderation as rule
from server.rules.moderation import Facts, Route
from server.rules.phrases import only_ours

_issues, _events, _photos = Issue.__table__, IssueEvent.__table__, Photo.__table__

_STATES = {Route.WECHAT: CheckState.WAITING, Route.QUEUE: CheckState.QUEUED, Route.PASS: CheckState.PASSED}

_EVENT: sa.Select[Any] = (
    sa.select(
        _events.c.id,
        _events.c.move,
        _events.c.actor_role,
        _events.c.text.label("event_text"),
        _issues.c.id.label("issue_id"),
        _issues.c.text.label("issue_text"),
        _issues.c.spot,
        _issues.c.category,
        _issues.c.reporter_id,
        _issues.c.building_id,
        _issues.c.grid_id,
        _issues.c.community_id,
        source.seen_at(_issues.c.reporter_id).label("seen_at"),
    )
    .join_from(_events, _issues, _issues.c.id == _events.c.issue_id)
    .where(_events.c.id == sa.bindparam("event"))
)


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing to be checked: a text of the event, or a photo."""

    event_id: int | None
    photo_id: int | None
    facts: Facts


def ask_for_event(event_id: int, now: datetime) -> int:
    """Make the checks an event of an issue calls for, in the current transaction. Returns how many were made.

    Asked again for the same event it makes none. What WeChat will be asked about is handed to the relay.
    """
    connection = database.connection()
    row = connection.execute(_EVENT, {"event": event_id, **source.ours()}).one_or_none()
    if row is None:
        return 0
    made = [_check(row, thing, now) for thing in (*_texts(row), *_pictures(row))]
    if not made:
        return 0
    insert = database.insert_unless_there(ContentCheck).values(made).returning(ContentCheck.id, ContentCheck.state)
    new = connection.execute(insert).all()
    outbox.put_many(OutboxKind.CONTENT_CHECK, [check.id for check in new if check.state is CheckState.WAITING], now)
    return len(new)


def whole_text(move: Move, event_text: str, issue_text: str, spot: str) -> str:
    """All that is checked of an event: what was written, with a report its spot too."""
    text = source.written(move, event_text, issue_text)
    return f"{text}\n{spot}" if move is Move.REPORT and spot else text


def _texts(row: Row[Any]) -> list[Thing]:
    by_reporter = row.actor_role is None and row.move in (Move.NOTE, Move.REOPEN)
    if row.move is not Move.REPORT and not by_reporter:
        return []
    text = whole_text(row.move, row.event_text, row.issue_text, row.spot)
    if not text:
        return []
    facts = Facts(
        configured=_configured(),
        seen_at=row.seen_at,
        hits=words.in_use().hits(text),
        length=len(text),
        ours=only_ours(text, row.category),
    )
    return [Thing(row.id, None, facts)]


def _pictures(row: Row[Any]) -> list[Thing]:
    """The photos that came with a report, whatever their sender called them."""
    if row.move is not Move.REPORT:
        return []
    of_resident = sa.or_(
        _photos.c.use == PhotoUse.REPORT,
        _photos.c.uploaded_by_id.is_(None),
        _photos.c.uploaded_by_id == row.reporter_id,
    )
    ids = database.connection().execute(
        sa.select(_photos.c.id).where(_photos.c.issue_id == row.issue_id, of_resident).order_by(_photos.c.id)
    )
    facts = Facts(configured=_configured(), seen_at=row.seen_at, photo=True)
    return [Thing(None, photo, facts) for photo in ids.scalars()]


def _configured() -> bool:
    return bool(current_app.extensions["settings"].wechat.content_check)


def _check(row: Row[Any], thing: Thing, now: datetime) -> dict[str, Any]:
    way = rule.route(thing.facts, now)
    return {
        "public_id": new_public_id(),
        "issue_id": row.issue_id,
        "event_id": thing.event_id,
        "photo_id": thing.photo_id,
        "building_id": row.building_id,
        "grid_id": row.grid_id,
        "community_id": row.community_id,
        "state": _STATES[way.route],
        "checked_by": way.checked_by,
        "label": way.label,
        "created_at": now,
        "due_at": now + rule.PATIENCE,
        "reason": "",
        "version": 1,
    }
