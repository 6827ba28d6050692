"""Keys of other systems: made by the district, shown once, renewed or revoked at once. Only the hash is kept."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import ApiKey, Place, new_public_id
from server.core import access, audit, database
from server.core.access import Actor
from server.core.audit import Action
from server.core.errors import conflict, forbidden, invalid, not_found
from server.open311 import queries
from server.rules.permissions import Permission

_keys, _places = ApiKey.__table__, Place.__table__
PREFIX = "lz311_"  # so that a key found in the open says what it is


@dataclass(frozen=True, slots=True)
class Made:
    """A new key: its public id, and the key that is shown this once."""

    id: str
    key: str


def make_key(actor: Actor, place: str, jurisdiction: str, name: str, now: datetime) -> Made:
    """Make a key for a place of the actor's. Raises 409 when the jurisdiction's name means another place."""
    return _make(access.fetch_place(actor, Permission.API_KEY_WRITE, place), jurisdiction, name, now, actor)


def make_key_by_operator(place_code: str, jurisdiction: str, name: str, now: datetime) -> Made:
    """The same from the terminal, for a place by its code. Raises 404 for an unknown place."""
    row = database.connection().execute(sa.select(_places).where(_places.c.code == place_code)).one_or_none()
    if row is None:
        raise not_found()
    return _make(row, jurisdiction, name, now, None)


def _make(where: Row[Any], jurisdiction: str, name: str, now: datetime, actor: Actor | None) -> Made:
    if where.kind not in queries.KINDS:
        raise invalid("place", "密钥只能发给区、街道或社区。")
    if where.closed_at is not None:
        raise invalid("place", "这个地方已经停用。")
    database.advisory_lock(f"jurisdiction {jurisdiction}")
    elsewhere = sa.select(_keys.c.id).where(_keys.c.jurisdiction == jurisdiction, _keys.c.place_id != where.id)
    if database.connection().execute(elsewhere.limit(1)).first():
        raise conflict("jurisdiction_taken", "这个辖区代号已经用在别的地方，请换一个。")
    key, public_id = _new_key(), new_public_id()
    database.connection().execute(
        sa.insert(ApiKey).values(
            public_id=public_id,
            key_hash=queries.key_hash(key),
            jurisdiction=jurisdiction,
            place_id=where.id,
            name=name,
            created_at=now,
            created_by_id=actor.person_id if actor else None,
            created_role=actor.role_for(Permission.API_KEY_WRITE) if actor else None,
        )
    )
    _record(Action.API_KEY_MAKE, actor, public_id, where.id, now)
    return Made(public_id, key)


def renew_key(actor: Actor, public_id: str, now: datetime) -> Made:
    """Another key in its place: the old one is dark at once, what it filed stays this system's. Raises 409 when revoked."""
    row = _lock(actor, public_id)
    if row.revoked_at is not None:
        raise conflict("revoked", "这把密钥已经停用，请另发一把。")
    key = _new_key()
    _change(row.id, key_hash=queries.key_hash(key))
    _record(Action.API_KEY_RENEW, actor, public_id, row.place_id, now)
    return Made(public_id, key)


def revoke_key(actor: Actor, public_id: str, now: datetime) -> None:
    """Dark at once; doing it twice changes nothing. What it filed stays."""
    row = _lock(actor, public_id)
    if row.revoked_at is None:
        _change(row.id, revoked_at=now, revoked_by_id=actor.person_id)
        _record(Action.API_KEY_REVOKE, actor, public_id, row.place_id, now)


def _new_key() -> str:
    return PREFIX + secrets.token_urlsafe(32)


def _lock(actor: Actor, public_id: str) -> Row[Any]:
    """A key of the actor's places, held until the transaction ends: 404 outside them, 403 without the right."""
    seen, allowed = (
        access.within(actor, right, _places) for right in (Permission.API_KEY_READ, Permission.API_KEY_WRITE)
    )
    row: Row[Any] | None = (
        database.connection()
        .execute(
            sa.select(_keys.c.id, _keys.c.place_id, _keys.c.revoked_at, allowed.label("allowed"))
            .join_from(_keys, _places, _places.c.id == _keys.c.place_id)
            .where(_keys.c.public_id == public_id, seen)
            .with_for_update(of=_keys)
        )
        .one_or_none()
    )
    if row is None:
        raise not_found()
    if not row.allowed:
        raise forbidden()
    return row


def _change(key_id: int, **values: Any) -> None:
    database.connection().execute(sa.update(ApiKey).where(_keys.c.id == key_id).values(**values))


def _record(action: Action, actor: Actor | None, public_id: str, place_id: int, now: datetime) -> None:
    audit.record(
        action,
        now,
        actor=actor,
        role=actor.role_for(Permission.API_KEY_WRITE) if actor else None,
        subject=f"api_key:{public_id}",
        place_id=place_id,
    )
