"""Whose key it is, which jurisdictions the door is open for, and the keys as the office sees them: never the key itself."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models import ApiKey, Place
from models.enums import PlaceKind, Role
from server.core import access, database, paging
from server.core.access import Actor, Post
from server.core.errors import Problem, not_found
from server.core.paging import Page
from server.rules.permissions import Permission

_keys, _places = ApiKey.__table__, Place.__table__


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """A place the door is open for. `source` is set when a key was shown: what that key filed is marked with it."""

    name: str
    area: Post
    source: str = ""
    key: str = ""  # public id


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key as the office sees it."""

    id: str
    name: str
    jurisdiction: str
    place: str
    place_name: str
    created_at: datetime
    revoked_at: datetime | None


def key_hash(key: str) -> bytes:
    """What the database knows of a key: it is random, so a slow hash adds nothing."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


_LIVE: sa.Select[Any] = (
    sa.select(
        _keys.c.jurisdiction,
        _keys.c.public_id.label("key"),
        _places.c.id,
        _places.c.kind,
        _places.c.public_id,
        _places.c.name,
        _places.c.community_id,
        _places.c.street_id,
        _places.c.district_id,
    )
    .join_from(_keys, _places, _places.c.id == _keys.c.place_id)
    .where(_keys.c.revoked_at.is_(None), _places.c.closed_at.is_(None))
    .order_by(_keys.c.id)
)


def by_key(key: str, jurisdiction: str = "") -> Jurisdiction:
    """The jurisdiction a key files for. Raises 403 for no key of ours, and when it names another jurisdiction."""
    row = database.connection().execute(_LIVE.where(_keys.c.key_hash == key_hash(key))).one_or_none() if key else None
    if row is None:
        raise Problem(403, "bad_api_key", "api_key 没有给出，或者不对、已停用。密钥由区里发放。")
    if jurisdiction and jurisdiction != row.jurisdiction:
        raise Problem(403, "other_jurisdiction", "这个 api_key 不属于所给的 jurisdiction_id。")
    return Jurisdiction(row.jurisdiction, _area(row), f"open311:{row.key}", row.key)


def by_name(name: str) -> Jurisdiction:
    """A jurisdiction without a key. Raises 400 when it has to be named, 404 when there is none of that name.

    The door is open where the district made a key: nothing is published of places that never asked for it.
    """
    query = _LIVE if not name else _LIVE.where(_keys.c.jurisdiction == name)
    rows = () if "\0" in name else database.connection().execute(query)  # PostgreSQL refuses to look for NUL
    found = {row.jurisdiction: row for row in rows}
    if not found:
        raise Problem(404, "unknown_jurisdiction", "没有这个 jurisdiction_id，或者这里还没有开通 Open311。")
    if len(found) > 1:
        raise Problem(400, "jurisdiction_needed", "请给出 jurisdiction_id：这里开通了不止一处。")
    row = next(iter(found.values()))
    return Jurisdiction(row.jurisdiction, _area(row))


def _area(row: Any) -> Post:
    """The place as a post covers it: the same conditions decide what lies inside."""
    return Post(
        Role.DISTRICT, row.id, row.kind, row.public_id, row.name, row.community_id, row.street_id, row.district_id
    )


_VIEW: sa.Select[Any] = sa.select(
    _keys.c.id,
    _keys.c.public_id,
    _keys.c.name,
    _keys.c.jurisdiction,
    _keys.c.created_at,
    _keys.c.revoked_at,
    _places.c.public_id.label("place"),
    _places.c.name.label("place_name"),
).join_from(_keys, _places, _places.c.id == _keys.c.place_id)


def keys(actor: Actor, cursor: str | None = None, limit: int = paging.LIMIT) -> Page[KeyView]:
    """The keys of the actor's places, newest first."""
    after = paging.decode(cursor)
    query = _VIEW.where(access.within(actor, Permission.API_KEY_READ, _places))
    if after is not None:
        query = query.where(_keys.c.id < after)
    rows = database.connection().execute(query.order_by(_keys.c.id.desc()).limit(limit + 1)).all()
    return paging.page(rows, limit, _view, lambda row: int(row.id))


def key(actor: Actor, public_id: str) -> KeyView:
    """One key of the actor's places. Raises 404."""
    inside = access.within(actor, Permission.API_KEY_READ, _places)
    row = database.connection().execute(_VIEW.where(_keys.c.public_id == public_id, inside)).one_or_none()
    if row is None:
        raise not_found()
    return _view(row)


def _view(row: Any) -> KeyView:
    return KeyView(row.public_id, row.name, row.jurisdiction, row.place, row.place_name, row.created_at, row.revoked_at)


KINDS = (PlaceKind.DISTRICT, PlaceKind.STREET, PlaceKind.COMMUNITY)


def places_for_keys(actor: Actor) -> list[tuple[str, str]]:
    """Places of the actor's for which a key can be made: public id and name, from the district down."""
    rows = database.connection().execute(
        sa.select(_places.c.public_id, _places.c.name, _places.c.kind)
        .where(
            access.within(actor, Permission.API_KEY_WRITE, _places),
            _places.c.kind.in_(KINDS),
            _places.c.closed_at.is_(None),
        )
        .order_by(_places.c.id)
    )
    return [(row.public_id, row.name) for row in sorted(rows, key=lambda row: row.kind.depth)]
