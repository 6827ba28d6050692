"""One building's month, line by line: every point explains itself."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import Place, ScoreLine
from models.enums import Component, MonthState, PlaceKind, StandingState
from server.core import access, database
from server.core.access import Actor
from server.core.errors import Problem, invalid, not_found
from server.rules.amounts import show_points
from server.rules.calendar import Month, show_month
from server.rules.explain import explain
from server.rules.permissions import Permission
from server.rules.scoring import Line
from server.scores.queries import months
from server.scores.queries.months import MonthView, standings


@dataclass(frozen=True, slots=True)
class LineView:
    """A part of the score: its points, why, and what would raise it. `evidence` is the address of what it rests on."""

    component: Component
    component_name: str
    points: int
    points_shown: str
    weight: int
    weight_shown: str
    thin: bool
    reason: str
    would_raise: str
    steps: tuple[str, ...]
    rule_id: str
    rule_version: int
    evidence: str


@dataclass(frozen=True, slots=True)
class BuildingScoreView:
    """A building's month. Its place in the ranking stays empty for its head until the public notice opens."""

    building: str
    building_name: str
    month: MonthView
    total: int
    total_shown: str
    state: StandingState
    rank: int | None
    ranked_buildings: int | None
    tied: bool
    red_flag: bool
    reason: str
    lines: tuple[LineView, ...]


places, _lines = Place.__table__, ScoreLine.__table__
_ORDER = list(Component)
_LINES = sa.select(
    _lines.c.building_id,
    _lines.c.component,
    _lines.c.rule_id,
    _lines.c.rule_version,
    _lines.c.points,
    _lines.c.weight,
    _lines.c.thin,
    _lines.c.facts,
)
_OF_BUILDING = _LINES.where(
    _lines.c.community_month_id == sa.bindparam("month_id"), _lines.c.building_id == sa.bindparam("building_id")
)
_OF_MONTH = _LINES.where(_lines.c.community_month_id == sa.bindparam("month_id"))

_ranked = standings.alias("ranked")
_STANDING = (
    months.MONTHS.add_columns(
        standings.c.building_id,
        standings.c.total,
        standings.c.state.label("standing"),
        standings.c.rank,
        standings.c.tied,
        standings.c.red_flag,
        standings.c.reason,
        sa.select(sa.func.count())
        .where(_ranked.c.community_month_id == months.months.c.id, _ranked.c.state == StandingState.RANKED)
        .scalar_subquery()
        .label("ranked_buildings"),
    )
    .join(standings, standings.c.community_month_id == months.months.c.id)
    .order_by(months.months.c.month.desc())
    .limit(1)
)
# To its head a first draft is shown (without a rank); a correction from its public notice on.
_SHOWN_TO_HEADS = sa.or_(months.months.c.state != MonthState.DRAFT, months.months.c.version == 1)


def building_score(
    actor: Actor, month: Month, community: str, building: str, version: int | None = None
) -> BuildingScoreView:
    """A building's month for the office, and for the head of that building. 404 for anybody else's."""
    return _score(*scored_building(actor, month, community, building, version))


def scored_building(
    actor: Actor, month: Month, community: str, building: str, version: int | None
) -> tuple[Row[Any], Row[Any]]:
    """The building and its standing in a version or the one in force, where the actor may read its lines. 404 otherwise."""
    place = _building(actor, building)
    query = _STANDING.where(months.communities.c.public_id == community, months.months.c.month == month)
    return place, _row(months.of_version(query, version), place)


def mine(actor: Actor, month: Month | None, building: str | None, version: int | None = None) -> BuildingScoreView:
    """The head's own building: the latest month that was scored, or the one asked for. 404 when there is none yet.

    In the version in force, or the one named. Who heads several buildings says which (422 otherwise).
    """
    own = [post for post in actor.posts_granting(Permission.SCORE_READ_OWN) if post.kind is PlaceKind.BUILDING]
    if building is not None:
        own = [post for post in own if post.place == building]
        if not own:
            raise not_found()
    if len({post.place_id for post in own}) > 1:
        raise invalid("building", "您负责几栋楼，请写明是哪一栋。")
    place = _place(own[0].place_id)
    query = months.of_version(_STANDING, version).where(months.months.c.community_id == place.community_id)
    if month is not None:
        query = query.where(months.months.c.month == month)
    return _score(place, _row(query, place))


def lines_of_month(month_id: int) -> dict[int, list[Line]]:
    """Every line of a community's month, by building."""
    found: dict[int, list[Line]] = defaultdict(list)
    for row in database.connection().execute(_OF_MONTH, {"month_id": month_id}):
        found[row.building_id].append(_line(row))
    for lines in found.values():
        lines.sort(key=lambda line: _ORDER.index(line.component))
    return found


def _building(actor: Actor, building: str) -> Row[Any]:
    """The building as a place whose score the actor may read line by line, with whether only as its head."""
    office = access.within(actor, Permission.SCORE_READ, places)
    own = access.within(actor, Permission.SCORE_READ_OWN, places)
    query = sa.select(places.c.id, places.c.public_id, places.c.name, office.label("_office")).where(
        places.c.public_id == building, places.c.kind == PlaceKind.BUILDING, sa.or_(office, own)
    )
    row = database.connection().execute(query).one_or_none()
    if row is None:
        raise not_found()
    return row


def _place(place_id: int) -> Row[Any]:
    query = sa.select(
        places.c.id, places.c.public_id, places.c.name, places.c.community_id, sa.false().label("_office")
    )
    return database.connection().execute(query.where(places.c.id == place_id)).one()


def _row(query: sa.Select[Any], place: Row[Any]) -> Row[Any]:
    if not place._office:
        query = query.where(_SHOWN_TO_HEADS)
    row = database.connection().execute(query.where(standings.c.building_id == place.id)).one_or_none()
    if row is None:
        raise Problem(404, "not_scored", "这栋楼这个月还没有得分：要等这个月过完，社区生成得分以后才有。")
    return row


def _score(place: Row[Any], row: Row[Any]) -> BuildingScoreView:
    wanted = {"month_id": row.id, "building_id": place.id}
    lines = [_line(each) for each in database.connection().execute(_OF_BUILDING, wanted)]
    lines.sort(key=lambda line: _ORDER.index(line.component))
    here = f"/api/v1/months/{show_month(row.month)}/communities/{row.community}/buildings/{place.public_id}/evidence"
    shown = place._office or row.state is not MonthState.DRAFT
    return BuildingScoreView(
        place.public_id,
        place.name,
        months.view(row),
        row.total,
        months.shown_total(row.total, row.standing),
        row.standing,
        row.rank if shown else None,
        row.ranked_buildings if shown else None,
        row.tied if shown else False,
        row.red_flag if shown else False,
        row.reason if shown else "还是草稿，社区核对后开始公示，那时可以看到排名。",
        tuple(_line_view(line, f"{here}/{line.component}?version={row.version}") for line in lines),
    )


def _line(row: Any) -> Line:
    return Line(row.component, row.rule_id, row.rule_version, row.points, row.weight, row.thin, tuple(row.facts))


def _line_view(line: Line, evidence: str) -> LineView:
    told = explain(line)
    return LineView(
        line.component,
        line.component.zh,
        line.points,
        months.THIN if line.thin else show_points(line.points),
        line.weight,
        show_points(line.weight),
        line.thin,
        told.reason,
        told.would_raise,
        tuple(told.steps),
        line.rule_id,
        line.rule_version,
        evidence,
    )
