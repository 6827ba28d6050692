"""Whistles to departments: of one issue, of a department or a place, and as the law wants to know them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.engine import Row

from models import Department, Issue, Place, Whistle
from models.enums import IssueCategory, IssueState, Move, Role, Satisfaction, WhistleEnd
from server.core import access, database, paging
from server.core.access import Actor, Post
from server.core.errors import not_found
from server.core.paging import Page
from server.departments import queries as departments
from server.departments.queries import DepartmentView
from server.issues.queries.scope import narrow, not_about
from server.rulebook import queries as rulebook
from server.rules import whistling
from server.rules.permissions import Permission

_w, _d, _issues, _places = Whistle.__table__, Department.__table__, Issue.__table__, Place.__table__


@dataclass(frozen=True, slots=True)
class CalledView:
    """A whistle as its issue's reporter may know it: which department, when, by when, what it said. Names nobody."""

    department_name: str
    sounded_at: datetime
    sounded_by: str
    due_at: datetime
    signed_in_at: datetime | None
    contacted_at: datetime | None
    ended_at: datetime | None
    end: WhistleEnd | None
    state_name: str
    report: str


@dataclass(frozen=True, slots=True)
class WhistleView:
    """A whistle as the office sees it. `moves`: what the one who asks could do with it now."""

    id: str
    issue: str
    department: str
    department_name: str
    reason: str
    sounded_at: datetime
    sounded_by: str
    sign_in_due_at: datetime
    signed_in_at: datetime | None
    contact_due_at: datetime
    contacted_at: datetime | None
    due_at: datetime
    state_name: str
    overdue: bool
    ended_at: datetime | None
    end: WhistleEnd | None
    report: str
    pushed_back_why: str
    urged: int
    urged_at: datetime | None
    rating: Satisfaction | None
    rating_text: str
    rated_at: datetime | None
    moves: Sequence[Move]


@dataclass(frozen=True, slots=True)
class WhistleItem:
    """A whistle in a list, with what it is about."""

    id: str
    issue: str
    category: IssueCategory
    excerpt: str
    urgent: bool
    building: str
    building_name: str
    department_name: str
    sounded_at: datetime
    sounded_by: str
    sign_in_due_at: datetime
    signed_in_at: datetime | None
    due_at: datetime
    state_name: str
    overdue: bool
    ended_at: datetime | None
    end: WhistleEnd | None
    urged: int
    issue_state: IssueState


@dataclass(frozen=True, slots=True)
class WhistleFilters:
    """What a list of whistles is narrowed to. `state`: open, overdue (open and past the due), ended; None: all."""

    state: str | None = None
    department: str | None = None
    cursor: str | None = None
    limit: int = paging.LIMIT


_ALL = sa.select(*_w.c, _d.c.name.label("department"), _d.c.public_id.label("department_public")).join_from(
    _w, _d, _d.c.id == _w.c.department_id
)


def facts_of_whistle(row: Any) -> whistling.Whistle:
    """What the law needs to know of a whistle; `row` comes from `whistles_on`."""
    return whistling.Whistle(
        id=row.id,
        department_id=row.department_id,
        department=row.department,
        sounded_role=row.sounded_role,
        sign_in_due_at=row.sign_in_due_at,
        due_at=row.due_at,
        signed_in_at=row.signed_in_at,
        contacted_at=row.contacted_at,
        end=row.end,
        urged_at=row.urged_at,
        rated_at=row.rated_at,
    )


def whistles_on(issue_id: int) -> Sequence[Row[Any]]:
    """All whistles of an issue with their departments' names, oldest first."""
    query: sa.Select[Any] = _ALL.where(_w.c.issue_id == issue_id).order_by(_w.c.id)
    return database.connection().execute(query).all()


def matter_of(row: Any, whistles: Sequence[Any], now: datetime) -> whistling.Matter:
    """What the law needs to know of an issue that departments are or may be called to; `row`: an issue's columns."""
    waiting = [facts_of_whistle(each) for each in whistles if each.ended_at is None]
    paused = row.suspended_until is not None and row.suspended_until > now
    return whistling.Matter(row.state, row.level, waiting, urgent=row.urgent, suspended=paused)


def departments_of(actor: Actor) -> frozenset[int]:
    """The departments the actor stands for, by internal id."""
    return frozenset(
        post.department_id for post in actor.posts if post.role is Role.DEPARTMENT and post.department_id is not None
    )


def whistles_for_staff(actor: Actor, public_id: str, now: datetime) -> list[WhistleView]:
    """The whistles of an issue in the actor's places, oldest first. Raises 404 out of scope."""
    row = _seen(actor, public_id)
    found = whistles_on(row.id)
    matter, roles, mine = matter_of(row, found, now), _roles(actor, row), departments_of(actor)
    return [_view(public_id, each, matter, roles, mine, now) for each in found]


def callable_departments(actor: Actor, public_id: str, now: datetime) -> list[DepartmentView] | None:
    """The departments the actor could call to an issue now; None when they may call none.

    The one its rule book names for such a matter comes first, then as registered; those that owe an answer are left out.
    """
    row = _seen(actor, public_id)
    found = whistles_on(row.id)
    matter = matter_of(row, found, now)
    if not any(whistling.may_sound(matter, role) is None for role in _roles(actor, row)):
        return None
    waiting = {each.department_public for each in found if each.ended_at is None}
    topic = rulebook.book_of(row.rule_book_id).topic(row.topic)
    named = topic.department if topic else ""
    offered = [each for each in departments.open_in(row.district_id) if each.id not in waiting]
    return sorted(offered, key=lambda each: each.name != named)


