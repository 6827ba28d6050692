"""Stairwell codes: which building a scanned code belongs to, the code a building has now and those it had."""

import io
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import segno
import sqlalchemy as sa
from flask import current_app

from models import Place, StairwellCode
from models.enums import CodeEnd, PlaceKind, Role
from server.core import access, database, paging
from server.core.access import Actor
from server.core.errors import Problem
from server.core.paging import Page
from server.places.queries.labels import building_label
from server.rules.permissions import Permission

_SHAPE = re.compile(r"[0-9a-z]{6,16}")
_BETWEEN = re.compile(r"[\s\-·_.]+")  # what people put between the halves of a code

_building = Place.__table__
_community = _building.alias("community")
_estate = _building.alias("estate")
_codes = StairwellCode.__table__.c


@dataclass(frozen=True, slots=True)
class BuildingView:
    """The building somebody stands in: enough to file a report and to say "this is where you are"."""

    building_id: int
    public_id: str
    grid_id: int | None
    community_id: int
    name: str
    estate_name: str | None
    community_name: str
    closed_at: datetime | None

    @property
    def full_name(self) -> str:
        """幸福社区 阳光小区 3栋."""
        return building_label(self.name, self.estate_name, self.community_name)


@dataclass(frozen=True, slots=True)
class Revoked:
    """The code was good once: a new poster hangs somewhere, or the building has none."""

    revoked_at: datetime
    why: CodeEnd | None = None


@dataclass(frozen=True, slots=True)
class CodeView:
    """A building's code in use."""

    code: str
    url: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Scanned:
    """Where somebody with a code stands, and the code as it is kept, to report with. Nobody's name."""

    code: str
    name: str
    building: str
    estate: str | None
    community: str


@dataclass(frozen=True, slots=True)
class PastCode:
    """A code a building has or had. Names nobody; the office's own note is for those who change codes."""

    id: str
    code: str
    created_at: datetime
    created_role: Role | None
    revoked_at: datetime | None
    revoked_role: Role | None
    why: CodeEnd | None
    note: str | None


_BY_CODE = (
    sa.select(
        _codes.revoked_at,
        _codes.revoked_why,
        _building.c.id,
        _building.c.public_id,
        _building.c.grid_id,
        _building.c.community_id,
        _building.c.name,
        _estate.c.name,
        _community.c.name,
        _building.c.closed_at,
    )
    .select_from(StairwellCode)
    .join(_building, _building.c.id == _codes.building_id)
    .join(_community, _community.c.id == _building.c.community_id)
    .outerjoin(_estate, _estate.c.id == _building.c.estate_id)
    .where(_codes.code == sa.bindparam("code"))
)


def plain_code(code: str) -> str:
    """A code as it is kept, from one typed by hand.

    Forgives capitals, full-width letters, blanks and dashes, and the letters people read for digits.
    """
    typed = _BETWEEN.sub("", unicodedata.normalize("NFKC", code)).lower()
    return typed.translate(str.maketrans("oil", "011"))


def building_by_code(code: str) -> BuildingView | Revoked | None:
    """The building a stairwell code belongs to, by one indexed look. A closed building is still found: it says so.

    Typing by hand is forgiven.
    """
    plain = plain_code(code)
    if not _SHAPE.fullmatch(plain):
        return None
    row = database.connection().execute(_BY_CODE, {"code": plain}).one_or_none()
    if row is None:
        return None
    revoked_at, why, *building = row
    return BuildingView(*building) if revoked_at is None else Revoked(revoked_at, why)


