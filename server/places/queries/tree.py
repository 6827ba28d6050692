"""One place, a page of them, and what other rooms and pages ask about them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import Place
from models.enums import PlaceKind
from server.core import access, database, paging
from server.core.access import Actor
from server.core.paging import Page
from server.rules.permissions import Permission

_table = Place.__table__
_place = _table.c
_parent = _table.alias("parent")
_UP = tuple(column for column in Place.ANCESTOR.values() if column != "id")


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A place above."""

    id: str
    kind: PlaceKind
    name: str


@dataclass(frozen=True, slots=True)
class PlaceItem:
    """A place in a list."""

    id: str
    kind: PlaceKind
    kind_name: str
    code: str
    name: str
    parent: str | None
    parent_name: str | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class PlaceView:
    """A place with what lies above it, from the district down."""

    id: str
    kind: PlaceKind
    kind_name: str
    code: str
    name: str
    ancestors: list[Ancestor]
    created_at: datetime
    closed_at: datetime | None
    version: int


class PlaceName(NamedTuple):
    """What a place is called, and its public id."""

    id: int
    public_id: str
    kind: PlaceKind
    name: str


class BuildingName(NamedTuple):
    """A building of a community."""

    id: int
    public_id: str
    code: str
    name: str
    estate_name: str | None
    grid_id: int | None
    closed_at: datetime | None


# ---- what the API shows


def detail(actor: Actor, place: str) -> PlaceView:
    """A place in the actor's places."""
    row = access.fetch_place(actor, Permission.PLACE_READ, place)
    above = [row._mapping[column] for column in _UP if row._mapping[column] not in (None, row.id)]
    names = place_names(above)
    ancestors = sorted(names.values(), key=lambda found: found.kind.depth)
    return PlaceView(
        row.public_id,
        row.kind,
        row.kind.zh,
        row.code,
        row.name,
        [Ancestor(found.public_id, found.kind, found.name) for found in ancestors],
        row.created_at,
        row.closed_at,
        row.version,
    )


_ITEMS = sa.select(
    _place.id,
    _place.public_id,
    _place.kind,
    _place.code,
    _place.name,
    _parent.c.public_id.label("parent"),
    _parent.c.name.label("parent_name"),
    _place.closed_at,
).outerjoin_from(_table, _parent, _parent.c.id == _place.parent_id)


def page(
    actor: Actor, *, parent: str | None, kind: PlaceKind | None, q: str | None, cursor: str | None, limit: int
) -> Page[PlaceItem]:
    """Places in the actor's places: children of `parent`, of a kind, with `q` in the name or starting the code."""
    query = _ITEMS.where(access.within(actor, Permission.PLACE_READ, _table))
    if parent is not None:
        above = access.fetch_place(actor, Permission.PLACE_READ, parent)
        query = query.where(_place.parent_id == above.id)
    if kind is not None:
        query = query.where(_place.kind == kind)
    if q:
        query = query.where(
            sa.or_(_place.name.icontains(q, autoescape=True), _place.code.istartswith(q, autoescape=True))
        )
    after = paging.decode(cursor)
    if after is not None:
        query = query.where(_place.id > after)
    rows = database.connection().execute(query.order_by(_place.id).limit(limit + 1)).all()
    return paging.page(rows, limit, _item, lambda row: int(row.id))


def _item(row: Any) -> PlaceItem:
    return PlaceItem(
        row.public_id, row.kind, row.kind.zh, row.code, row.name, row.parent, row.parent_name, row.closed_at
    )


# ---- what other rooms and pages ask

_NAMES = sa.select(_place.id, _place.public_id, _place.kind, _place.name)


def place_names(ids: Iterable[int]) -> dict[int, PlaceName]:
    """What places are called, by internal id."""
    found: dict[int, PlaceName] = {}
    for chunk in database.in_chunks(set(ids)):
        for row in database.connection().execute(_NAMES.where(_place.id.in_(chunk))):
            found[row.id] = PlaceName(*row)
    return found


def children(place_id: int) -> list[PlaceName]:
    """The places right below one, open or closed, in the order people expect (2栋 before 10栋)."""
    rows = database.connection().execute(_NAMES.where(_place.parent_id == place_id))
    return sorted((PlaceName(*row) for row in rows), key=lambda found: in_order(found.name))


_estate = _table.alias("estate")
_BUILDINGS = (
    sa.select(_place.id, _place.public_id, _place.code, _place.name, _estate.c.name, _place.grid_id, _place.closed_at)
    .outerjoin_from(_table, _estate, _estate.c.id == _place.estate_id)
    .where(_place.community_id == sa.bindparam("community_id"), _place.kind == PlaceKind.BUILDING)
)


def buildings_of(community_id: int) -> list[BuildingName]:
    """Every building of a community, closed ones too, estate by estate in the order people expect."""
    rows = database.connection().execute(_BUILDINGS, {"community_id": community_id})
    return sorted((BuildingName(*row) for row in rows), key=lambda b: (in_order(b.estate_name or ""), in_order(b.name)))


def in_order(name: str) -> list[tuple[int, int, str]]:
    """A sort key by which 2栋 comes before 10栋."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", name) if part]


def place_by_code(code: str) -> PlaceName | None:
    """The place with the office's own code, for the command line and imports."""
    row = database.connection().execute(_NAMES.where(_place.code == code)).one_or_none()
    return None if row is None else PlaceName(*row)


def community_by_code(code: str) -> Row[Any] | None:
    """A community's whole row by the office's own code, for the command line and imports."""
    return (
        database.connection()
        .execute(sa.select(_table).where(_place.code == code, _place.kind == PlaceKind.COMMUNITY))
        .one_or_none()
    )


def any_place() -> bool:
    """Whether there is any place at all: an empty database takes the demonstration."""
    return database.connection().execute(sa.select(_place.id).limit(1)).scalar() is not None
