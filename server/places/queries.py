"""Reading the place tree."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import Place
from models.enums import PlaceKind
from server.core import database

_places = Place.__table__


def community_by_code(code: str) -> Row[Any] | None:
    """A community's row by its office code, for the command line."""
    return database.connection().execute(
        sa.select(_places).where(_places.c.code == code, _places.c.kind == PlaceKind.COMMUNITY)
    ).one_or_none()
