"""GET Service Requests: one statement whatever the number of rows, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from models.enums import IssueState, Level, Move
from server.core import database, paging
from server.core.errors import not_found
from server.moderation.queries import TEXT_PASSED
from server.open311.queries.keys import Jurisdiction
from server.open311.queries.source import (
    PLACES,
    address_of,
    events,
    issues,
    own,
    visible,
    with_places,
)
from server.rules import publicity
from server.rules.open311 import CATEGORIES, MOST, day_of, states_of, status_of, whole_days
from server.rules.open311 import Status as Open311Status
from server.rules.publicity import Publicity


@dataclass(frozen=True, slots=True)
class Search:
    """What is asked for. `ids` overrides everything else, as the standard says."""

    start: datetime
    end: datetime
    ids: Sequence[str] = ()
    services: Sequence[str] = ()
    statuses: Sequence[Open311Status] = field(default_factory=list)
    cursor: str | None = None
    most: int = MOST


class Found(NamedTuple):
    """An answer's things, and the cursor of what did not fit."""

    items: list[dict[str, Any]]
    next_cursor: str | None


_latest = sa.select(sa.func.max(events.c.at)).where(events.c.issue_id == issues.c.id).correlate(issues)
_filed = events.alias("filed")


def _columns(jurisdiction: Jurisdiction) -> sa.Select[Any]:
    mine = own(jurisdiction)
    whole = issues.c.category.in_([c for c in publicity.LISTED if publicity.publicity(c) is Publicity.WHOLE])
    told = sa.and_(whole, sa.not_(issues.c.about_head), TEXT_PASSED)
    return sa.select(
        issues.c.id,
        issues.c.public_id,
        issues.c.category,
        issues.c.topic,
        issues.c.topic_name,
        issues.c.state,
        issues.c.level,
        issues.c.reported_at,
        issues.c.resolved_at,
        issues.c.ended_at,
        issues.c.due_at,
        # Read only where it may be shown: what did not pass never leaves the database.
        sa.case((mine, issues.c.text), (told, sa.func.substr(issues.c.text, 1, publicity.READ_AHEAD)), else_="").label(
            "text"
        ),
        sa.case((mine, issues.c.outcome), else_="").label("outcome"),
        sa.case((mine, issues.c.responsible), else_="").label("responsible"),
        mine.label("own"),
        _latest.scalar_subquery().label("latest_at"),
        *PLACES,
    )


def requests(jurisdiction: Jurisdiction, search: Search) -> Found:
    """The newest requests that were made in a window, at most `search.most`; by their ids whenever they were made."""
    columns = _columns(jurisdiction)
    if search.ids:
        query = with_places(columns.select_from(issues)).where(issues.c.public_id.in_(search.ids[:MOST]))
        query = query.order_by(issues.c.id.desc())
        rows = database.connection().execute(query.where(visible(jurisdiction))).all()
        return Found([_told(row) for row in rows], None)
    start, end = (search.start, search.end) if jurisdiction.source else whole_days(search.start, search.end)
    # By the event of reporting, whose index by time serves the updates too.
    query = with_places(columns.join_from(_filed, issues, issues.c.id == _filed.c.issue_id)).where(
        _filed.c.move == Move.REPORT, _filed.c.at.between(start, end), visible(jurisdiction), *_narrowed(search)
    )
    if after := paging.decode(search.cursor):
        before = sa.select(_filed.c.at).where(_filed.c.issue_id == after, _filed.c.move == Move.REPORT)
        same = before.correlate(None).scalar_subquery()
        query = query.where(sa.or_(_filed.c.at < same, sa.and_(_filed.c.at == same, issues.c.id < after)))
    query = query.order_by(_filed.c.at.desc(), issues.c.id.desc()).limit(search.most + 1)
    page = paging.page(database.connection().execute(query).all(), search.most, _told, lambda row: int(row.id))
    return Found(list(page.items), page.next_cursor)


def _narrowed(search: Search) -> list[sa.ColumnElement[bool]]:
    conditions = []
    if search.services:
        conditions.append(sa.or_(*(_of_service(code) for code in search.services)))
    if search.statuses:
        states: set[IssueState] = set().union(*(states_of(status) for status in search.statuses))
        conditions.append(issues.c.state.in_(sorted(states)))
    return conditions


def _of_service(code: str) -> sa.ColumnElement[bool]:
    """Issues of a service: `leak` for the whole category, `leak.roof` for one topic. An unknown one has none."""
    name, _, topic = code.partition(".")
    if name not in CATEGORIES:
        return sa.false()
    of_category: sa.ColumnElement[bool] = issues.c.category == CATEGORIES[name]
    return sa.and_(of_category, issues.c.topic == topic) if topic else of_category


def request(jurisdiction: Jurisdiction, public_id: str) -> dict[str, Any]:
    """One request of the jurisdiction. Raises 404, the same for what is not there and what is not told."""
    query = with_places(_columns(jurisdiction).select_from(issues))
    row = (
        database.connection().execute(query.where(issues.c.public_id == public_id, visible(jurisdiction))).one_or_none()
    )
    if row is None:
        raise not_found()
    return _told(row)


def _told(row: Any) -> dict[str, Any]:
    status = status_of(row.state)
    closed_at = (row.ended_at or row.resolved_at) if status is Open311Status.CLOSED else None
    updated_at, text = closed_at or row.latest_at or row.reported_at, row.text
    requested_at = row.reported_at
    expected_at = row.due_at if status is Open311Status.OPEN else None
    if not row.own:  # a deadline is counted from the report: its minute would tell the other
        updated_at, requested_at, text = day_of(updated_at), day_of(requested_at), publicity.excerpt(text)
        expected_at = day_of(expected_at) if expected_at else None
    return {
        "service_request_id": row.public_id,
        "status": str(status),
        "status_notes": _notes(row),
        "service_name": row.topic_name or row.category.zh,
        "service_code": f"{row.category}.{row.topic}" if row.topic else str(row.category),
        "description": text or None,
        "agency_responsible": _agency(row),
        "service_notice": None,
        "requested_datetime": requested_at,
        "updated_datetime": updated_at,
        "expected_datetime": expected_at,
        "address": address_of(row),
        "address_id": row.building,
        "zipcode": None,
        "lat": None,
        "long": None,
        "media_url": None,
    }


def _notes(row: Any) -> str:
    """The state in our words; for who filed it also what was done, or who is responsible."""
    more = [row.outcome]
    if row.state is IssueState.DECLINED and row.responsible:
        more.append(f"负责单位：{row.responsible}")
    return "。".join([row.state.zh, *filter(None, more)])


def _agency(row: Any) -> str:
    """Who has it in hand: role and unit, never a name."""
    unit = {
        Level.COMMUNITY: row.community_name, Level.STREET: row.street_name, Level.DISTRICT: row.district_name,
    }.get(row.level)  # fmt: skip
    return str(unit or row.level.zh)
