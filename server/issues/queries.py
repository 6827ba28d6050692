"""Reading issues: lists by keyset, one issue with its timeline, and the locked rows that moves start from.

Staff see what lies in their places, with two exceptions that are part of the law: a head never sees what is about her,
and a department sees only what was passed to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.engine import Row

from models import ContentCheck, Issue, IssueEvent, Place
from models.enums import (
    AWAITING_REPORTER,
    ENDED_STATES,
    OPEN_STATES,
    Channel,
    CheckState,
    IssueCategory,
    IssueState,
    Level,
    Move,
    PlaceKind,
    Role,
)
from server.core import access, database, paging
from server.core.access import Actor, Post
from server.core.errors import forbidden, not_found
from server.core.hot import Hot
from server.core.paging import Page
from server.issues import claims
from server.photos import queries as photos
from server.photos.queries import PhotoView
from server.rules import lifecycle
from server.rules.permissions import Permission

_issues, _events, _places = Issue.__table__, IssueEvent.__table__, Place.__table__
_checks = ContentCheck.__table__
_joiner = _issues.alias("joiner")

FAMILIES: dict[str, frozenset[IssueState]] = {"open": OPEN_STATES, "waiting": AWAITING_REPORTER, "ended": ENDED_STATES}
EXCERPT = 60

# What a move needs of an issue; also the building's ancestors, to tell whose post covers it.
FACTS: sa.Select[Any] = sa.select(
    _issues.c.id,
    _issues.c.public_id,
    _issues.c.state,
    _issues.c.level,
    _issues.c.category,
    _issues.c.about_head,
    _issues.c.reporter_id,
    _issues.c.contact_sealed,
    _issues.c.accepted_at,
    _issues.c.resolved_by_id,
    _issues.c.resolved_level,
    _issues.c.resolved_at,
    _issues.c.ended_at,
    _issues.c.rework,
    _issues.c.version,
    _issues.c.building_id,
    _issues.c.grid_id,
    _issues.c.community_id,
    _places.c.street_id,
    _places.c.district_id,
    _places.c.estate_id,
    sa.exists().where(_joiner.c.duplicate_of_id == _issues.c.id).label("has_joiners"),
).join_from(_issues, _places, _places.c.id == _issues.c.building_id)


@dataclass(frozen=True, slots=True)
class IssueItem:
    """An issue in a list."""

    id: str
    category: IssueCategory
    state: IssueState
    state_name: str
    level: Level
    excerpt: str
    spot: str
    building: str
    building_name: str
    reported_at: datetime
    rework: int


@dataclass(frozen=True, slots=True)
class EventView:
    """One line of the timeline. `who` is a role in words, never a name."""

    at: datetime
    move: Move
    move_name: str
    to_state: IssueState
    level: Level
    role: Role | None
    who: str
    text: str
    check: CheckState | None = None  # whether the public may see the text; None: nobody was asked


@dataclass(frozen=True, slots=True)
class IssueView:
    """An issue with its timeline."""

    id: str
    category: IssueCategory
    category_name: str
    state: IssueState
    state_name: str
    level: Level
    level_name: str
    text: str
    spot: str
    channel: Channel
    building: str
    building_name: str
    about_head: bool
    has_contact: bool
    reported_at: datetime
    due_at: datetime | None
    resolved_at: datetime | None
    ended_at: datetime | None
    outcome: str
    responsible: str
    duplicate_of: str | None
    rework: int
    photos: Sequence[PhotoView]
    timeline: Sequence[EventView]
    moves: Sequence[Move]


@dataclass(frozen=True, slots=True)
class JoinedView:
    """What the reporter of a joined issue may know of the other one: how it stands and what its handler said was done.

    Nothing of its text, place or timeline: that one has a reporter of its own.
    """

    state: IssueState
    level: Level
    outcome: str
    responsible: str
    resolved_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to."""

    state: IssueState | None = None
    family: str | None = None
    category: IssueCategory | None = None
    level: Level | None = None
    building: str | None = None
    cursor: str | None = None
    limit: int = field(default=paging.LIMIT)


def narrow(post: Post, columns: Any) -> ColumnElement[bool] | None:
    """The two exceptions: a complaint about a head never reaches her, a department sees what was passed to it."""
    if post.role is Role.HEAD:
        of_others: ColumnElement[bool] = sa.not_(columns.about_head)
        return of_others
    if post.role is Role.DEPARTMENT:
        passed_up: ColumnElement[bool] = columns.level == Level.DEPARTMENT
        return passed_up
    return None


def not_about(posts: Sequence[Post], columns: Any) -> ColumnElement[bool]:
    """The first exception holds whatever other post she has: a clerk who is a head sees no complaint about herself."""
    own = [post.place_id for post in posts if post.role is Role.HEAD]
    if not own or len(own) == len(posts):  # those who are heads only: `narrow` has seen to it
        return sa.true()
    return sa.not_(sa.or_(*(sa.and_(columns.about_head, columns.building_id == place) for place in own)))


