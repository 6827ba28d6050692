"""Who heads a building at this moment: what other rooms and pages ask."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from models import Appointment, Person
from models.enums import Role
from models.types import UTCDateTime
from server.core import database

_a = Appointment.__table__.c


def live(now: datetime | sa.BindParameter[datetime]) -> ColumnElement[bool]:
    """The condition "this appointment gives its rights at this moment"."""
    return sa.and_(_a.starts_at <= now, sa.or_(_a.ends_at.is_(None), _a.ends_at > now))


_now = sa.bindparam("now", type_=UTCDateTime)
_HEADS = (
    sa.select(_a.place_id, _a.person_id)
    .join_from(Appointment, Person, sa.and_(Person.id == _a.person_id, Person.disabled_at.is_(None)))
    .where(_a.role == Role.HEAD, live(_now))
    .order_by(_a.place_id, _a.id)
)
_HAS_HEAD = sa.select(_HEADS.where(_a.place_id == sa.bindparam("building_id")).order_by(None).exists())


def heads_of(building_ids: Iterable[int], now: datetime) -> dict[int, list[int]]:
    """The persons who head each building at this moment, longest appointed first; without one: left out.

    Whose account is closed heads nothing: nobody would hear.
    """
    found: dict[int, list[int]] = {}
    for chunk in database.in_chunks(set(building_ids)):
        for place_id, person_id in database.connection().execute(_HEADS.where(_a.place_id.in_(chunk)), {"now": now}):
            found.setdefault(place_id, []).append(person_id)
    return found


def live_head_exists(building_id: int, now: datetime) -> bool:
    """Whether a building has a head at this moment."""
    return bool(database.connection().execute(_HAS_HEAD, {"building_id": building_id, "now": now}).scalar())
