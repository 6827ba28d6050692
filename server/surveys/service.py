"""Filling in the star book: the office's inspection of a building, once a month."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import Inspection, new_public_id
from models.enums import PhotoUse, PlaceKind
from server.core import access, audit, database, etags, months
from server.core.access import Actor
from server.core.audit import Action
from server.core.errors import GENERAL, Problem, conflict, forbidden
from server.photos import service as photos
from server.rules.calendar import Month, bounds
from server.rules.permissions import Permission
from server.surveys import queries
from server.surveys.queries import InspectionView


@dataclass(frozen=True, slots=True)
class Sheet:
    """What was seen: stars from 1 to 5 for each aspect of the star book, and a note."""

    stairwell: int
    safety: int
    care: int
    neighbours: int
    note: str = ""


def write(
    actor: Actor,
    month: Month,
    building: str,
    sheet: Sheet,
    photo_ids: list[str],
    expected_version: int | None,
    now: datetime,
) -> tuple[InspectionView, bool]:
    """Put down or replace a building's inspection. Returns it, and whether it is new. `photo_ids` are added to it.

    Raises 409 when the month takes no more facts or the building is gone, 428/412 when it exists and was not seen.
    """
    place = access.fetch_place(
        actor, Permission.INSPECTION_WRITE, building, kinds=(PlaceKind.BUILDING,), see=Permission.INSPECTION_READ
    )
    if actor.heads(place.id):
        raise forbidden("您是这栋楼的楼栋长，检查要由别人来做。")
    if place.closed_at is not None and place.closed_at < bounds(month)[1]:
        raise conflict("building_closed", "这栋楼已经停用，不用再检查。")
    months.require_changeable(place.community_id, month, now)
    found = _found(month, place.id)
    inspection_id, public_id, version = (
        _create(actor, month, place, sheet, expected_version, now)
        if found is None
        else _replace(actor, found, sheet, expected_version, now)
    )
    if photo_ids:
        photos.attach(
            photo_ids, uploaded_by_id=actor.person_id, now=now, inspection_id=inspection_id, use=PhotoUse.EVIDENCE
        )
    audit.record(
        Action.INSPECTION_WRITE,
        now,
        actor=actor,
        role=actor.role_for(Permission.INSPECTION_WRITE),
        subject=f"inspection:{public_id}",
        place_id=place.id,
        detail={
            "month": month,
            "stars": [sheet.stairwell, sheet.safety, sheet.care, sheet.neighbours],
            "photos": len(photo_ids),
            "version": version,
        },
    )
    return queries.inspection(actor, month, building), found is None


def _found(month: Month, building_id: int) -> Any:
    """The building's inspection of the month as a row, or None."""
    return (
        database.connection()
        .execute(
            sa.select(Inspection.id, Inspection.public_id, Inspection.version).where(
                Inspection.month == month, Inspection.building_id == building_id
            )
        )
        .one_or_none()
    )


def _create(
    actor: Actor, month: Month, place: Row[Any], sheet: Sheet, expected_version: int | None, now: datetime
) -> tuple[int, str, int]:
    if expected_version is not None:
        raise Problem(412, *GENERAL[412])  # they saw one that is not there
    public_id = new_public_id()
    inspection_id = (
        database.connection()
        .execute(
            sa.insert(Inspection)
            .values(
                public_id=public_id,
                month=month,
                building_id=place.id,
                grid_id=place.grid_id,
                community_id=place.community_id,
                inspector_id=actor.person_id,
                inspected_at=now,
                version=1,
                **asdict(sheet),
            )
            .returning(Inspection.id)
        )
        .scalar_one()
    )
    return inspection_id, public_id, 1


def _replace(
    actor: Actor, found: Any, sheet: Sheet, expected_version: int | None, now: datetime
) -> tuple[int, str, int]:
    if expected_version is None:
        raise Problem(428, *GENERAL[428])
    changed = database.connection().execute(
        sa.update(Inspection)
        .where(Inspection.id == found.id, Inspection.version == expected_version)
        .values(inspector_id=actor.person_id, inspected_at=now, version=expected_version + 1, **asdict(sheet))
    )
    etags.require_version(expected_version if changed.rowcount else -1, expected_version)
    return found.id, found.public_id, expected_version + 1
