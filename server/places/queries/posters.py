"""What posters are printed from: the codes in use at a place and below it, in the order in which somebody walks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import Place, StairwellCode
from models.enums import PlaceKind
from server.core import access, database
from server.core.access import Actor
from server.core.errors import Problem
from server.places.queries.codes import no_code
from server.places.queries.tree import in_order
from server.rules.permissions import Permission

POSTERS_MOST = 500  # in one file: more is no print job but a print shop
POSTER_PLACES = (PlaceKind.COMMUNITY, PlaceKind.GRID, PlaceKind.ESTATE, PlaceKind.BUILDING)

_building = Place.__table__
_community, _estate = _building.alias("community"), _building.alias("estate")
_codes = StairwellCode.__table__.c
_DOORS = (
    sa.select(
        _codes.id,
        _codes.code,
        _codes.image,
        _building.c.name,
        _estate.c.name.label("estate"),
        _community.c.name.label("community"),
    )
    .select_from(StairwellCode)
    .join(_building, _building.c.id == _codes.building_id)
    .join(_community, _community.c.id == _building.c.community_id)
    .outerjoin(_estate, _estate.c.id == _building.c.estate_id)
    .where(_codes.revoked_at.is_(None), _building.c.closed_at.is_(None), _building.c.kind == PlaceKind.BUILDING)
)


@dataclass(frozen=True, slots=True)
class PosterCount:
    """How many posters a place has, and which of its buildings have none because their code was revoked."""

    posters: int
    without: list[tuple[str, str]]  # public id and name, at most a hundred


def doors_below(actor: Actor, place: str) -> tuple[Row[Any], list[Any]]:
    """A place and the codes in use in its open buildings, at most POSTERS_MOST.

    Raises 404 outside the actor's places and where there is no code, 422 for too many.
    """
    found = access.fetch_place(actor, Permission.CODE_READ, place, kinds=POSTER_PLACES)
    inside = _building.c[Place.ANCESTOR[found.kind]] == found.id
    rows: Sequence[Any] = database.connection().execute(_DOORS.where(inside).limit(POSTERS_MOST + 1)).all()
    if not rows:
        raise no_code() if found.kind is PlaceKind.BUILDING else Problem(404, "no_code", "这里没有在用的楼道码。")
    if len(rows) > POSTERS_MOST:
        detail = f"一次最多印 {POSTERS_MOST} 栋楼，请按小区或网格分开印。"
        raise Problem(422, "too_many_posters", detail)
    return found, sorted(rows, key=lambda row: (in_order(row.estate or ""), in_order(row.name)))


def count_for_posters(actor: Actor, place: str) -> PosterCount:
    """What `doors_below` would print, without reading it. Raises 404 outside the actor's places."""
    found = access.fetch_place(actor, Permission.CODE_READ, place, kinds=POSTER_PLACES)
    inside = (
        _building.c[Place.ANCESTOR[found.kind]] == found.id,
        _building.c.kind == PlaceKind.BUILDING,
        _building.c.closed_at.is_(None),
    )
    live = sa.exists().where(_codes.building_id == _building.c.id, _codes.revoked_at.is_(None))
    connection = database.connection()
    posters = connection.execute(sa.select(sa.func.count()).select_from(_building).where(*inside, live)).scalar_one()
    without = connection.execute(sa.select(_building.c.public_id, _building.c.name).where(*inside, ~live).limit(100))
    return PosterCount(posters, sorted(((row[0], row[1]) for row in without), key=lambda one: in_order(one[1])))
