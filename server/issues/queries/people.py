"""Who stands on a level of an issue: live posts that cover its building, but never a head of what is about herself."""

from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from models import Appointment, Issue, Person, Place, Whistle
from models.enums import Level, Role
from server.core import access, database
from server.core.access import Actor
from server.rules.permissions import Permission

_issues, _places = Issue.__table__.c, Place.__table__.c
_posts, _persons = Appointment.__table__.c, Person.__table__.c
_whistles = Whistle.__table__.c
_own = Appointment.__table__.alias("own")


def with_people_at(level: ColumnElement[Any], query: sa.Select[Any], now: datetime) -> sa.Select[Any]:
    """Join a query of issues and their buildings to every live post on this level that covers the building.

    Levels and roles share their words (`rules.levels.LEVEL_OF`), so one index finds the post. Of the departments only
    those that were called and have not answered.
    """
    place = sa.case(
        (level == Level.HEAD, _places.id),
        (level == Level.GRID, _places.grid_id),
        (level == Level.COMMUNITY, _places.community_id),
        (level == Level.STREET, _places.street_id),
        else_=_places.district_id,
    )
    covers = sa.and_(
        _posts.place_id == place, _posts.role == sa.type_coerce(level, _posts.role.type), access.in_force(_posts, now)
    )
    called = sa.or_(
        _posts.role != Role.DEPARTMENT,
        sa.exists().where(
            _whistles.issue_id == _issues.id,
            _whistles.department_id == _posts.department_id,
            _whistles.ended_at.is_(None),
        ),
    )
    about_themselves = sa.and_(
        _issues.about_head,
        sa.exists().where(
            _own.c.person_id == _posts.person_id,
            _own.c.place_id == _issues.building_id,
            _own.c.role == Role.HEAD,
            access.in_force(_own.c, now),
        ),
    )
    return (
        query.join(Appointment, covers)
        .join(Person, sa.and_(_persons.id == _posts.person_id, _persons.disabled_at.is_(None)))
        .where(sa.not_(about_themselves), called)
        .distinct()
    )


class Colleague(NamedTuple):
    """Somebody who stands on the level that has an issue in hand."""

    person_id: int
    public_id: str
    name: str


def standing(issue_id: int, level: Level, now: datetime) -> list[Colleague]:
    """Who stands on a level and may have the issue, by name."""
    at = sa.literal(level, type_=_issues.level.type)
    query = sa.select(_persons.id, _persons.public_id, _persons.name).join_from(
        Issue, Place, _places.id == _issues.building_id
    )
    rows = database.connection().execute(
        with_people_at(at, query, now).where(_issues.id == issue_id).order_by(_persons.name, _persons.id)
    )
    return [Colleague(*row) for row in rows]


def beside(actor: Actor, now: datetime) -> list[Colleague]:
    """Who holds the same post as the actor at the same place, herself too, where she may hand issues over; by name."""
    posts = actor.posts_granting(Permission.ISSUE_ASSIGN)
    same = sa.or_(*(sa.and_(_posts.place_id == post.place_id, _posts.role == post.role) for post in posts))
    if not posts:
        return []
    query = (
        sa.select(_persons.id, _persons.public_id, _persons.name)
        .join_from(Person, Appointment, _posts.person_id == _persons.id)
        .where(same, access.in_force(_posts, now), _persons.disabled_at.is_(None))
        .distinct()
        .order_by(_persons.name, _persons.id)
    )
    return [Colleague(*row) for row in database.connection().execute(query)]
