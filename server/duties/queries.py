"""The nineteen duties, and what heads say they did."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from models import DutyItem, DutyRecord, Place
from models.enums import DutyGroup, DutyState
from server.core import access, database, paging
from server.core.access import Actor
from server.core.errors import not_found
from server.core.paging import Page
from server.photos import queries as photos
from server.photos.queries import PhotoView
from server.rules.calendar import Month
from server.rules.permissions import Permission


@dataclass(frozen=True, slots=True)
class ItemView:
    """One of the duties."""

    id: str
    group: DutyGroup
    group_name: str
    title: str


@dataclass(frozen=True, slots=True)
class RecordView:
    """A head's word that a duty was done, and what the community said to it. Names nobody."""

    id: str
    item: str
    title: str
    group: DutyGroup
    group_name: str
    building: str
    building_name: str
    month: Month
    done_on: date
    text: str
    state: DutyState
    state_name: str
    decision: str
    decided_at: datetime | None
    created_at: datetime
    mine: bool
    version: int
    photos: tuple[PhotoView, ...] = ()


_items, _records, _places = DutyItem.__table__, DutyRecord.__table__, Place.__table__
_ITEMS = (
    sa.select(_items.c.public_id, _items.c.group, _items.c.title)
    .where(_items.c.retired_at.is_(None))
    .order_by(_items.c.position)
)
_RECORDS = (
    sa.select(
        _records.c.id,
        _records.c.public_id,
        _items.c.public_id.label("item"),
        _items.c.title,
        _items.c.group,
        _places.c.public_id.label("building"),
        _places.c.name.label("building_name"),
        _records.c.month,
        _records.c.done_on,
        _records.c.text,
        _records.c.state,
        _records.c.decision,
        _records.c.decided_at,
        _records.c.created_at,
        _records.c.person_id,
        _records.c.version,
    )
    .join_from(_records, _items, _items.c.id == _records.c.item_id)
    .join(_places, _places.c.id == _records.c.building_id)
)


def items() -> list[ItemView]:
    """The duties in use, in the office's order."""
    rows = database.connection().execute(_ITEMS).all()
    return [ItemView(row.public_id, row.group, row.group.zh, row.title) for row in rows]


def records(
    actor: Actor, month: Month, building: str | None, state: DutyState | None, cursor: str | None, limit: int
) -> Page[RecordView]:
    """A month's records in the actor's scope, newest first. 404 for a building out of scope."""
    query = _RECORDS.where(_records.c.month == month, access.within(actor, Permission.DUTY_READ, _records))
    if building is not None:
        place = access.fetch_place(actor, Permission.DUTY_READ, building)
        query = query.where(_records.c.building_id == place.id)
    if state is not None:
        query = query.where(_records.c.state == state)
    before = paging.decode(cursor)
    if before is not None:
        query = query.where(_records.c.id < before)
    rows = database.connection().execute(query.order_by(_records.c.id.desc()).limit(limit + 1)).all()
    return paging.page(rows, limit, lambda row: _view(row, actor), lambda row: int(row.id))


def record(actor: Actor, public_id: str) -> RecordView:
    """One record with its photos. 404 out of scope."""
    query = _RECORDS.where(_records.c.public_id == public_id, access.within(actor, Permission.DUTY_READ, _records))
    row = database.connection().execute(query).one_or_none()
    if row is None:
        raise not_found()
    return _view(row, actor, tuple(photos.photos_of_duty_record(row.id)))


def _view(row: Any, actor: Actor, pictures: tuple[PhotoView, ...] = ()) -> RecordView:
    return RecordView(
        row.public_id,
        row.item,
        row.title,
        row.group,
        row.group.zh,
        row.building,
        row.building_name,
        row.month,
        row.done_on,
        row.text,
        row.state,
        row.state.zh,
        row.decision,
        row.decided_at,
        row.created_at,
        row.person_id == actor.person_id,
        row.version,
        pictures,
    )
