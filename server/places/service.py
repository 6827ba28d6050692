"""Writing the place tree."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import Place, StairwellCode, new_public_id
from models.enums import PlaceKind
from server.core import audit, database
from server.core.access import Actor
from server.core.audit import Action

_places = Place.__table__


def add_buildings(community: Row[Any], names: Sequence[str], now: datetime, *, actor: Actor | None = None) -> None:
    """Buildings directly under a community, known by name only (an imported ledger names them): code made from both."""
    ancestors = {c: getattr(community, c) for c in ("district_id", "street_id", "community_id", "grid_id", "estate_id")}
    connection = database.connection()
    rows = [
        {
            "public_id": new_public_id(),
            "parent_id": community.id,
            "kind": PlaceKind.BUILDING,
            "code": f"{community.code[:20]}-{hashlib.sha256(name.encode()).hexdigest()[:10]}",
            "name": name[:80],
            "created_at": now,
            **ancestors,
        }
        for name in names
    ]
    ids = connection.execute(sa.insert(_places).returning(_places.c.id), rows).scalars().all()
    connection.execute(
        sa.insert(StairwellCode.__table__),
        [{"public_id": new_public_id(), "code": new_public_id()[:10], "building_id": i, "created_at": now} for i in ids],
    )
    audit.record(
        Action.PLACE_IMPORT, now, actor=actor, subject=f"place:{community.public_id}", place_id=community.id,
        detail={"buildings": len(rows)},
    )
