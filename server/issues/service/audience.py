"""Whom an issue's messages go to, and what they may show beside their words."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models import Issue, Place
from models.enums import Level
from server.issues import queries

_issues, _places = Issue.__table__.c, Place.__table__.c

# What a message tells of an issue: never its text, and never who reported it.
ABOUT = (
    _issues.public_id,
    _issues.category,
    _issues.reporter_id,
    _issues.reporter_sealed,
    _places.name.label("building"),
)


def at_level(issue_id: int, level: Level, now: datetime) -> list[int]:
    """The persons who stand on a level of an issue."""
    return sorted(colleague.person_id for colleague in queries.standing(issue_id, level, now))


def facts(row: Any, level: Level) -> dict[str, str]:
    """What a WeChat template may show. `row` has the columns of `ABOUT`."""
    return {"building": row.building, "category": row.category.zh, "level": level.zh, "case": row.public_id}


def about(issue_id: int) -> sa.Select[Any]:
    """The query of what a message tells of an issue."""
    return sa.select(*ABOUT).join_from(Issue, Place, _places.id == _issues.building_id).where(_issues.id == issue_id)
