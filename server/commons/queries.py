"""Common problems: which are suggested, which there are, their buildings and counts. One statement each, no N+1.

A problem is its community's: everybody with a post there may read it. Whose reports it is made of is shown only to those
who may edit it, and a complaint about a head is never part of one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.engine import Row

from models import CommonProblem, CommonProblemIssue, Issue, Place
from models.enums import AWAITING_REPORTER, OPEN_STATES, CommonState, IssueCategory, IssueState
from server.core import access, database, paging
from server.core.access import Actor
from server.core.errors import not_found
from server.core.paging import Page
from server.rules import commons as rule
from server.rules.permissions import Permission

LATEST = 20_000  # how many of the latest issues a suggestion looks through, so that it costs the same after ten years
SUGGESTED_MOST = 20
ISSUES_MOST = 100
EXCERPT = 60

_problems, _members = CommonProblem.__table__, CommonProblemIssue.__table__
_issues, _places = Issue.__table__, Place.__table__
_member = _members.alias("member")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Similar issues of several buildings that are in no common problem yet, and why they are worth a look together."""

    community: str
    community_name: str
    category: IssueCategory
    category_name: str
    topic: str
    topic_name: str
    buildings: int
    issues: int
    reason: str


@dataclass(frozen=True, slots=True)
class ProblemItem:
    """A common problem in a list."""

    id: str
    community_name: str
    title: str
    category: IssueCategory
    category_name: str
    topic: str
    state: CommonState
    state_name: str
    buildings: int
    issues: int
    open: int
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class BuildingCount:
    """How many issues of a problem a building has, and how many of them are not settled."""

    building: str
    building_name: str
    issues: int
    open: int


@dataclass(frozen=True, slots=True)
class ProblemView:
    """One common problem: what is planned, and where it shows. `similar`: like it and in none, within 90 days."""

    id: str
    version: int
    community: str
    community_name: str
    title: str
    note: str
    category: IssueCategory
    category_name: str
    topic: str
    state: CommonState
    state_name: str
    next_states: Sequence[CommonState]
    created_at: datetime
    changed_at: datetime
    ended_at: datetime | None
    buildings: Sequence[BuildingCount]
    issues: int
    open: int
    similar: int


@dataclass(frozen=True, slots=True)
class MemberItem:
    """An issue of a problem, or one like it. `part`: it is in the problem."""

    id: str
    excerpt: str
    spot: str
    building_name: str
    state: IssueState
    state_name: str
    reported_at: datetime
    part: bool


_UNSETTLED = sorted(OPEN_STATES | AWAITING_REPORTER)


def _is_open() -> ColumnElement[int]:
    return sa.func.sum(sa.case((_issues.c.state.in_(_UNSETTLED), 1), else_=0))


def alike(now: datetime) -> list[ColumnElement[bool]]:
    """Which issues count for suggestions now: recent, not about a head, nobody's private matter, in no problem yet."""
    return [
        _issues.c.reported_at >= now - rule.WINDOW,
        sa.not_(_issues.c.about_head),
        _issues.c.state.not_in(sorted(rule.NOT_COUNTED)),
        _issues.c.category.in_(rule.CATEGORIES),
        sa.not_(sa.exists().where(_member.c.issue_id == _issues.c.id)),
    ]


def like(problem: Any, now: datetime) -> list[ColumnElement[bool]]:
    """Which issues are like this problem and in none."""
    same = [_issues.c.community_id == problem.community_id, _issues.c.category == problem.category, *alike(now)]
    return [*same, _issues.c.topic == problem.topic] if problem.topic else same


def suggestions(actor: Actor, now: datetime) -> list[Suggestion]:
    """The clusters the rule suggests in the actor's communities, the widest first. One statement."""
    mine = access.within(actor, Permission.COMMON_WRITE, _issues)
    latest = sa.select(_issues.c.id).where(mine).order_by(_issues.c.id.desc()).limit(LATEST).subquery("latest")
    buildings = sa.func.count(_issues.c.building_id.distinct())
    count = sa.func.count()
    grouped = (
        sa.select(
            _issues.c.community_id,
            _issues.c.category,
            _issues.c.topic,
            sa.func.max(_issues.c.topic_name).label("topic_name"),
            buildings.label("buildings"),
            count.label("issues"),
        )
        .join_from(latest, _issues, _issues.c.id == latest.c.id)
        .where(*alike(now))
        .group_by(_issues.c.community_id, _issues.c.category, _issues.c.topic)
        .having(sa.and_(buildings >= rule.BUILDINGS, count >= rule.ISSUES))
        .order_by(buildings.desc(), count.desc())
        .limit(SUGGESTED_MOST)
        .subquery("grouped")
    )
    rows = database.connection().execute(
        sa.select(*grouped.c, _places.c.public_id.label("community"), _places.c.name.label("community_name"))
        .join_from(grouped, _places, _places.c.id == grouped.c.community_id)
        .order_by(grouped.c.buildings.desc(), grouped.c.issues.desc(), _places.c.id, grouped.c.category)
    )
    return [
        Suggestion(
            row.community,
            row.community_name,
            row.category,
            row.category.zh,
            row.topic,
            row.topic_name,
            row.buildings,
            row.issues,
            rule.suggests(row.buildings, row.issues).reason,
        )
        for row in rows
    ]