def _seen(actor: Actor, public_id: str) -> Row[Any]:
    seen = access.within(actor, Permission.ISSUE_READ, _issues, narrow=narrow)
    query: sa.Select[Any] = (
        sa.select(*_issues.c, _places.c.street_id, _places.c.district_id, _places.c.estate_id)
        .join_from(_issues, _places, _places.c.id == _issues.c.building_id)
        .where(_issues.c.public_id == public_id, seen, not_about(actor.posts, _issues.c))
    )
    row = None if "\0" in public_id else database.connection().execute(query).one_or_none()
    if row is None:
        raise not_found()
    return row


def _roles(actor: Actor, row: Any) -> list[Role]:
    return [post.role for post in actor.posts_granting(Permission.ISSUE_READ) if access.covers(post, row)]


def _view(
    issue: str, row: Any, matter: whistling.Matter, roles: Sequence[Role], mine: frozenset[int], now: datetime
) -> WhistleView:
    facts = facts_of_whistle(row)
    moves: set[Move] = set()
    for role in roles:
        moves.update(whistling.answers_open_to(matter, facts, whistling.Answerer(role, mine), now))
    return WhistleView(
        id=row.public_id,
        issue=issue,
        department=row.department_public,
        department_name=row.department,
        reason=row.reason,
        sounded_at=row.sounded_at,
        sounded_by=facts.caller_name,
        sign_in_due_at=row.sign_in_due_at,
        signed_in_at=row.signed_in_at,
        contact_due_at=row.contact_due_at,
        contacted_at=row.contacted_at,
        due_at=row.due_at,
        state_name=facts.state_name,
        overdue=whistling.is_overdue(facts, now, ended_at=row.ended_at),
        ended_at=row.ended_at,
        end=row.end,
        report=row.report,
        pushed_back_why=row.pushed_back_why,
        urged=row.urged,
        urged_at=row.urged_at,
        rating=row.rating,
        rating_text=row.rating_text,
        rated_at=row.rated_at,
        moves=[move for move in whistling.ANSWERS if move in moves],
    )


def called_for(issue_id: int) -> list[CalledView]:
    """The whistles of an issue for whoever reported it, oldest first."""
    return [
        CalledView(
            row.department,
            row.sounded_at,
            facts_of_whistle(row).caller_name,
            row.due_at,
            row.signed_in_at,
            row.contacted_at,
            row.ended_at,
            row.end,
            facts_of_whistle(row).state_name,
            row.report,
        )
        for row in whistles_on(issue_id)
    ]


_LIST = (
    sa.select(
        *_w.c,
        _d.c.name.label("department"),
        _issues.c.public_id.label("issue"),
        _issues.c.category,
        _issues.c.urgent,
        _issues.c.state.label("issue_state"),
        sa.func.substr(_issues.c.text, 1, 60).label("excerpt"),
        _places.c.public_id.label("building"),
        _places.c.name.label("building_name"),
    )
    .join_from(_w, _issues, _issues.c.id == _w.c.issue_id)
    .join(_d, _d.c.id == _w.c.department_id)
    .join(_places, _places.c.id == _w.c.building_id)
)


def whistles(actor: Actor, filters: WhistleFilters, now: datetime) -> Page[WhistleItem]:
    """The whistles in the actor's places, newest first; a department sees its own. One query a page."""
    inside = access.within(actor, Permission.ISSUE_LIST, _w, narrow=_own)
    query = _LIST.where(inside, not_about(actor.posts, _issues.c), *_state(filters.state, now))
    if filters.department is not None:
        query = query.where(_d.c.public_id == filters.department)
    after = paging.decode(filters.cursor)
    if after is not None:
        query = query.where(_w.c.id < after)
    rows = database.connection().execute(query.order_by(_w.c.id.desc()).limit(filters.limit + 1)).all()
    return paging.page(rows, filters.limit, lambda row: _item(row, now), lambda row: int(row.id))


def _own(post: Post, columns: Any) -> ColumnElement[bool] | None:
    """As `scope.narrow`, for whistles: of an issue several departments were called to, each lists its own."""
    if post.role is Role.HEAD:
        return sa.not_(_issues.c.about_head)
    if post.role is Role.DEPARTMENT:
        own: ColumnElement[bool] = columns.department_id == post.department_id
        return own
    return None


def _state(state: str | None, now: datetime) -> list[ColumnElement[bool]]:
    match state:
        case "open":
            return [_w.c.ended_at.is_(None)]
        case "overdue":
            return [_w.c.ended_at.is_(None), _w.c.due_at < now]
        case "ended":
            return [_w.c.ended_at.is_not(None)]
        case _:
            return []


def _item(row: Any, now: datetime) -> WhistleItem:
    facts = facts_of_whistle(row)
    return WhistleItem(
        id=row.public_id,
        issue=row.issue,
        category=row.category,
        excerpt=row.excerpt,
        urgent=row.urgent,
        building=row.building,
        building_name=row.building_name,
        department_name=row.department,
        sounded_at=row.sounded_at,
        sounded_by=facts.caller_name,
        sign_in_due_at=row.sign_in_due_at,
        signed_in_at=row.signed_in_at,
        due_at=row.due_at,
        state_name=facts.state_name,
        overdue=whistling.is_overdue(facts, now, ended_at=row.ended_at),
        ended_at=row.ended_at,
        end=row.end,
        urged=row.urged,
        issue_state=row.issue_state,
    )