def open_building(code: str) -> BuildingView:
    """The building of a code that takes reports. Raises 404 for no code, 410 for one that is dark.

    Whoever holds an old poster, or a photo of one, learns only that it is old: not of which building, nor of its new code.
    """
    building = building_by_code(code)
    if building is None:
        raise Problem(404, "unknown_code", "没有认出这张楼道码。请扫楼道里新贴的码，或者联系社区。")
    closed = building.why is CodeEnd.CLOSED if isinstance(building, Revoked) else building.closed_at is not None
    if closed:
        raise Problem(410, "building_closed", "这张楼道码对应的楼栋已经停用。请扫您现在楼道里的码，或者联系社区。")
    if isinstance(building, Revoked):
        raise Problem(410, "code_revoked", "这张楼道码已经停用。请扫楼道里新贴的码，或者联系社区。")
    return building


def scanned(code: str) -> Scanned:
    """What a client shows before somebody reports. Raises what `open_building` raises."""
    found = open_building(code)
    return Scanned(plain_code(code), found.full_name, found.name, found.estate_name, found.community_name)


def no_code() -> Problem:
    """The answer for a building whose code was revoked and not replaced."""
    return Problem(404, "no_code", "这栋楼现在没有在用的楼道码，可以由社区换发一个。")


def code_of(actor: Actor, building: str) -> CodeView:
    """The code of a building in the actor's places. Raises 404 when it was revoked and not replaced."""
    place = access.fetch_place(actor, Permission.CODE_READ, building, kinds=(PlaceKind.BUILDING,))
    row = (
        database.connection()
        .execute(
            sa.select(_codes.code, _codes.created_at).where(_codes.building_id == place.id, _codes.revoked_at.is_(None))
        )
        .one_or_none()
    )
    if row is None:
        raise no_code()
    return CodeView(row.code, code_url(row.code), row.created_at)


_PAST = sa.select(
    _codes.id,
    _codes.public_id,
    _codes.code,
    _codes.created_at,
    _codes.created_role,
    _codes.revoked_at,
    _codes.revoked_role,
    _codes.revoked_why,
    _codes.revoked_note,
)


def codes_of(actor: Actor, building: str, *, cursor: str | None, limit: int) -> Page[PastCode]:
    """The codes of a building in the actor's places, the newest first."""
    place = access.fetch(
        actor,
        Permission.CODE_READ,
        building,
        (
            _building.c.id,
            sa.case((access.within(actor, Permission.CODE_ROTATE, _building), sa.true()), else_=sa.false()).label(
                "notes"
            ),
        ),
        table=_building,
        see=Permission.PLACE_READ,
        where=(_building.c.kind == PlaceKind.BUILDING,),
    )
    query = _PAST.where(_codes.building_id == place.id)
    before = paging.decode(cursor)
    if before is not None:
        query = query.where(_codes.id < before)
    rows = database.connection().execute(query.order_by(_codes.id.desc()).limit(limit + 1)).all()
    notes = bool(place.notes)
    return paging.page(rows, limit, lambda row: _past(row, notes), lambda row: int(row.id))


def _past(row: Any, notes: bool) -> PastCode:
    return PastCode(
        row.public_id,
        row.code,
        row.created_at,
        row.created_role,
        row.revoked_at,
        row.revoked_role,
        row.revoked_why,
        row.revoked_note if notes else None,
    )


def code_url(code: str) -> str:
    """What the QR code on the door says."""
    return f"{current_app.extensions['settings'].public_url}/q/{code}"


def qr_svg(url: str) -> bytes:
    """A QR code as a black and white SVG, with the quiet zone scanners need."""
    out = io.BytesIO()
    # 30 % of the code may be scratched or wet and it still reads.
    segno.make(url, error="h", boost_error=False, micro=False).save(out, kind="svg", scale=8, border=4, light="#fff")
    return out.getvalue()


def live_codes(building_ids: Iterable[int]) -> dict[int, str]:
    """The live stairwell codes of buildings, by the building's internal id."""
    return {
        row.building_id: row.code
        for chunk in database.in_chunks(set(building_ids))
        for row in database.connection().execute(
            sa.select(_codes.building_id, _codes.code).where(_codes.building_id.in_(chunk), _codes.revoked_at.is_(None))
        )
    }
