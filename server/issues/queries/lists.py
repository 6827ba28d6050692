"""Lists of issues by keyset, newest first: one query whatever the number of rows."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

import sqlalchemy as sa

from models import Issue, Place
from models.enums import OPEN_STATES, IssueCategory, IssueState, Level, PlaceKind, Triage
from server.core import access, paging
from server.core.access import Actor
from server.core.hot import Hot
from server.core.paging import Page
from server.issues.queries import search
from server.issues.queries.filters import Filters, choice, conditions, position
from server.issues.queries.scope import own_values
from server.rules.permissions import Permission

_issues, _places = Issue.__table__, Place.__table__

EXCERPT = 60


class IssueItem(NamedTuple):  # cheaper to make than a dataclass, and there are twenty a page
    """An issue in a list. `overdue` and `suspended` are as of the moment it was asked."""

    id: str
    category: IssueCategory
    topic_name: str
    state: IssueState
    state_name: str
    level: Level
    triage: Triage | None
    urgent: bool
    excerpt: str
    spot: str
    building: str
    building_name: str
    reported_at: datetime
    due_at: datetime | None
    overdue: bool
    suspended: bool
    assigned: bool
    rework: int


COLUMNS: tuple[sa.ColumnElement[Any], ...] = (
    _issues.c.id,
    _issues.c.public_id,
    _issues.c.category,
    _issues.c.topic_name,
    _issues.c.state,
    _issues.c.level,
    _issues.c.triage,
    _issues.c.urgent,
    sa.func.substr(_issues.c.text, 1, EXCERPT).label("excerpt"),
    _issues.c.spot,
    _issues.c.reported_at,
    _issues.c.due_at,
    _issues.c.suspended_until,
    _issues.c.assignee_id,
    _issues.c.rework,
    _places.c.public_id.label("building"),
    _places.c.name.label("building_name"),
)
_LIST: sa.Select[Any] = sa.select(*COLUMNS).join_from(_issues, _places, _places.c.id == _issues.c.building_id)


def page_for_staff(actor: Actor, filters: Filters, now: datetime) -> Page[IssueItem]:
    """The newest issues in the actor's places, a page at a time. One query whatever the number of rows.

    Raises 422 for words too short to look for.
    """
    posts = actor.posts_granting(Permission.ISSUE_LIST)
    return _page(posts, access.places_of(posts), filters, now, actor.person_id)


def page_of_own(actor: Actor, filters: Filters, now: datetime) -> Page[IssueItem]:
    """What the actor reported, newest first."""
    return _page(None, own_values(actor.person_id), filters, now, actor.person_id)


def _page(
    posts: tuple[access.Post, ...] | None, values: dict[str, Any], filters: Filters, now: datetime, me: int
) -> Page[IssueItem]:
    chosen = choice(filters, now, me=me)
    if chosen is None:
        return Page([], None)
    shape = None if posts is None else access.shape_of(posts)
    values = {**values, **chosen.values}
    rows: Sequence[Any]
    if filters.q:
        where = conditions(shape, chosen.names - {"after"}, chosen.kind)
        sought = search.Sought(search.words_of(filters.q), search.communities(posts, chosen.community_id))
        rows = list(islice(search.holding(_LIST, where, values, sought), filters.limit + 1))
    else:
        statement = _statement(shape, chosen.names, chosen.kind)
        rows = statement.all({**values, "rows": filters.limit + 1})
    return paging.page(rows, filters.limit, lambda row: _item(row, now), lambda row: row[0])


@lru_cache(maxsize=512)
def _statement(shape: access.Shape | None, names: frozenset[str], kind: PlaceKind | None) -> Hot:
    """The list's statement for a shape of posts and a shape of filters, built once."""
    return Hot(
        in_order(_LIST.where(*conditions(shape, names, kind)), names).limit(sa.bindparam("rows", type_=sa.Integer))
    )


def in_order(query: sa.Select[Any], names: frozenset[str]) -> sa.Select[Any]:
    """Newest first, by the keyset."""
    return query.order_by(position(names).desc())


def _item(row: Any, now: datetime) -> IssueItem:
    (
        (_, public_id, category, topic_name, state, level, triage, urgent, excerpt, spot),
        (reported_at, due_at, suspended_until, assignee, rework, building, building_name),
    ) = row[:10], row[10:]
    is_open = state in OPEN_STATES
    suspended = is_open and suspended_until is not None and suspended_until > now
    return IssueItem(
        public_id,
        category,
        topic_name,
        state,
        state.zh,
        level,
        triage,
        urgent,
        excerpt,
        spot,
        building,
        building_name,
        reported_at,
        due_at,
        is_open and not suspended and due_at is not None and due_at < now,
        suspended,
        assignee is not None,
        rework,
    )
