"""Invitations as the office sees them: never with their code."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models import Invitation
from models.enums import Role, Word
from server.core import database, paging
from server.core.access import Actor
from server.core.paging import Page
from server.heads.queries.places import IN_ITS_ESTATE, PLACE, Where, estate, inside, page_of, place, where_of
from server.rules.permissions import Permission


class InvitationState(Word):
    """What became of an invitation."""

    OPEN = "open", "待接受"
    ACCEPTED = "accepted", "已接受"
    EXPIRED = "expired", "已过期"
    REVOKED = "revoked", "已撤回"


@dataclass(frozen=True, slots=True)
class InvitationView:
    """An invitation."""

    id: str
    role: Role
    role_name: str
    name: str
    place: Where
    term_ends_at: datetime | None
    created_at: datetime
    expires_at: datetime
    accepted_at: datetime | None
    revoked_at: datetime | None
    state: InvitationState


_i = Invitation.__table__.c
_ALL = (
    sa.select(
        _i.id,
        _i.public_id,
        _i.role,
        _i.name,
        _i.term_ends_at,
        _i.created_at,
        _i.expires_at,
        _i.accepted_at,
        _i.revoked_at,
        *PLACE,
    )
    .select_from(Invitation)
    .join(place, place.c.id == _i.place_id)
    .outerjoin(estate, IN_ITS_ESTATE)
)


def invitations(
    actor: Actor,
    now: datetime,
    *,
    place: str | None = None,
    open_only: bool = False,
    cursor: str | None = None,
    limit: int = paging.LIMIT,
) -> Page[InvitationView]:
    """Invitations in the actor's places, newest last; `open_only`: those that can still be accepted."""
    query = _ALL.where(inside(actor, Permission.INVITATION_READ, place))
    if open_only:
        query = query.where(_i.accepted_at.is_(None), _i.revoked_at.is_(None), _i.expires_at > now)
    rows = page_of(query, _i.id, cursor, limit)
    return paging.page(rows, limit, lambda row: _view(row, now), lambda row: int(row.id))


def invitation(public_id: str, now: datetime) -> InvitationView:
    """One invitation, whose place the caller has already looked at."""
    return _view(database.connection().execute(_ALL.where(_i.public_id == public_id)).one(), now)


def _view(row: Any, now: datetime) -> InvitationView:
    if row.accepted_at is not None:
        state = InvitationState.ACCEPTED
    elif row.revoked_at is not None:
        state = InvitationState.REVOKED
    else:
        state = InvitationState.OPEN if row.expires_at > now else InvitationState.EXPIRED
    return InvitationView(
        row.public_id,
        row.role,
        row.role.zh,
        row.name,
        where_of(row),
        row.term_ends_at,
        row.created_at,
        row.expires_at,
        row.accepted_at,
        row.revoked_at,
        state,
    )
