"""Appointments as the office sees them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from models import Appointment, Department, Person
from models.enums import Role, Word
from server.core import database, paging
from server.core.access import Actor
from server.core.paging import Page
from server.heads.queries.live import live
from server.heads.queries.places import IN_ITS_ESTATE, PLACE, Where, estate, inside, page_of, place, where_of
from server.rules.permissions import Permission


class TermState(Word):
    """Where an appointment stands in its term."""

    UPCOMING = "upcoming", "未开始"
    LIVE = "live", "任职中"
    ENDED = "ended", "已结束"


@dataclass(frozen=True, slots=True)
class Who:
    """The person appointed."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class AppointmentView:
    """An appointment."""

    id: str
    role: Role
    role_name: str
    person: Who
    place: Where
    starts_at: datetime
    ends_at: datetime | None
    ended_reason: str
    state: TermState
    department_name: str | None = None


_a = Appointment.__table__.c
_ALL = (
    sa.select(
        _a.id,
        _a.public_id,
        _a.role,
        _a.starts_at,
        _a.ends_at,
        _a.ended_reason,
        Person.public_id.label("person"),
        Person.name.label("person_name"),
        Department.name.label("department"),
        *PLACE,
    )
    .select_from(Appointment)
    .join(Person, Person.id == _a.person_id)
    .join(place, place.c.id == _a.place_id)
    .outerjoin(estate, IN_ITS_ESTATE)
    .outerjoin(Department, Department.id == _a.department_id)
)


def appointments(
    actor: Actor,
    now: datetime,
    *,
    place: str | None = None,
    role: Role | None = None,
    state: TermState | None = None,
    cursor: str | None = None,
    limit: int = paging.LIMIT,
) -> Page[AppointmentView]:
    """Appointments in the actor's places: at a place and inside it, to a role, in a state of their term."""
    query = _ALL.where(inside(actor, Permission.APPOINTMENT_READ, place))
    if role is not None:
        query = query.where(_a.role == role)
    if state is not None:
        query = query.where(_in_state(state, now))
    rows = page_of(query, _a.id, cursor, limit)
    return paging.page(rows, limit, lambda row: _view(row, now), lambda row: int(row.id))


def appointment(public_id: str, now: datetime) -> AppointmentView:
    """One appointment, whose place the caller has already looked at."""
    return _view(database.connection().execute(_ALL.where(_a.public_id == public_id)).one(), now)


def _in_state(state: TermState, now: datetime) -> ColumnElement[bool]:
    match state:
        case TermState.LIVE:
            return live(now)
        case TermState.UPCOMING:
            return sa.and_(_a.starts_at > now, sa.or_(_a.ends_at.is_(None), _a.ends_at > _a.starts_at))
        case _:  # an appointment ended before it began has an empty term
            return sa.or_(_a.ends_at <= now, _a.ends_at <= _a.starts_at)


def _view(row: Any, now: datetime) -> AppointmentView:
    if row.ends_at is not None and (row.ends_at <= now or row.ends_at <= row.starts_at):
        state = TermState.ENDED
    else:
        state = TermState.LIVE if row.starts_at <= now else TermState.UPCOMING
    return AppointmentView(
        row.public_id,
        row.role,
        row.role.zh,
        Who(row.person, row.person_name),
        where_of(row),
        row.starts_at,
        row.ends_at,
        row.ended_reason,
        state,
        row.department,
    )
