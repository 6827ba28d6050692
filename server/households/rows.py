"""Rows of new households and residents, for one registered by hand and for a whole table."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models import new_public_id
from models.enums import Relation, Tenancy
from server.households import doors, personal


@dataclass(frozen=True, slots=True)
class NewResident:
    """Somebody to register. Name and phone as `personal.tidy_…` gives them."""

    name: str
    phone: str | None = None
    relation: Relation = Relation.OTHER
    is_contact: bool = False


def new_household(
    public_id: str, where: Mapping[str, Any], unit: str, door: str, tenancy: Tenancy, now: datetime
) -> dict[str, Any]:
    """The row of a new household in the building `where`."""
    return {
        **where,
        "public_id": public_id,
        "unit": unit,
        "door": door,
        "position": doors.position(unit, door),
        "tenancy": tenancy,
        "created_at": now,
        "updated_at": now,
    }


def new_resident(resident: NewResident, household_id: int, where: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The row of a new resident in the building `where`."""
    return {
        **where,
        "public_id": new_public_id(),
        "household_id": household_id,
        **personal.name_columns(resident.name),
        **personal.phone_columns(resident.phone),
        "relation": resident.relation,
        "is_contact": resident.is_contact,
        "created_at": now,
    }
