"""The report on departments: one statement whatever the number of whistles, and one for how long the late ones were late."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from models import Department, Whistle
from models.enums import Role, Satisfaction, WhistleEnd
from server.core import access, database
from server.core.access import Actor, Post
from server.core.errors import forbidden
from server.rules.calendar import Month
from server.rules.department_figures import DEFINITIONS, Definition, days_over
from server.rules.permissions import Permission

_w, _d = Whistle.__table__, Department.__table__
# Those who call departments read the figures of their places; a department, which commands nobody, its own.
READERS = frozenset({Role.COMMUNITY, Role.STREET, Role.DISTRICT, Role.DEPARTMENT})


@dataclass(frozen=True, slots=True)
class DepartmentFigures:
    """One department's month (see `rules.department_figures`). Every share is a pair: how many, of how many."""

    department: str
    department_name: str
    whistles: int
    called_off: int
    signed_in_on_time: int
    sign_in_counted: int
    contacted_on_time: int
    contact_counted: int
    reported_on_time: int
    report_counted: int
    pushed_back: int
    urged: int
    overdue: int
    open: int
    satisfied: int
    fairly: int
    unsatisfied: int
    overdue_days: int = 0


@dataclass(frozen=True, slots=True)
class FiguresView:
    """The report of a month."""

    month: Month
    items: Sequence[DepartmentFigures]
    definitions: Sequence[Definition] = DEFINITIONS


def department_figures(actor: Actor, month: Month, now: datetime) -> FiguresView:
    """What departments made of the whistles sounded in a month in the actor's places; a department reads its own.

    Raises 403 for who is neither.
    """
    posts = [post for post in actor.posts if post.role in READERS]
    if not posts:
        raise forbidden(f"{Permission.FIGURE_READ.zh}由社区、街道和区来做，部门看自己的。")
    inside = sa.and_(_w.c.month == month, access.within_posts(posts, _w, _own))
    rows = database.connection().execute(_counted(now).where(inside)).all()
    late = _late(inside, now)
    return FiguresView(month, [replace(DepartmentFigures(*row[1:]), overdue_days=late.get(row[0], 0)) for row in rows])


def _own(post: Post, columns: Any) -> ColumnElement[bool] | None:
    if post.role is Role.DEPARTMENT:
        own: ColumnElement[bool] = columns.department_id == post.department_id
        return own
    return None


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)


def _counted(now: datetime) -> sa.Select[Any]:
    c = _w.c
    called_off = sa.and_(c.end.is_not(None), c.end == WhistleEnd.CALLED_OFF)
    stands = sa.or_(c.end.is_(None), c.end != WhistleEnd.CALLED_OFF)
    kept = sa.or_(c.end.is_(None), c.end == WhistleEnd.REPORTED)  # neither called off nor pushed back
    signed = sa.or_(c.signed_in_at.is_not(None), c.sign_in_due_at < now)
    contacted = sa.or_(c.contacted_at.is_not(None), c.contact_due_at < now)
    reported = sa.or_(c.end == WhistleEnd.REPORTED, c.due_at < now)
    late = sa.func.coalesce(c.ended_at, sa.literal(now, c.ended_at.type)) > c.due_at
    return (
        sa.select(
            _d.c.id,
            _d.c.public_id,
            _d.c.name,
            _count(stands),
            _count(called_off),
            _count(sa.and_(stands, c.signed_in_at <= c.sign_in_due_at)),
            _count(sa.and_(stands, signed)),
            _count(sa.and_(kept, c.contacted_at <= c.contact_due_at)),
            _count(sa.and_(kept, contacted)),
            _count(sa.and_(c.end == WhistleEnd.REPORTED, c.ended_at <= c.due_at)),
            _count(sa.and_(kept, reported)),
            _count(c.end == WhistleEnd.PUSHED_BACK),
            sa.func.coalesce(sa.func.sum(sa.case((stands, c.urged), else_=0)), 0),
            _count(sa.and_(stands, late)),
            _count(c.end.is_(None)),
            *(_count(sa.and_(stands, c.rating == each)) for each in Satisfaction),
        )
        .join_from(_w, _d, _d.c.id == c.department_id)
        .group_by(_d.c.id, _d.c.public_id, _d.c.name)
        .order_by(_d.c.id)
    )


def _late(inside: ColumnElement[bool], now: datetime) -> dict[int, int]:
    """By department, the days over of its late whistles: only those rows are read."""
    c = _w.c
    stands = sa.or_(c.end.is_(None), c.end != WhistleEnd.CALLED_OFF)
    late = sa.func.coalesce(c.ended_at, sa.literal(now, c.ended_at.type)) > c.due_at
    found: dict[int, int] = {}
    query = sa.select(c.department_id, c.due_at, c.ended_at).where(inside, stands, late)
    for row in database.connection().execute(query):
        found[row.department_id] = found.get(row.department_id, 0) + days_over((row.ended_at or now) - row.due_at)
    return found
