"""What a list of issues may be narrowed to, and the conditions that do it. A filter narrows a scope and never widens it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from models import Department, Issue, Place, Whistle
from models.enums import (
    AWAITING_REPORTER,
    ENDED_STATES,
    OPEN_STATES,
    Channel,
    IssueCategory,
    IssueState,
    Level,
    PlaceKind,
    Triage,
)
from models.types import UTCDateTime
from server.core import access, paging
from server.core.hot import Hot
from server.issues.queries.scope import narrow, not_about, own

_issues, _places = Issue.__table__, Place.__table__
_whistles, _departments = Whistle.__table__, Department.__table__

FAMILIES: dict[str, frozenset[IssueState]] = {"open": OPEN_STATES, "waiting": AWAITING_REPORTER, "ended": ENDED_STATES}


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to. `q` are words to look for; `since` and `until` bound the report's moment, [since, until)."""

    state: IssueState | None = None
    family: str | None = None
    category: IssueCategory | None = None
    topic: str | None = None
    triage: Triage | None = None
    level: Level | None = None
    channel: Channel | None = None
    place: str | None = None
    building: str | None = None
    department: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    urgent: bool = False
    overdue: bool = False
    suspended: bool = False
    reworked: bool = False
    pushed_back: bool = False
    mine: bool = False
    q: str = ""
    cursor: str | None = None
    limit: int = field(default=paging.LIMIT)


def _bound(column: ColumnElement[Any], name: str) -> Any:
    return sa.bindparam(name, type_=column.type)


def _moment(name: str) -> Any:
    return sa.bindparam(name, type_=UTCDateTime)


def _open(columns: Any) -> ColumnElement[bool]:
    return one_of(columns.state, OPEN_STATES)


def one_of(state: ColumnElement[Any], family: frozenset[IssueState]) -> ColumnElement[bool]:
    """One of some states, in words a hot statement may hold (no IN list)."""
    return sa.or_(*(state == sa.literal_column(f"'{each}'") for each in sorted(family)))


def _suspended(columns: Any) -> ColumnElement[bool]:
    return sa.and_(_open(columns), columns.suspended_until > _moment("now"))


def _overdue(columns: Any) -> ColumnElement[bool]:
    """Still open, past its due, and not suspended."""
    running = sa.or_(columns.suspended_until.is_(None), columns.suspended_until <= _moment("now"))
    return sa.and_(_open(columns), columns.due_at < _moment("now"), running)


def _whistled(columns: Any) -> ColumnElement[bool]:
    department = sa.select(_departments.c.id).where(_departments.c.public_id == sa.bindparam("department"))
    called = sa.select(_whistles.c.issue_id).where(_whistles.c.department_id == department.scalar_subquery())
    return columns.id.in_(called)  # type: ignore[no-any-return]


_CONDITIONS: dict[str, Callable[[Any], ColumnElement[bool]]] = {
    **{
        name: lambda c, name=name: c[name] == _bound(c[name], name)  # type: ignore[misc]
        for name in ("state", "category", "topic", "triage", "level", "channel")
    },
    "department": _whistled,
    "since": lambda c: c.reported_at >= _moment("since"),
    "until": lambda c: c.reported_at < _moment("until"),
    "urgent": lambda c: c.urgent.is_(sa.true()),
    "overdue": _overdue,
    "suspended": _suspended,
    "reworked": lambda c: c.rework > sa.literal_column("0"),
    "pushed_back": lambda c: c.pushed_back > sa.literal_column("0"),
    "mine": lambda c: sa.and_(c.assignee_id == sa.bindparam("me", type_=sa.BigInteger), c.ended_at.is_(None)),
    "family_open": _open,
    "family_waiting": lambda c: one_of(c.state, AWAITING_REPORTER),
    "family_ended": lambda c: one_of(c.state, ENDED_STATES),
}
# These hold for what is in hand now: few rows of a long history.
FEW = frozenset({"family_open", "overdue", "suspended"})


