"""Appointing and ending: who may is asked of `rules.permissions`, over the very place."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import Appointment, Person, Place, new_public_id
from models.enums import ROLE_PLACES, Role
from server.core import access, audit, database
from server.core.access import Actor
from server.core.audit import Action
from server.core.errors import conflict, forbidden, invalid, not_found
from server.departments import queries as departments
from server.rules.permissions import GRANTS, Permission, may_appoint, may_end

SKEW = timedelta(minutes=5)  # how far a sender's clock may be behind ours

_a = Appointment.__table__.c
_place = Place.__table__


@dataclass(frozen=True, slots=True)
class Term:
    """From when until when; open at the end when None."""

    starts_at: datetime
    ends_at: datetime | None = None


def appoint(
    actor: Actor, person: str, role: Role, place: str, term: Term, now: datetime, *, department: str | None = None
) -> str:
    """Appoint a person to a role at a place of the actor's. Returns the appointment's public id.

    Raises 403 unless the actor's role over that place may appoint to the role (each level appoints the next one down),
    422 unless a department's post, and no other, names an open `department` (public id) of that district.
    """
    where = access.fetch_place(actor, Permission.APPOINTMENT_WRITE, place)
    decision = may_appoint(roles_over(actor, where), role)
    if not decision:
        raise forbidden(decision.reason)
    if term.starts_at < now - SKEW:
        raise invalid("starts_at", "任职不能从过去开始。")
    whom = (
        database.connection()
        .execute(sa.select(Person.id).where(Person.public_id == person, Person.disabled_at.is_(None)))
        .one_or_none()
    )
    if whom is None:
        raise invalid("person", "没有这个人，或者账号已停用。")
    term = Term(max(term.starts_at, now), term.ends_at)
    department_id = department_of(role, where, department)
    return make(whom.id, role, where, term, now, by=actor, appointed_by_id=actor.person_id, department_id=department_id)


def appoint_by_operator(
    person_id: int, role: Role, place_code: str, now: datetime, *, department: str | None = None
) -> str:
    """Appoint from the command line, where the first people of an installation come from. Returns the public id.

    `department`: the name of the district's department, for a department's post.
    """
    query = sa.select(_place).where(_place.c.code == place_code)
    where = database.connection().execute(query).one_or_none()
    if where is None:
        raise invalid("place", "没有这个编码的地点。")
    refuse_place(role, where)
    found = departments.by_name(where.id, department) if department else None
    if department and found is None:
        raise invalid("department", "本区没有登记这个部门，请先登记。")
    return make(person_id, role, where, Term(now), now, department_id=department_of(role, where, found))


def department_of(role: Role, where: Row[Any], department: str | None) -> int | None:
    """The internal id of the department a post answers for. Raises 422 as told at `appoint`."""
    if role is not Role.DEPARTMENT:
        if department is not None:
            raise invalid("department", f"{role.zh}不属于哪个部门，请不要选部门。")
        return None
    if department is None:
        raise invalid("department", "请选择是哪个部门：职能部门的人只看得到吹哨给本部门的诉求。")
    for row in departments.among(where.id, [department]):
        if row.closed_at is not None:
            raise invalid("department", "这个部门已经停用，不能再任命。")
        return int(row.id)
    raise invalid("department", "本区没有登记这个部门，请先登记。")


def make(
    person_id: int,
    role: Role,
    where: Row[Any],
    term: Term,
    now: datetime,
    *,
    by: Actor | None = None,
    appointed_by_id: int | None = None,
    department_id: int | None = None,
) -> str:
    """Write an appointment that has been decided. `by` is who asks for it now. Returns its public id.

    Raises 422 for a place of the wrong kind or a term that does not run forward, 409 for a closed place and for a
    person who holds this very post already.
    """
    refuse_place(role, where)
    if term.ends_at is not None and term.ends_at <= term.starts_at:
        raise invalid("ends_at", "结束时间要晚于开始时间。")
    # Held until the end, so that two requests at once do not appoint twice.
    database.connection().execute(sa.select(Person.id).where(Person.id == person_id).with_for_update(key_share=True))
    overlapping = sa.select(_a.id).where(
        _a.person_id == person_id,
        _a.role == role,
        _a.place_id == where.id,
        _a.department_id.is_(None) if department_id is None else _a.department_id == department_id,
        sa.or_(_a.ends_at.is_(None), sa.and_(_a.ends_at > term.starts_at, _a.ends_at > _a.starts_at)),
        *([_a.starts_at < term.ends_at] if term.ends_at is not None else []),
    )
    if database.connection().execute(overlapping.limit(1)).scalar() is not None:
        raise conflict("already_appointed", f"这个人在这段时间里已经是这里的{role.zh}。")
    public_id = new_public_id()
    database.connection().execute(
        sa.insert(Appointment).values(
            public_id=public_id,
            person_id=person_id,
            role=role,
            place_id=where.id,
            department_id=department_id,
            starts_at=term.starts_at,
            ends_at=term.ends_at,
            appointed_by_id=appointed_by_id,
            created_at=now,
        )
    )
    audit.record(
        Action.APPOINTMENT_START,
        now,
        actor=by,
        role=_acting(by, where, Permission.APPOINTMENT_WRITE),
        subject=f"appointment:{public_id}",
        place_id=where.id,
        detail={"role": str(role)},
    )
    return public_id


def end(actor: Actor, appointment: str, reason: str, now: datetime) -> None:
    """End an appointment now, one that has not begun before it begins: its rights are dark at the next request.

    Raises 404 outside the actor's places, 403 unless the actor stands above the role, 409 when it has ended already.
    """
    visible = access.within(actor, Permission.APPOINTMENT_READ, _place)
    row: Any = (
        database.connection()
        .execute(
            sa.select(*_place.c, _a.id.label("appointment_id"), _a.role, _a.starts_at, _a.ends_at)
            .join_from(Appointment, _place, _place.c.id == _a.place_id)
            .where(_a.public_id == appointment, visible)
            .with_for_update(of=Appointment.__table__)
        )
        .one_or_none()
    )
    if row is None:
        raise not_found()
    decision = may_end(roles_over(actor, row), row.role)
    if not decision:
        raise forbidden(decision.reason)
    last = max(now, row.starts_at)
    if row.ends_at is not None and row.ends_at <= last:
        raise conflict("already_ended", "这项任职已经结束了。")
    database.connection().execute(
        sa.update(Appointment).where(_a.id == row.appointment_id).values(ends_at=last, ended_reason=reason)
    )
    audit.record(
        Action.APPOINTMENT_END,
        now,
        actor=actor,
        role=_acting(actor, row, Permission.APPOINTMENT_END),
        subject=f"appointment:{appointment}",
        place_id=row.id,
        detail={"role": str(row.role), "reason": reason},
    )


def refuse_place(role: Role, where: Row[Any]) -> None:
    """Raise unless the role can be held at this place."""
    kind = ROLE_PLACES[role]
    if where.kind is not kind:
        raise invalid("place", f"{role.zh}只能任命到{kind.zh}。")
    if where.closed_at is not None:
        raise conflict("place_closed", "这个地点已经停用，不能再任命。")


def roles_over(actor: Actor, where: Row[Any]) -> frozenset[Role]:
    """The roles the actor holds over a place: a post elsewhere counts for nothing here."""
    return frozenset(post.role for post in actor.posts if where._mapping[Place.ANCESTOR[post.kind]] == post.place_id)


def _acting(actor: Actor | None, where: Row[Any], permission: Permission) -> Role | None:
    """The role over the place in which this is done, for the audit trail."""
    held = roles_over(actor, where) if actor else frozenset()
    return next((role for role in Role if role in held and permission in GRANTS[role]), None)
