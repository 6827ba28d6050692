"""The report on a place and a period: its figures, those of each level, and those of what lies below."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.enums import Level, PlaceKind, Role
from server.core import access
from server.core.access import Actor
from server.core.errors import forbidden, invalid
from server.ledger.queries.counts import Wanted, count
from server.places import queries as places
from server.rules.calendar import month_of
from server.rules.figures import Counts, Figure, Period, figures, figures_of_level
from server.rules.permissions import Permission

K = PlaceKind
# By what a place's figures may be broken down; the first unless another is asked for.
PARTS: dict[PlaceKind, tuple[PlaceKind, ...]] = {
    K.DISTRICT: (K.COMMUNITY,),
    K.STREET: (K.COMMUNITY,),
    K.COMMUNITY: (K.BUILDING, K.GRID),
    K.GRID: (K.BUILDING,),
    K.ESTATE: (K.BUILDING,),
    K.BUILDING: (),
}


@dataclass(frozen=True, slots=True)
class Told:
    """Counts and the figures they make. `id` is the part's public id; none for the whole and for what has no grid."""

    id: str | None
    name: str
    counts: Counts
    figures: Sequence[Figure]


@dataclass(frozen=True, slots=True)
class Breakdown:
    """A level's own clocks (of the departments: their whistles)."""

    level: Level
    figures: Sequence[Figure]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything the page, the API and the Excel file say."""

    place: str
    place_name: str
    kind: PlaceKind
    period: Period
    by: PlaceKind | None
    whole: Told
    levels: Sequence[Breakdown]
    parts: Sequence[Told]


def report(
    actor: Actor, place: str | None, period: Period | None, now: datetime, by: PlaceKind | None = None
) -> Report:
    """The figures of a place (None: of the actor's first post) over a period (None: this month).

    Raises 404 out of scope, 403 without the right there, 422 for a breakdown the place does not have. Ten statements.
    """
    from server.rules import figures as rule

    period = period or rule.of_month(month_of(now))
    row = _place(actor, place)
    offered = PARTS[row.kind]
    if by is not None and by not in offered:
        raise invalid("by", f"{row.kind.zh}不能按{by.zh}列。")
    by = by or (offered[0] if offered else None)
    heads = tuple(post.place_id for post in actor.posts if post.role is Role.HEAD)
    groups, levels = count(Wanted(row, period, now, None, heads))
    whole = groups.get(None, Counts())
    parts: list[Told] = []
    if by is not None:
        parts = _parts(count(Wanted(row, period, now, by, heads))[0])
    return Report(
        row.public_id,
        row.name,
        row.kind,
        period,
        by,
        Told(None, row.name, whole, figures(whole)),
        [
            Breakdown(level, figures_of_level(levels[level]))
            for level in Level
            if levels.get(level, Counts()) != Counts()
        ],
        parts,
    )


def _place(actor: Actor, place: str | None) -> Any:
    posts = actor.posts_granting(Permission.FIGURE_READ)
    if place is None and not posts:
        raise forbidden()
    return access.fetch_place(actor, Permission.FIGURE_READ, place or posts[0].place)


def _parts(groups: dict[int | None, Counts]) -> list[Told]:
    """The parts with their names, in the order people expect."""
    names = places.place_names([group for group in groups if group is not None])
    told = [
        Told(names[group].public_id if group in names else None, _name(names, group), counts, figures(counts))
        for group, counts in groups.items()
    ]
    return sorted(told, key=lambda part: (part.id is None, places.in_order(part.name)))


def _name(names: dict[int, Any], group: int | None) -> str:
    return names[group].name if group in names else "没有网格的楼栋"