def problems(actor: Actor, state: CommonState | None, cursor: str | None, limit: int) -> Page[ProblemItem]:
    """The common problems of the actor's communities, newest first. One statement whatever the number of rows."""
    after = paging.decode(cursor)
    some = sa.select(_problems).where(access.within(actor, Permission.COMMON_READ, _problems))
    if state is not None:
        some = some.where(_problems.c.state == state)
    if after is not None:
        some = some.where(_problems.c.id < after)
    page = some.order_by(_problems.c.id.desc()).limit(limit + 1).subquery("page")
    rows = (
        database.connection()
        .execute(
            sa.select(
                *page.c,
                _places.c.name.label("community_name"),
                sa.func.count(_issues.c.building_id.distinct()).label("buildings"),
                sa.func.count(_issues.c.id).label("issues"),
                _is_open().label("open"),
            )
            .join_from(page, _places, _places.c.id == page.c.community_id)
            .outerjoin(_members, _members.c.problem_id == page.c.id)
            .outerjoin(_issues, _issues.c.id == _members.c.issue_id)
            .group_by(*page.c, _places.c.name)
            .order_by(page.c.id.desc())
        )
        .all()
    )
    return paging.page(rows, limit, _item, lambda row: row.id)


def _item(row: Row[Any]) -> ProblemItem:
    return ProblemItem(
        id=row.public_id,
        community_name=row.community_name,
        title=row.title,
        category=row.category,
        category_name=row.category.zh,
        topic=row.topic,
        state=row.state,
        state_name=row.state.zh,
        buildings=row.buildings,
        issues=row.issues,
        open=row.open or 0,
        changed_at=row.changed_at,
    )


def problem(actor: Actor, public_id: str, now: datetime) -> ProblemView:
    """One common problem of the actor's communities with its buildings. Raises 404. Three statements."""
    connection = database.connection()
    row = connection.execute(
        sa.select(_problems, _places.c.public_id.label("community"), _places.c.name.label("community_name"))
        .join_from(_problems, _places, _places.c.id == _problems.c.community_id)
        .where(_problems.c.public_id == public_id, access.within(actor, Permission.COMMON_READ, _problems))
    ).one_or_none()
    if row is None:
        raise not_found()
    counted = connection.execute(
        sa.select(
            _places.c.public_id, _places.c.name, sa.func.count(_issues.c.id).label("issues"), _is_open().label("open")
        )
        .join_from(_members, _issues, _issues.c.id == _members.c.issue_id)
        .join(_places, _places.c.id == _issues.c.building_id)
        .where(_members.c.problem_id == row.id)
        .group_by(_places.c.id, _places.c.public_id, _places.c.name)
        .order_by(sa.desc("issues"), _places.c.id)
    )
    buildings = [BuildingCount(*found) for found in counted]
    similar = sa.select(sa.func.count()).select_from(_issues).where(*like(row, now))
    return ProblemView(
        id=row.public_id,
        version=row.version,
        community=row.community,
        community_name=row.community_name,
        title=row.title,
        note=row.note,
        category=row.category,
        category_name=row.category.zh,
        topic=row.topic,
        state=row.state,
        state_name=row.state.zh,
        next_states=[state for state in CommonState if state in rule.NEXT[row.state]],
        created_at=row.created_at,
        changed_at=row.changed_at,
        ended_at=row.ended_at,
        buildings=buildings,
        issues=sum(found.issues for found in buildings),
        open=sum(found.open for found in buildings),
        similar=connection.execute(similar).scalar_one(),
    )


def members(actor: Actor, public_id: str, now: datetime) -> list[MemberItem]:
    """The issues of a problem and then those like it, newest first, at most a hundred; for who may edit it. Raises 404."""
    row = access.fetch(
        actor,
        Permission.COMMON_WRITE,
        public_id,
        tuple(_problems.c),
        table=_problems,
        see=Permission.COMMON_READ,
    )
    part = sa.exists().where(_members.c.issue_id == _issues.c.id, _members.c.problem_id == row.id)
    columns = (
        _issues.c.id,
        _issues.c.public_id,
        sa.func.substr(_issues.c.text, 1, EXCERPT).label("excerpt"),
        _issues.c.spot,
        _issues.c.building_id,
        _issues.c.state,
        _issues.c.reported_at,
    )
    inside = sa.select(*columns, sa.true().label("part")).where(part)
    outside = sa.select(*columns, sa.false().label("part")).where(*like(row, now))
    both = sa.union_all(inside, outside).subquery("both")
    rows = database.connection().execute(
        sa.select(*both.c, _places.c.name.label("building_name"))
        .join_from(both, _places, _places.c.id == both.c.building_id)
        .order_by(both.c.part.desc(), both.c.id.desc())
        .limit(ISSUES_MOST)
    )
    return [
        MemberItem(
            row.public_id,
            row.excerpt,
            row.spot,
            row.building_name,
            row.state,
            row.state.zh,
            row.reported_at,
            bool(row.part),
        )
        for row in rows
    ]


_others = (
    sa.select(sa.func.count(_issues.c.building_id.distinct()) - 1)
    .join_from(_member, _issues, _issues.c.id == _member.c.issue_id)
    .where(_member.c.problem_id == _problems.c.id)
    .correlate(_problems)
    .scalar_subquery()
)


def with_problem(query: sa.Select[Any], issue_id: ColumnElement[Any]) -> sa.Select[Any]:
    """A query of issues with the common problem each is part of, for `part_of`: it costs no statement of its own."""
    return (
        query.outerjoin(_members, _members.c.issue_id == issue_id)
        .outerjoin(_problems, _problems.c.id == _members.c.problem_id)
        .add_columns(
            _problems.c.title.label("common_title"),
            _problems.c.note.label("common_note"),
            _problems.c.state.label("common_state"),
            _others.label("common_others"),
        )
    )


def part_of(row: Row[Any]) -> str:
    """What the reporter and the handlers of an issue read of the common problem it is part of; empty for none."""
    if row.common_title is None:
        return ""
    return rule.told(row.common_title, row.common_others, row.common_state, row.common_note)
