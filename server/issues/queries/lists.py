"""Lists of issues by keyset, newest first: one query whatever the number of rows."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from models import Issue, Place
from models.enums import AWAITING_REPORTER, ENDED_STATES, OPEN_STATES, IssueCategory, IssueState, Level, PlaceKind
from server.core import access, paging
from server.core.access import Actor
from server.core.hot import Hot
from server.core.paging import Page
from server.issues.queries.scope import narrow, not_about
from server.rules.permissions import Permission

_issues, _places = Issue.__table__, Place.__table__

FAMILIES: dict[str, frozenset[IssueState]] = {"open": OPEN_STATES, "waiting": AWAITING_REPORTER, "ended": ENDED_STATES}
EXCERPT = 60


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
    topic_name: str
    urgent: bool


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
    _issues.c.topic_name,
    _issues.c.urgent,
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
    _, public_id, category, state, level, excerpt, spot, reported_at, rework, topic, urgent, building, name = row
    return IssueItem(
        public_id, category, state, state.zh, level, excerpt, spot, building, name, reported_at, rework, topic, urgent
    )
