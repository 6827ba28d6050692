"""Registering the departments of a district, renaming and closing them. Closed, never deleted: whistles name them."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models import Department, Place, Whistle, new_public_id
from models.enums import PlaceKind
from server.core import access, audit, database, etags
from server.core.access import Actor
from server.core.audit import Action
from server.core.errors import conflict, invalid
from server.departments import queries
from server.rules.permissions import Permission

_d, _places, _whistles = Department.__table__.c, Place.__table__.c, Whistle.__table__.c


def register(actor: Actor, name: str, duty: str, now: datetime, *, district: str | None = None) -> str:
    """Register a department of the actor's district (name it when there are several). Returns its public id.

    Raises 409 for a name the district has already, closed or not.
    """
    posts = {post.place: post for post in actor.posts_granting(Permission.DEPARTMENT_WRITE)}
    if district is None and len(posts) != 1:
        raise invalid("district", "请写明是哪个区的部门。")
    place = access.fetch_place(
        actor, Permission.DEPARTMENT_WRITE, district or next(iter(posts)), kinds=(PlaceKind.DISTRICT,)
    )
    return _insert(place.id, name, duty, now, actor)


def register_by_operator(place_code: str, name: str, duty: str, now: datetime) -> str:
    """Register one from the command line, for the district with that code. Returns its public id."""
    query = sa.select(_places.id).where(_places.code == place_code, _places.kind == PlaceKind.DISTRICT)
    district_id = database.connection().execute(query).scalar()
    if district_id is None:
        raise invalid("district", "没有这个编码的区。")
    return _insert(district_id, name, duty, now, None)


def _insert(district_id: int, name: str, duty: str, now: datetime, actor: Actor | None) -> str:
    _refuse_taken_name(district_id, name)
    public_id = new_public_id()
    database.connection().execute(
        sa.insert(Department).values(
            public_id=public_id,
            district_id=district_id,
            name=name,
            duty=duty,
            created_at=now,
            created_by_id=actor.person_id if actor else None,
        )
    )
    _note(actor, public_id, district_id, "register", now)
    return public_id


def change(
    actor: Actor,
    department: str,
    version: int,
    now: datetime,
    *,
    name: str | None = None,
    duty: str | None = None,
    closed: bool | None = None,
) -> None:
    """Rename a department, say anew what it is called for, close it or open it again. None leaves a thing as it is.

    Raises 412 when it is no longer at `version`, 409 for a taken name and for closing one that still owes an answer.
    """
    row = queries.fetch(actor, Permission.DEPARTMENT_WRITE, department, lock=True)
    etags.require_version(row.version, version)
    values: dict[str, Any] = {}
    if name is not None and name != row.name:
        _refuse_taken_name(row.district_id, name)
        values["name"] = name
        _note(actor, department, row.district_id, "rename", now)
    if duty is not None and duty != row.duty:
        values["duty"] = duty
        _note(actor, department, row.district_id, "duty", now)
    if closed is not None and closed != (row.closed_at is not None):
        if closed:
            _refuse_closing(row.id)
        values["closed_at"] = now if closed else None
        _note(actor, department, row.district_id, "close" if closed else "open", now)
    if values:
        database.connection().execute(
            sa.update(Department).where(_d.id == row.id).values(**values, version=row.version + 1)
        )


def _refuse_taken_name(district_id: int, name: str) -> None:
    same = sa.select(_d.id).where(_d.district_id == district_id, _d.name == name)
    if database.connection().execute(same).scalar() is not None:
        raise conflict("name_taken", "本区已经登记过这个部门。停用的可以重新启用。")


def _refuse_closing(department_id: int) -> None:
    waiting = (
        sa.select(sa.func.count())
        .select_from(Whistle)
        .where(_whistles.department_id == department_id, _whistles.ended_at.is_(None))
    )
    count = database.connection().execute(waiting).scalar_one()
    if count:
        raise conflict("has_open_whistles", f"这个部门还有{count}件吹哨没有反馈，请先办完或者撤销，再停用。")


def _note(actor: Actor | None, public_id: str, district_id: int, what: str, now: datetime) -> None:
    audit.record(
        Action.DEPARTMENT_CHANGE,
        now,
        actor=actor,
        role=actor.role_for(Permission.DEPARTMENT_WRITE) if actor else None,
        subject=f"department:{public_id}",
        place_id=district_id,
        detail={"what": what},
    )
