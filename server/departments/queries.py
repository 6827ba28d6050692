"""The departments (职能部门) of a district: for whoever whistles, appoints, or reads a whistle."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.engine import Row

from models import Department, Place
from server.core import database, paging
from server.core.access import Actor
from server.core.errors import forbidden, not_found
from server.core.paging import Page
from server.rules.permissions import Permission

_d, _places = Department.__table__.c, Place.__table__.c


@dataclass(frozen=True, slots=True)
class DepartmentView:
    """A department. `closed_at`: no longer called."""

    id: str
    name: str
    duty: str
    district: str
    district_name: str
    closed_at: datetime | None
    version: int


_ALL = sa.select(
    _d.id,
    _d.public_id,
    _d.name,
    _d.duty,
    _d.closed_at,
    _d.version,
    _d.district_id,
    _places.public_id.label("district"),
    _places.name.label("district_name"),
).join_from(Department, Place, _places.id == _d.district_id)


def departments(
    actor: Actor, *, closed: bool = False, cursor: str | None = None, limit: int = paging.LIMIT
) -> Page[DepartmentView]:
    """The departments of the actor's districts, in the order they were registered; `closed`: those no longer called too."""
    query = _ALL.where(_in_districts(actor, Permission.DEPARTMENT_READ))
    if not closed:
        query = query.where(_d.closed_at.is_(None))
    after = paging.decode(cursor)
    if after is not None:
        query = query.where(_d.id > after)
    rows = database.connection().execute(query.order_by(_d.id).limit(limit + 1)).all()
    return paging.page(rows, limit, _view, lambda row: int(row.id))


def department(actor: Actor, public_id: str) -> DepartmentView:
    """One department of the actor's districts. Raises 404 for any other."""
    return _view(fetch(actor, Permission.DEPARTMENT_READ, public_id))


def open_in(district_id: int) -> list[DepartmentView]:
    """All that can be called in a district: what a form offers. The caller has looked at the place already."""
    query = _ALL.where(_d.district_id == district_id, _d.closed_at.is_(None)).order_by(_d.id)
    return [_view(row) for row in database.connection().execute(query)]


def among(district_id: int, public_ids: Collection[str]) -> list[Row[Any]]:
    """Rows (id, public_id, name, closed_at) of a district's departments by public id, held against closing meanwhile."""
    query = (
        sa.select(_d.id, _d.public_id, _d.name, _d.closed_at)
        .where(_d.district_id == district_id, _d.public_id.in_(list(public_ids)))
        .order_by(_d.id)
        .with_for_update(read=True)
    )
    return list(database.connection().execute(query))


def names(ids: Collection[int]) -> dict[int, str]:
    """The names of departments by internal id, closed ones too."""
    if not ids:
        return {}
    query = sa.select(_d.id, _d.name).where(_d.id.in_(list(ids)))
    return {row.id: row.name for row in database.connection().execute(query)}


def by_name(district_id: int, name: str) -> str | None:
    """The public id of a district's department of that name; None when there is none."""
    query = sa.select(_d.public_id).where(_d.district_id == district_id, _d.name == name)
    found: str | None = database.connection().execute(query).scalar()
    return found


def fetch(actor: Actor, permission: Permission, public_id: str, *, lock: bool = False) -> Row[Any]:
    """A department's row: 404 outside the actor's districts, 403 there without the permission."""
    if "\0" in public_id:
        raise not_found()
    allowed = _in_districts(actor, permission).label("_allowed")
    query = _ALL.add_columns(allowed).where(_d.public_id == public_id, _in_districts(actor, Permission.DEPARTMENT_READ))
    if lock:
        query = query.with_for_update(of=Department.__table__)
    row = database.connection().execute(query).one_or_none()
    if row is None:
        raise not_found()
    if not row._allowed:
        raise forbidden()
    return row


def _in_districts(actor: Actor, permission: Permission) -> ColumnElement[bool]:
    """A department belongs to its whole district: whoever has a post anywhere inside may call it."""
    districts = {post.district_id for post in actor.posts_granting(permission) if post.district_id is not None}
    return _d.district_id.in_(sorted(districts)) if districts else sa.false()


def _view(row: Any) -> DepartmentView:
    return DepartmentView(
        row.public_id, row.name, row.duty, row.district, row.district_name, row.closed_at, row.version
    )
