"""The locked rows that moves start from, and what the law needs to know of them."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import Issue, Place
from server.core import access, database
from server.core.access import Actor
from server.core.errors import forbidden, not_found
from server.issues import claims
from server.issues.queries.scope import narrow, not_about
from server.rules import lifecycle
from server.rules.permissions import Permission

_issues, _places = Issue.__table__, Place.__table__
_joiner = _issues.alias("joiner")

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


def lock_filed(public_id: str) -> Row[Any]:
    """The facts of an issue whose reporter the caller has already proved to be: the system that filed it."""
    return _lock(FACTS.where(_issues.c.public_id == public_id))


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