@dataclass(frozen=True, slots=True)
class Choice:
    """Filters as a shape (what a statement looks like) and its values. `place_kind`: of the place that was named."""

    names: frozenset[str]
    kind: PlaceKind | None
    community_id: int | None  # the community the named place lies in or is
    values: dict[str, Any] = field(hash=False, compare=False)


_UNFILTERED, _EVERYTHING = Filters(), Choice(frozenset(), None, None, {})


def choice(filters: Filters, now: datetime, *, me: int) -> Choice | None:
    """The filters as conditions; None when they name a place that there is not. One query more when a place is named."""
    if filters == _UNFILTERED:  # the list as it is opened
        return _EVERYTHING
    values: dict[str, Any] = {"now": now, "me": me}
    given: set[str] = set()
    for name in ("state", "category", "topic", "triage", "level", "channel", "department", "since", "until"):
        value = getattr(filters, name)
        if value is not None:
            given.add(name)
            values[name] = value
    given |= {
        name for name in ("urgent", "overdue", "suspended", "reworked", "pushed_back", "mine") if getattr(filters, name)
    }
    if filters.family is not None and filters.state is None:
        given.add(f"family_{filters.family}")
    after = paging.decode(filters.cursor)
    if after is not None:
        given.add("after")
        values["after"] = after
    wanted = {filters.place, filters.building} - {None}
    if not wanted:
        return Choice(frozenset(given), None, None, values)
    place = _NAMED.one({"place": wanted.pop()})
    if wanted or place is None:
        return None
    values["place"], kind, community_id = place
    if filters.building is not None and kind is not PlaceKind.BUILDING:
        return None
    return Choice(frozenset(given), kind, community_id, values)


_NAMED = Hot(
    sa.select(_places.c.id, _places.c.kind, _places.c.community_id).where(_places.c.public_id == sa.bindparam("place"))
)


@lru_cache(maxsize=512)
def conditions(
    shape: access.Shape | None, names: frozenset[str], kind: PlaceKind | None
) -> tuple[ColumnElement[bool], ...]:
    """The conditions on `issues` for a shape of posts (None: the reporter's own) and a shape of filters."""
    columns = _issues.c
    if shape is None:
        scope: list[ColumnElement[bool]] = [own()]
    else:
        posts = access.stand_ins(shape)
        scope = [access.within_posts(posts, _issues, narrow), not_about(posts, columns)]
    if kind is not None:
        scope.append(_inside(kind, columns))
    if "after" in names:
        scope.append(position(names) < sa.bindparam("after", type_=sa.BigInteger))
    return (*scope, *(_CONDITIONS[name](columns) for name in sorted(names - {"after"})))


def position(names: frozenset[str]) -> ColumnElement[int]:
    """The keyset. Where only what is in hand now is asked for, in words no index is kept by.

    Those few rows are then found by their state and sorted: walking the keyset would pass over years of ended issues.
    """
    plain: ColumnElement[int] = _issues.c.id
    return plain + sa.literal_column("0") if names & FEW else plain


def _inside(kind: PlaceKind, columns: Any) -> ColumnElement[bool]:
    """Below the place that was named, whatever its kind. Scope is another condition: a place elsewhere gives nothing."""
    place = sa.bindparam("place", type_=sa.BigInteger)
    match kind:
        case PlaceKind.BUILDING:
            return columns.building_id == place  # type: ignore[no-any-return]
        case PlaceKind.COMMUNITY:
            return columns.community_id == place  # type: ignore[no-any-return]
        case PlaceKind.GRID | PlaceKind.ESTATE:
            inside = sa.select(_places.c.id).where(_places.c[Place.ANCESTOR[kind]] == place)
            return columns.building_id.in_(inside)  # type: ignore[no-any-return]
        case _:
            inside = sa.select(_places.c.id).where(
                _places.c[Place.ANCESTOR[kind]] == place, _places.c.kind == PlaceKind.COMMUNITY
            )
            return columns.community_id.in_(inside)  # type: ignore[no-any-return]
