"""What a month's page shows beside the ranking: each building's parts, and who took the month's steps."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from models import Person, Place, ScoreLine
from models.enums import Component
from server.core import access, database
from server.core.access import Actor
from server.rules.amounts import show_points
from server.rules.calendar import Month
from server.rules.permissions import Permission
from server.scores.queries.months import month_row, months


@dataclass(frozen=True, slots=True)
class PartView:
    """One part of a building's score, for a small bar."""

    component: Component
    component_name: str
    points: int
    points_shown: str
    weight: int
    thin: bool


@dataclass(frozen=True, slots=True)
class SignedStep:
    """A step of the month, when it was taken and by whom ("" by the clock)."""

    what: str
    at: datetime
    who: str


_places, _lines, _persons = Place.__table__, ScoreLine.__table__, Person.__table__
_ORDER = list(Component)
_PARTS = sa.select(_places.c.public_id, _lines.c.component, _lines.c.points, _lines.c.weight, _lines.c.thin).join_from(
    _lines, _places, _places.c.id == _lines.c.building_id
)


def parts(actor: Actor, month: Month, community: str, version: int | None = None) -> dict[str, list[PartView]]:
    """The parts of every building whose score the actor may open, by building. One query. 404 as `month_row`."""
    row = month_row(actor, month, community, version)
    query = _PARTS.where(_lines.c.community_month_id == row.id, access.within(actor, Permission.SCORE_READ, _places))
    found: dict[str, list[PartView]] = {}
    for building, component, points, weight, thin in database.connection().execute(query):
        part = PartView(component, component.zh, points, show_points(points), weight, thin)
        found.setdefault(building, []).append(part)
    for each in found.values():
        each.sort(key=lambda part: _ORDER.index(part.component))
    return found


def signed_steps(actor: Actor, month: Month, community: str, version: int | None = None) -> list[SignedStep]:
    """The steps the month has taken, in their order, with the names of those who took them. 404 as `month_row`."""
    row = month_row(actor, month, community, version)
    corrected, opened, sealed, published = (
        _persons.alias(name) for name in ("corrected", "opened", "sealed", "published")
    )
    query = (
        sa.select(months.c.drafted_at, months.c.notice_opened_at, months.c.sealed_at, months.c.published_at)
        .add_columns(months.c.corrected_at, corrected.c.name.label("corrected"))
        .add_columns(opened.c.name.label("opened"), sealed.c.name.label("sealed"), published.c.name.label("published"))
        .select_from(months)
        .outerjoin(corrected, corrected.c.id == months.c.corrected_by_id)
        .outerjoin(opened, opened.c.id == months.c.notice_opened_by_id)
        .outerjoin(sealed, sealed.c.id == months.c.sealed_by_id)
        .outerjoin(published, published.c.id == months.c.published_by_id)
        .where(months.c.id == row.id)
    )
    step = database.connection().execute(query).one()
    taken = [
        ("另出更正版", step.corrected_at, step.corrected),
        ("生成草稿", step.drafted_at, ""),
        ("开始公示", step.notice_opened_at, step.opened),
        ("封存", step.sealed_at, step.sealed),
        ("公布", step.published_at, step.published),
    ]
    return [SignedStep(what, at, who or "") for what, at, who in taken if at is not None]
