"""Stairwell codes: which building a scanned code belongs to, and the code a building has now."""

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import segno
import sqlalchemy as sa
from flask import current_app

from models import Place, StairwellCode
from models.enums import PlaceKind
from server.core import access, database
from server.core.access import Actor
from server.places.service.codes import no_code
from server.rules.permissions import Permission

_SHAPE = re.compile(r"[0-9a-z]{6,16}")

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
        return " ".join(filter(None, (self.community_name, self.estate_name, self.name)))


@dataclass(frozen=True, slots=True)
class Revoked:
    """The code was good once: a new poster hangs somewhere, or the building has none."""

    revoked_at: datetime


@dataclass(frozen=True, slots=True)
class CodeView:
    """A building's code in use."""

    code: str
    url: str
    created_at: datetime


_BY_CODE = (
    sa.select(
        _codes.revoked_at,
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
    """A code as it is kept, from one typed by hand: capitals, blanks, and the letters people read for digits."""
    return code.strip().lower().translate(str.maketrans("oil", "011"))


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
    revoked_at, *building = row
    return BuildingView(*building) if revoked_at is None else Revoked(revoked_at)


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


def code_url(code: str) -> str:
    """What the QR code on the door says."""
    return f"{current_app.extensions['settings'].public_url}/q/{code}"


def qr_svg(url: str) -> bytes:
    """A QR code as a black and white SVG, with the quiet zone scanners need."""
    out = io.BytesIO()
    # 25 % of the code may be scratched or wet and it still reads.
    segno.make(url, error="q", micro=False).save(out, kind="svg", scale=8, border=4, light="#fff")
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