def lock_for_staff(actor: Actor, permission: Permission, public_id: str) -> Row[Any]:
    """An issue's facts, held until the transaction ends. 404 out of scope, 403 without the right there."""
    allowed = access.within(actor, permission, _issues, narrow=narrow)
    seen = access.within(actor, Permission.ISSUE_READ, _issues, narrow=narrow)
    mine = not_about(actor.posts, _issues.c)
    row = _lock(FACTS.add_columns(allowed.label("_allowed")).where(_issues.c.public_id == public_id, seen, mine))
    if not row._allowed:
        raise forbidden()
    return row


def lock_own(actor: Actor, public_id: str) -> Row[Any]:
    """The facts of an issue the actor reported."""
    return _lock(FACTS.where(_issues.c.public_id == public_id, _issues.c.reporter_id == actor.person_id))


def lock_claimed(claim: str) -> Row[Any]:
    """The facts of the issue a claim code belongs to."""
    index = claims.index(claim)
    if index is None:
        raise not_found()
    return _lock(FACTS.where(_issues.c.claim_index == index))


def _lock(query: sa.Select[Any]) -> Row[Any]:
    row = database.connection().execute(query.with_for_update(of=_issues)).one_or_none()
    if row is None:
        raise not_found()
    return row


_LIST: sa.Select[Any] = sa.select(
    _issues.c.id,
    _issues.c.public_id,
    _issues.c.category,
    _issues.c.state,
    _issues.c.level,
    sa.func.substr(_issues.c.text, 1, EXCERPT).label("excerpt"),
    _issues.c.spot,
    _issues.c.reported_at,
    _issues.c.rework,
    _places.c.public_id.label("building"),
    _places.c.name.label("building_name"),
).join_from(_issues, _places, _places.c.id == _issues.c.building_id)


def page_for_staff(actor: Actor, filters: Filters) -> Page[IssueItem]:
    """The newest issues in the actor's places, a page at a time. One query whatever the number of rows."""
    posts = actor.posts_granting(Permission.ISSUE_LIST)
    return _page(access.shape_of(posts), access.places_of(posts), filters)


def page_of_own(actor: Actor, filters: Filters) -> Page[IssueItem]:
    """What the actor reported, newest first."""
    return _page(None, {"reporter_id": actor.person_id}, filters)


def _page(shape: access.Shape | None, values: dict[str, Any], filters: Filters) -> Page[IssueItem]:
    after = paging.decode(filters.cursor)
    given = {
        "state": filters.state,
        "category": filters.category,
        "level": filters.level,
        "building": filters.building,
        "after": after,
    }
    given = {name: value for name, value in given.items() if value is not None}
    family = filters.family if filters.state is None else None
    statement = _statement(shape, family, frozenset(given))
    rows = statement.all({**values, **given, "rows": filters.limit + 1})
    return paging.page(rows, filters.limit, _item, lambda row: row[0])


@lru_cache(maxsize=512)
def _statement(shape: access.Shape | None, family: str | None, given: frozenset[str]) -> Hot:
    """The list's statement for a shape of posts (None: the reporter's own) and a choice of filters, built once."""
    columns = _issues.c
    if shape is None:
        query = _LIST.where(columns.reporter_id == sa.bindparam("reporter_id"))
    else:
        posts = access.stand_ins(shape)
        query = _LIST.where(access.within_posts(posts, _issues, narrow), not_about(posts, columns))
    building = sa.select(_places.c.id).where(
        _places.c.public_id == sa.bindparam("building"), _places.c.kind == PlaceKind.BUILDING
    )
    conditions = {
        "state": columns.state == sa.bindparam("state", type_=columns.state.type),
        "category": columns.category == sa.bindparam("category", type_=columns.category.type),
        "level": columns.level == sa.bindparam("level", type_=columns.level.type),
        "building": columns.building_id == building.scalar_subquery(),
        "after": columns.id < sa.bindparam("after", type_=sa.BigInteger),
    }
    query = query.where(*(conditions[name] for name in sorted(given)))
    if family is not None:
        query = query.where(sa.or_(*(columns.state == sa.literal_column(f"'{s}'") for s in sorted(FAMILIES[family]))))
    return Hot(query.order_by(columns.id.desc()).limit(sa.bindparam("rows", type_=sa.Integer)))


def _item(row: Any) -> IssueItem:
    _, public_id, category, state, level, excerpt, spot, reported_at, rework, building, building_name = row
    return IssueItem(
        public_id, category, state, state.zh, level, excerpt, spot, building, building_name, reported_at, rework
    )


_target = _issues.alias("target")
_DETAIL = (
    sa.select(
        *_issues.c,
        _places.c.public_id.label("building"),
        _places.c.name.label("building_name"),
        _places.c.street_id,
        _places.c.district_id,
        _places.c.estate_id,
        _target.c.public_id.label("duplicate_of"),
        sa.exists().where(_joiner.c.duplicate_of_id == _issues.c.id).label("has_joiners"),
    )
    .join_from(_issues, _places, _places.c.id == _issues.c.building_id)
    .outerjoin(_target, _target.c.id == _issues.c.duplicate_of_id)
)


