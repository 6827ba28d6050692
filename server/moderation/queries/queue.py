"""The office's review queue: what waits for a person, oldest first; what passed and what was withheld, newest first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import ContentCheck, Issue, IssueEvent, Photo, Place
from models.enums import CheckedBy, CheckState, HeldFor, IssueCategory, Move, Role
from server.core import access, database, paging
from server.core.access import Actor
from server.core.errors import not_found
from server.core.paging import Page
from server.moderation.queries import source
from server.rules import publicity
from server.rules.permissions import Permission
from server.rules.publicity import Publicity

_checks, _issues = ContentCheck.__table__, Issue.__table__
_events, _photos, _places = IssueEvent.__table__, Photo.__table__, Place.__table__
_about = _issues.alias("about")

OLDEST_FIRST = frozenset({CheckState.WAITING, CheckState.QUEUED})


@dataclass(frozen=True, slots=True)
class CheckView:
    """One text or photo and how its check stands. A text has no photo, a photo has no text."""

    id: str
    version: int
    state: CheckState
    state_name: str
    label: HeldFor | None
    label_name: str
    checked_by: CheckedBy | None
    checked_by_name: str
    text: str
    spot: str
    photo: str | None
    width: int | None
    height: int | None
    issue: str
    category: IssueCategory
    category_name: str
    building: str
    building_name: str
    created_at: datetime
    decided_at: datetime | None
    reason: str
    shows: bool  # whether neighbours would see it once it passes: notes, private matters and the head's never do


_VIEW: sa.Select[Any] = (
    sa.select(
        _checks.c.id.label("row_id"),
        _checks.c.public_id,
        _checks.c.version,
        _checks.c.state,
        _checks.c.label,
        _checks.c.checked_by,
        _checks.c.created_at,
        _checks.c.decided_at,
        _checks.c.reason,
        _events.c.move,
        _events.c.text.label("event_text"),
        _photos.c.public_id.label("photo"),
        _photos.c.width,
        _photos.c.height,
        _issues.c.public_id.label("issue"),
        _issues.c.category,
        _issues.c.text.label("issue_text"),
        _issues.c.spot,
        _issues.c.about_head,
        _places.c.public_id.label("building"),
        _places.c.name.label("building_name"),
    )
    .join_from(_checks, _issues, _issues.c.id == _checks.c.issue_id)
    .join(_places, _places.c.id == _checks.c.building_id)
    .outerjoin(_events, _events.c.id == _checks.c.event_id)
    .outerjoin(_photos, _photos.c.id == _checks.c.photo_id)
)


def not_about(actor: Actor) -> list[sa.ColumnElement[bool]]:
    """What `server.issues.queries.not_about` says, for checks: no complaint about herself, whatever other post she has."""
    own = [post.place_id for post in actor.posts if post.role is Role.HEAD]
    hers = (_about.c.id == _checks.c.issue_id, _about.c.about_head, _about.c.building_id.in_(own))
    return [sa.not_(sa.exists().where(*hers))] if own else []


def checks(actor: Actor, state: CheckState, cursor: str | None, limit: int) -> Page[CheckView]:
    """The checks in the actor's places that stand so, a page at a time. One query whatever the number of rows."""
    after, column = paging.decode(cursor), _checks.c.id
    seen = access.within(actor, Permission.MODERATION_READ, _checks)
    query = _VIEW.where(_checks.c.state == state, seen, *not_about(actor))
    forward = state in OLDEST_FIRST
    if after is not None:
        query = query.where(column > after if forward else column < after)
    query = query.order_by(column if forward else column.desc()).limit(limit + 1)
    return paging.page(database.connection().execute(query).all(), limit, _view, lambda row: row.row_id)


def check(actor: Actor, public_id: str) -> CheckView:
    """One check in the actor's places. Raises 404."""
    seen = access.within(actor, Permission.MODERATION_READ, _checks)
    row = (
        database.connection()
        .execute(_VIEW.where(_checks.c.public_id == public_id, seen, *not_about(actor)))
        .one_or_none()
    )
    if row is None:
        raise not_found()
    return _view(row)


def waiting_for_us(actor: Actor, most: int = paging.MOST) -> str:
    """How many wait for a person in the actor's places; "100+" above that: no total is ever counted."""
    seen = access.within(actor, Permission.MODERATION_READ, _checks)
    queued = sa.select(_checks.c.id).where(_checks.c.state == CheckState.QUEUED, seen, *not_about(actor))
    some = queued.limit(most + 1).subquery()
    count: int = database.connection().execute(sa.select(sa.func.count()).select_from(some)).scalar_one()
    return f"{most}+" if count > most else str(count)


def _view(row: Row[Any]) -> CheckView:
    is_report = row.move is Move.REPORT
    return CheckView(
        id=row.public_id,
        version=row.version,
        state=row.state,
        state_name=row.state.zh,
        label=row.label,
        label_name=row.label.zh if row.label else "",
        checked_by=row.checked_by,
        checked_by_name=row.checked_by.zh if row.checked_by else "",
        text="" if row.move is None else source.written(row.move, row.event_text, row.issue_text),
        spot=row.spot if is_report else "",
        photo=row.photo,
        width=row.width,
        height=row.height,
        issue=row.issue,
        category=row.category,
        category_name=row.category.zh,
        building=row.building,
        building_name=row.building_name,
        created_at=row.created_at,
        decided_at=row.decided_at,
        reason=row.reason,
        shows=_shows(row),
    )


def _shows(row: Row[Any]) -> bool:
    whole = publicity.publicity(row.category) is Publicity.WHOLE
    return whole and not row.about_head and row.move in (None, Move.REPORT)
