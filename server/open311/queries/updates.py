"""GET Service Request Updates, as FixMyStreet extends the standard: what happened to requests in a window, oldest first."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from server.core import crypto, database, paging
from server.open311.queries.keys import Jurisdiction
from server.open311.queries.requests import Found
from server.open311.queries.source import events, issues, own, visible
from server.rules.open311 import MOST, OWN_MOVES, PUBLIC_MOVES, day_of, status_of, whole_days


def updates(
    jurisdiction: Jurisdiction, start: datetime, end: datetime, cursor: str | None = None, most: int = MOST
) -> Found:
    """The updates of a window, at most `most`. Strangers learn that something happened, the filing system what was said."""
    mine = own(jurisdiction)
    told: sa.ColumnElement[bool] = events.c.move.in_(PUBLIC_MOVES)
    if jurisdiction.source:
        told = sa.or_(told, sa.and_(mine, events.c.move.in_(OWN_MOVES)))
    else:
        start, end = whole_days(start, end)
    query = (
        sa.select(
            events.c.id,
            events.c.at,
            events.c.move,
            events.c.to_state,
            events.c.level,
            sa.case((mine, events.c.text), else_="").label("text"),
            issues.c.public_id,
            mine.label("own"),
        )
        .join_from(events, issues, issues.c.id == events.c.issue_id)
        .where(events.c.at.between(start, end), told, visible(jurisdiction))
        .order_by(events.c.at, events.c.id)
        .limit(most + 1)
    )
    if after := paging.decode(cursor):
        earlier = events.alias("earlier")
        at = sa.select(earlier.c.at).where(earlier.c.id == after).scalar_subquery()
        query = query.where(sa.or_(events.c.at > at, sa.and_(events.c.at == at, events.c.id > after)))
    page = paging.page(database.connection().execute(query).all(), most, _told, lambda row: int(row.id))
    return Found(list(page.items), page.next_cursor)


def latest_update_of(public_id: str) -> str:
    """The id of what happened last to an issue. Asks nobody: only for an issue the caller has just moved."""
    last = (
        sa.select(sa.func.max(events.c.id))
        .join_from(events, issues, issues.c.id == events.c.issue_id)
        .where(issues.c.public_id == public_id)
    )
    return update_id(database.connection().execute(last).scalar_one())


def update_id(event_id: int) -> str:
    """What the outside calls an event: always the same, and nobody can count by it."""
    return crypto.blind_index(str(event_id), "open311.update").hex()


def _told(row: Any) -> dict[str, Any]:
    said = row.text or f"{row.move.zh}（{row.level.zh}）"
    return {
        "update_id": update_id(row.id),
        "service_request_id": row.public_id,
        "status": status_of(row.to_state).upper(),
        "updated_datetime": row.at if row.own else day_of(row.at),
        "description": said,
        "media_url": None,
    }
