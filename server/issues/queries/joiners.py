"""What was joined to an issue, for whoever works on it: each neighbour's own words, newest first."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from models import Issue, Place
from server.core import access, database
from server.core.access import Actor
from server.issues.queries.scope import narrow, not_about
from server.rules.permissions import Permission

MOST = 50
EXCERPT = 200

_issues, _places = Issue.__table__, Place.__table__
_target = _issues.alias("target")


@dataclass(frozen=True, slots=True)
class Joiner:
    """A report that was joined to another one. `id` opens it."""

    id: str
    excerpt: str
    spot: str
    building_name: str
    reported_at: datetime
    has_contact: bool


def joiners_of(actor: Actor, issue: str) -> list[Joiner]:
    """The latest fifty reports joined to an issue in the actor's places; none for an issue out of sight."""
    seen = access.within(actor, Permission.ISSUE_READ, _issues, narrow=narrow)
    targets = access.within(actor, Permission.ISSUE_READ, _target, narrow=narrow)
    query = (
        sa.select(
            _issues.c.public_id,
            sa.func.substr(_issues.c.text, 1, EXCERPT),
            _issues.c.spot,
            _places.c.name,
            _issues.c.reported_at,
            _issues.c.contact_sealed.is_not(None),
        )
        .join_from(_issues, _target, _target.c.id == _issues.c.duplicate_of_id)
        .join(_places, _places.c.id == _issues.c.building_id)
        .where(_target.c.public_id == issue, targets, seen, not_about(actor.posts, _issues.c))
        .order_by(_issues.c.id.desc())
        .limit(MOST)
    )
    return [Joiner(*row) for row in database.connection().execute(query)]
