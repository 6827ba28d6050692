"""Reading households: lists in the order of their doors, search, one household. Names and phones leave masked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from models import Household, Place, Resident
from models.enums import PlaceKind, Relation, Tenancy
from server.core import access, crypto, database, paging
from server.core.access import Actor
from server.core.crypto import Keyring
from server.core.errors import Problem, invalid
from server.core.paging import Page
from server.households import personal, search
from server.households.search import Question
from server.rules.permissions import Permission

SEARCHED_MOST = 50_000  # residents looked through for one question; a community is far smaller

_households, _residents, _places = Household.__table__, Resident.__table__, Place.__table__
_PRESENT = _residents.c.moved_out_at.is_(None)
_ORDER = (_households.c.building_id, _households.c.position, _households.c.id)


@dataclass(frozen=True, slots=True)
class ResidentView:
    """Somebody who lives there, masked. `matched`: a search found this person."""

    id: str
    name: str
    phone: str | None
    relation: Relation
    relation_name: str
    is_contact: bool
    matched: bool


@dataclass(frozen=True, slots=True)
class HouseholdView:
    """A door and who lives behind it."""

    id: str
    building: str
    building_name: str
    unit: str
    door: str
    tenancy: Tenancy
    tenancy_name: str
    residents: Sequence[ResidentView]
    updated_at: datetime
    version: int


_COLUMNS = (
    _households.c.id,
    _households.c.public_id,
    _places.c.public_id.label("building"),
    _places.c.name.label("building_name"),
    _households.c.unit,
    _households.c.door,
    _households.c.tenancy,
    _households.c.updated_at,
    _households.c.version,
)
_LIST = sa.select(*_COLUMNS).join_from(_households, _places, _places.c.id == _households.c.building_id)
_PEOPLE = (
    sa.select(
        _residents.c.id,
        _residents.c.household_id,
        _residents.c.public_id,
        _residents.c.name_sealed,
        _residents.c.phone_sealed,
        _residents.c.relation,
        _residents.c.is_contact,
    )
    .where(_residents.c.household_id.in_(sa.bindparam("households", expanding=True)), _PRESENT)
    .order_by(_residents.c.is_contact.desc(), _residents.c.id)
)
_SCAN = (
    sa.select(
        _households.c.id.label("household_id"),
        _households.c.unit,
        _households.c.door,
        _residents.c.id.label("resident_id"),
    )
    .outerjoin_from(_households, _residents, sa.and_(_residents.c.household_id == _households.c.id, _PRESENT))
    .order_by(*_ORDER)
)


def page(
    actor: Actor,
    building: str | None = None,
    q: str = "",
    cursor: str | None = None,
    limit: int = paging.LIMIT,
) -> Page[HouseholdView]:
    """Households in the actor's places, building by building, door by door; `q` searches them. Raises 404 and 422."""
    where = [scope(actor, Permission.HOUSEHOLD_READ, building)]
    after = paging.decode(cursor)
    if after is not None:
        where.append(_behind(after))
    question = Question(q)
    matched: dict[int, set[int]] = {}
    if question.plain:
        matched = _search(question, where, limit + 1)
        where = [_households.c.id.in_(matched)]
        if not matched:
            return Page([], None)
    rows = database.connection().execute(_LIST.where(*where).order_by(*_ORDER).limit(limit + 1)).all()
    shown = rows[:limit]
    people = _people([row.id for row in shown], set().union(*matched.values()))
    return paging.page(rows, limit, lambda row: _view(row, people.get(row.id, [])), lambda row: row.id)


def detail(actor: Actor, public_id: str) -> HouseholdView:
    """One household in the actor's places. Raises 404."""
    row = access.fetch(
        actor,
        Permission.HOUSEHOLD_READ,
        public_id,
        _COLUMNS,
        table=_households,
        see=Permission.HOUSEHOLD_READ,
        where=(_places.c.id == _households.c.building_id,),
    )
    return _view(row, _people([row.id], set()).get(row.id, []))


def scope(actor: Actor, permission: Permission, building: str | None) -> Any:
    """The condition "in the actor's places", or in one building there. Raises 404 for another's building."""
    if building is None:
        return access.within(actor, permission, _households)
    place = access.fetch_place(actor, permission, building, kinds=(PlaceKind.BUILDING,))
    return _households.c.building_id == place.id


def _behind(household_id: int) -> Any:
    """Behind this household in the order of lists. Raises 422 for one that is not there."""
    row = database.connection().execute(sa.select(*_ORDER).where(_households.c.id == household_id)).one_or_none()
    if row is None:
        raise invalid("cursor", "翻页标记无效，请从第一页重新开始。")
    return sa.tuple_(*_ORDER) > sa.tuple_(*(sa.literal(value) for value in row))


def _search(question: Question, where: list[ColumnElement[bool]], most: int) -> dict[int, set[int]]:
    """The next households that fit. Opens no more fields than the question is about."""
    nothing = sa.null()
    rows = (
        database.connection()
        .execute(
            _SCAN.add_columns(
                (_residents.c.name_sealed if question.about_names else nothing).label("name_sealed"),
                (_residents.c.phone_sealed if question.phone else nothing).label("phone_sealed"),
            )
            .where(*where)
            .limit(SEARCHED_MOST + 1)
        )
        .all()
    )
    hits = search.found(question, rows, crypto.keyring(), most)
    if len(rows) > SEARCHED_MOST and len(hits) < most:
        raise Problem(422, "search_too_wide", "要找的范围太大了，请先选一栋楼再搜索。")
    return hits


def _people(household_ids: list[int], matched: set[int]) -> dict[int, list[ResidentView]]:
    """Who lives in these households, the contact first. One query."""
    ring = crypto.keyring()
    found: dict[int, list[ResidentView]] = {}
    if household_ids:
        for row in database.connection().execute(_PEOPLE, {"households": household_ids}):
            found.setdefault(row.household_id, []).append(_resident(row, ring, row.id in matched))
    return found


def _resident(row: Any, ring: Keyring, matched: bool) -> ResidentView:
    return ResidentView(
        row.public_id,
        personal.masked_name(ring, row.name_sealed),
        personal.masked_phone(ring, row.phone_sealed),
        row.relation,
        row.relation.zh,
        row.is_contact,
        matched,
    )


def _view(row: Any, residents: list[ResidentView]) -> HouseholdView:
    return HouseholdView(
        row.public_id,
        row.building,
        row.building_name,
        row.unit,
        row.door,
        row.tenancy,
        row.tenancy.zh,
        residents,
        row.updated_at,
        row.version,
    )