def for_staff(actor: Actor, public_id: str) -> IssueView:
    """An issue in the actor's places, with the moves its covering post could make now."""
    seen = access.within(actor, Permission.ISSUE_READ, _issues, narrow=narrow)
    row = _one(_DETAIL.where(_issues.c.public_id == public_id, seen, not_about(actor.posts, _issues.c)))
    moves: set[Move] = set()
    for post in actor.posts_granting(Permission.ISSUE_READ):
        if access.covers(post, row):
            moves.update(lifecycle.moves_open_to(facts_of(row), lifecycle.staff(post.role, actor.person_id)))
    return _view(row, [move for move in Move if move in moves])


def for_reporter(actor: Actor, public_id: str) -> IssueView:
    """An issue the actor reported."""
    row = _one(_DETAIL.where(_issues.c.public_id == public_id, _issues.c.reporter_id == actor.person_id))
    return _view(row, lifecycle.moves_open_to(facts_of(row), lifecycle.reporter(actor.person_id)))


def for_claim(claim: str) -> IssueView:
    """The issue a claim code belongs to. A joined issue shows where it was joined; its outcome follows that one."""
    index = claims.index(claim)
    if index is None:
        raise not_found()
    row = _one(_DETAIL.where(_issues.c.claim_index == index))
    return _view(row, lifecycle.moves_open_to(facts_of(row), lifecycle.reporter(row.reporter_id)))


_JOINED = sa.select(
    _target.c.state,
    _target.c.level,
    _target.c.outcome,
    _target.c.responsible,
    _target.c.resolved_at,
    _target.c.ended_at,
).join_from(_issues, _target, _target.c.id == _issues.c.duplicate_of_id)


def joined_to(claim: str) -> JoinedView:
    """How the issue stands that the claimed one was joined to. 404 when it was joined to none."""
    index = claims.index(claim)
    if index is None:
        raise not_found()
    return _joined_view(_JOINED.where(_issues.c.claim_index == index))


def own_joined_to(actor: Actor, public_id: str) -> JoinedView:
    """The same for an issue the actor reported."""
    mine = sa.and_(_issues.c.public_id == public_id, _issues.c.reporter_id == actor.person_id)
    return _joined_view(_JOINED.where(mine))


def _joined_view(query: sa.Select[Any]) -> JoinedView:
    row = _one(query)
    return JoinedView(row.state, row.level, row.outcome, row.responsible, row.resolved_at, row.ended_at)


def _one(query: sa.Select[Any]) -> Row[Any]:
    row = database.connection().execute(query).one_or_none()
    if row is None:
        raise not_found()
    return row


def facts_of(row: Row[Any]) -> lifecycle.IssueFacts:
    """What the law needs to know of a row of `FACTS` or of an issue in full."""
    return lifecycle.IssueFacts(
        state=row.state,
        level=row.level,
        category=row.category,
        about_head=row.about_head,
        issue_id=row.id,
        has_grid=row.grid_id is not None,
        has_joiners=row.has_joiners,
        resolved_by_person_id=row.resolved_by_id,
        resolved_level=row.resolved_level,
        resolved_at=row.resolved_at,
    )


def _view(row: Row[Any], moves: Sequence[Move]) -> IssueView:
    return IssueView(
        id=row.public_id,
        category=row.category,
        category_name=row.category.zh,
        state=row.state,
        state_name=row.state.zh,
        level=row.level,
        level_name=row.level.zh,
        text=row.text,
        spot=row.spot,
        channel=row.channel,
        building=row.building,
        building_name=row.building_name,
        about_head=row.about_head,
        has_contact=row.contact_sealed is not None,
        reported_at=row.reported_at,
        due_at=row.due_at,
        resolved_at=row.resolved_at,
        ended_at=row.ended_at,
        outcome=row.outcome,
        responsible=row.responsible,
        duplicate_of=row.duplicate_of,
        rework=row.rework,
        photos=photos.photos_of(row.id),
        timeline=_timeline(row.id),
        moves=moves,
    )


def _timeline(issue_id: int) -> list[EventView]:
    events = _events.c
    rows = database.connection().execute(
        sa.select(
            events.at, events.move, events.to_state, events.level, events.actor_role, events.text, _checks.c.state
        )
        .join_from(_events, _checks, _checks.c.event_id == events.id, isouter=True)
        .where(events.issue_id == issue_id)
        .order_by(events.id)
    )
    return [
        EventView(
            r.at, r.move, r.move.zh, r.to_state, r.level, r.actor_role, _who(r.move, r.actor_role), r.text, r.state
        )
        for r in rows
    ]


def _who(move: Move, role: Role | None) -> str:
    if role is not None:
        return role.zh
    return "系统" if move in (Move.CLOSE_SILENT, Move.IMPORT) else "上报人"
