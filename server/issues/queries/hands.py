"""Who has an issue in hand and by when: the role and the unit's name, the running clocks, pauses and urgings."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import Issue, Place
from models.enums import Level, Triage
from server.core import access
from server.core.access import Actor
from server.issues.queries.locks import facts_of
from server.issues.queries.people import Colleague, standing
from server.issues.queries.scope import narrow, not_about
from server.rules.holders import holder
from server.rules.permissions import Permission

_issues, _places = Issue.__table__, Place.__table__
_unit = _places.alias("unit")

# The name of the place whose people have it in hand; the building's own where that is its head.
UNIT_NAME = (
    sa.select(_unit.c.name)
    .where(
        _unit.c.id
        == sa.case(
            (_issues.c.level == Level.HEAD, _issues.c.building_id),
            (_issues.c.level == Level.GRID, _issues.c.grid_id),
            (_issues.c.level == Level.COMMUNITY, _issues.c.community_id),
            (_issues.c.level == Level.STREET, _places.c.street_id),
            else_=_places.c.district_id,
        )
    )
    .correlate(_issues, _places)
    .scalar_subquery()
    .label("unit_name")
)


@dataclass(frozen=True, slots=True)
class HandsView:
    """Who has an issue, since when and by when. `extension_asked`: working days nobody decided on yet.

    `photo_required`: the topic asks for a photo of what was done.
    """

    holder: str
    since: datetime
    sign_in_due_at: datetime | None
    signed_in_at: datetime | None
    contact_due_at: datetime | None
    contacted_at: datetime | None
    suspended_until: datetime | None
    suspended_why: str
    suspensions: int
    extension_asked: int | None
    extensions: int
    pushed_back: int
    urged: int
    assigned: bool
    suggested: Triage | None
    suggested_why: str
    triage: Triage | None
    follow_up_at: datetime | None
    photo_required: bool


def hands(row: Row[Any]) -> HandsView:
    """The view of an issue's row in full, with `UNIT_NAME`."""
    return HandsView(
        holder=holder(row.level, row.unit_name or ""),
        since=row.held_since or row.reported_at,
        sign_in_due_at=row.sign_in_due_at,
        signed_in_at=row.signed_in_at,
        contact_due_at=row.contact_due_at,
        contacted_at=row.contacted_at,
        suspended_until=row.suspended_until,
        suspended_why=row.suspended_why,
        suspensions=row.suspensions,
        extension_asked=row.extension_workdays,
        extensions=row.extensions,
        pushed_back=row.pushed_back,
        urged=row.urged,
        assigned=row.assignee_id is not None,
        suggested=row.suggested,
        suggested_why=row.suggested_why,
        triage=row.triage,
        follow_up_at=row.follow_up_at,
        photo_required=facts_of(row).photo_required,
    )


def colleagues(actor: Actor, public_id: str, now: datetime) -> list[Colleague]:
    """Who stands on the level that has an issue, but the actor. 404 out of scope, 403 for those who hand nothing down."""
    row = access.fetch(
        actor,
        Permission.ISSUE_ASSIGN,
        public_id,
        (_issues.c.id, _issues.c.level),
        table=_issues,
        see=Permission.ISSUE_READ,
        narrow=narrow,
        where=(not_about(actor.posts, _issues.c),),
    )
    return [one for one in standing(row.id, row.level, now) if one.person_id != actor.person_id]
