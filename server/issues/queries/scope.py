"""Who sees which issues: what lies in their places, with two exceptions that are part of the law.

A head never sees what is about her, and a department sees only what it was whistled to.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from models import Issue, Whistle
from models.enums import Role
from server.core.access import Post
from server.identity.queries import veil


def narrow(post: Post, columns: Any) -> ColumnElement[bool] | None:
    """The two exceptions: a complaint about a head never reaches her, a department sees what it was whistled to."""
    if post.role is Role.HEAD:
        of_others: ColumnElement[bool] = sa.not_(columns.about_head)
        return of_others
    if post.role is Role.DEPARTMENT:
        whistle = Whistle.__table__.c
        called = sa.select(whistle.issue_id).where(whistle.department_id == post.department_id)
        return columns.id.in_(called)  # type: ignore[no-any-return]
    return None


_issues = Issue.__table__.c
_OWN = sa.or_(
    _issues.reporter_id == sa.bindparam("reporter_id", type_=_issues.reporter_id.type),
    _issues.reporter_index == sa.bindparam("reporter_index", type_=_issues.reporter_index.type),
)


def own() -> ColumnElement[bool]:
    """Reported by the person of `own_values`, openly or hidden."""
    return _OWN


def own_values(person_id: int) -> dict[str, Any]:
    """The parameters of `own`."""
    return {"reporter_id": person_id, "reporter_index": veil(person_id)}


def not_about(posts: Sequence[Post], columns: Any) -> ColumnElement[bool]:
    """The first exception holds whatever other post she has: a clerk who is a head sees no complaint about herself."""
    own = [post.place_id for post in posts if post.role is Role.HEAD]
    if not own or len(own) == len(posts):  # those who are heads only: `narrow` has seen to it
        return sa.true()
    return sa.not_(sa.or_(*(sa.and_(columns.about_head, columns.building_id == place) for place in own)))
