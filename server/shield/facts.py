"""What the law of openings asks of somebody of the office: what they have to do with the issue and its building."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import Appointment, Issue, IssueEvent, Person, Place
from models.enums import Role
from server.core import access, database
from server.core.access import Actor, Post
from server.core.errors import not_found
from server.issues import queries as issues
from server.rules import shield
from server.rules.permissions import Permission, roles_with

_posts, _issues, _events = Appointment.__table__.c, Issue.__table__.c, IssueEvent.__table__.c
_persons = Person.__table__.c
_head = Appointment.__table__.alias("head")


def acting_post(actor: Actor, permission: Permission, row: Row[Any]) -> Post:
    """The highest of the actor's posts that covers the issue and includes the permission. Raises 404 without one."""
    covering = [post for post in actor.posts_granting(permission) if access.covers(post, row)]
    if not covering:
        raise not_found()
    return max(covering, key=lambda post: list(Role).index(post.role))


def issue_of(row: Row[Any]) -> shield.Issue:
    """The issue as the law sees it. `row` is one of `issues.queries.FACTS`."""
    return shield.Issue(row.anonymity, row.kept, row.about_head)


def official(actor: Actor, role: Role, row: Row[Any], now: datetime) -> shield.Official:
    """The actor as the law sees them."""
    me = sa.literal(actor.person_id)
    heads, handled = database.connection().execute(sa.select(_heads_it(me, row, now), _handled_it(me, row))).one()
    return shield.Official(role, bool(heads), bool(handled), issues.is_by(row, actor.person_id))


def others_could_decide(actor: Actor, asked_by_id: int, row: Row[Any], now: datetime) -> bool:
    """Whether somebody else who did not work on the issue, nor heads its building, could decide."""
    roles = shield.ABOVE_THE_COMMUNITY if row.about_head else roles_with(Permission.REPORTER_DECIDE)
    places = (row.community_id, row.street_id, row.district_id)
    query = (
        sa.select(_posts.person_id)
        .join_from(Appointment, Person, sa.and_(_persons.id == _posts.person_id, _persons.disabled_at.is_(None)))
        .join(Place, Place.id == _posts.place_id)
        .where(
            _posts.role.in_(sorted(roles)),
            _posts.place_id.in_([place for place in places if place is not None]),
            access.in_force(_posts, now),
            _posts.person_id.not_in([actor.person_id, asked_by_id]),
            sa.not_(_heads_it(_posts.person_id, row, now)),
            sa.not_(_handled_it(_posts.person_id, row)),
        )
    )
    return bool(database.connection().execute(sa.select(query.exists())).scalar())


def _heads_it(person: Any, row: Row[Any], now: datetime) -> sa.ColumnElement[bool]:
    """Heads the building now, or did at any moment since the issue was reported."""
    reported_at = sa.select(_issues.reported_at).where(_issues.id == row.id).scalar_subquery()
    return sa.exists().where(
        _head.c.person_id == person,
        _head.c.place_id == row.building_id,
        _head.c.role == Role.HEAD,
        _head.c.starts_at <= now,
        sa.or_(_head.c.ends_at.is_(None), _head.c.ends_at > reported_at),
    )


def _handled_it(person: Any, row: Row[Any]) -> sa.ColumnElement[bool]:
    return sa.exists().where(_events.issue_id == row.id, _events.actor_id == person)
