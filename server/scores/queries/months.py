"""Months: where each community's stands, and its ranking."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.engine import Row

from models import CommunityMonth, Place, RuleSet, Standing
from models.enums import MonthState, PlaceKind, Role, StandingState
from server.core import access, database, paging
from server.core.access import Actor, Post
from server.core.errors import Problem, not_found
from server.core.paging import Page
from server.rules.amounts import show_points
from server.rules.calendar import Month, say_month
from server.rules.permissions import Permission

THIN = "数据不足"


@dataclass(frozen=True, slots=True)
class VersionView:
    """One version of a community's month. `in_force`: this is the one that counts."""

    version: int
    state: MonthState
    state_name: str
    in_force: bool
    correction_reason: str
    notice_ends_at: datetime | None
    sealed_at: datetime | None
    published_at: datetime | None
    manifest_hash: str


@dataclass(frozen=True, slots=True)
class MonthView:
    """A community's month in one version. `versions`: all the reader may see, where they were asked for."""

    community: str
    community_name: str
    month: Month
    version: int
    state: MonthState
    state_name: str
    rule_set: str
    rule_set_version: int
    drafted_at: datetime
    notice_opened_at: datetime | None
    notice_ends_at: datetime | None
    sealed_at: datetime | None
    published_at: datetime | None
    manifest_hash: str
    correction_reason: str
    versions: tuple[VersionView, ...] = ()


@dataclass(frozen=True, slots=True)
class StandingView:
    """A building's place in its community's month."""

    building: str
    building_name: str
    total: int
    total_shown: str
    state: StandingState
    rank: int | None
    tied: bool
    red_flag: bool
    reason: str


@dataclass(frozen=True, slots=True)
class RankingView:
    """A community's month with every building's standing, best first; those with thin data last."""

    month: MonthView
    standings: tuple[StandingView, ...]
    flags_are_final: bool


months = CommunityMonth.__table__
# The same rows under another name: `places` itself is asked "is this place inside?", this "is it my community?".
communities = Place.__table__.alias("communities")
buildings = Place.__table__.alias("buildings")
standings, _rule_sets = Standing.__table__, RuleSet.__table__

MONTH_COLUMNS: tuple[ColumnElement[Any], ...] = (
    months.c.id,
    months.c.public_id,
    months.c.community_id,
    months.c.month,
    months.c.version,
    months.c.state,
    months.c.rule_set_id,
    months.c.drafted_at,
    months.c.notice_opened_at,
    months.c.notice_opened_by_id,
    months.c.notice_ends_at,
    months.c.sealed_at,
    months.c.published_at,
    months.c.manifest_hash,
    months.c.correction_reason,
)
MONTHS: sa.Select[Any] = (
    sa.select(
        *MONTH_COLUMNS,
        communities.c.public_id.label("community"),
        communities.c.name.label("community_name"),
        _rule_sets.c.name.label("rule_set"),
        _rule_sets.c.version.label("rule_set_version"),
    )
    .join_from(months, communities, communities.c.id == months.c.community_id)
    .join(_rule_sets, _rule_sets.c.id == months.c.rule_set_id)
)
_STANDINGS = (
    sa.select(
        buildings.c.public_id.label("building"),
        buildings.c.name.label("building_name"),
        standings.c.total,
        standings.c.state,
        standings.c.rank,
        standings.c.tied,
        standings.c.red_flag,
        standings.c.reason,
    )
    .join_from(standings, buildings, buildings.c.id == standings.c.building_id)
    .where(standings.c.community_month_id == sa.bindparam("month_id"))
    .order_by(standings.c.rank.is_(None), standings.c.rank, standings.c.building_id)
)


def precedence(columns: Any) -> ColumnElement[int]:
    """Which version of a month counts: a published one before a sealed one before one on its way; then the newest."""
    return sa.case((columns.state == MonthState.PUBLISHED, 2), (columns.state == MonthState.SEALED, 1), else_=0)


def in_force(table: sa.FromClause) -> ColumnElement[bool]:
    """Condition on months: the version that counts. A correction does not before it is published."""
    other = months.alias("other")
    return ~sa.exists().where(
        other.c.community_id == table.c.community_id,
        other.c.month == table.c.month,
        other.c.version != table.c.version,
        sa.tuple_(precedence(other.c), other.c.version) > sa.tuple_(precedence(table.c), table.c.version),
    )


def of_version(query: sa.Select[Any], version: int | None) -> sa.Select[Any]:
    """The months of a query in one version: the one named, or the one in force."""
    return query.where(in_force(months) if version is None else months.c.version == version)


def without_drafts_for_heads(post: Post, columns: Any) -> ColumnElement[bool] | None:
    """A draft is the office's working paper: heads see the month from its public notice on."""
    return columns.state != MonthState.DRAFT if post.role is Role.HEAD else None


def community(actor: Actor, permission: Permission, public_id: str) -> Row[Any]:
    """A community the actor has to do with. 404 when it is another's, 403 without the permission there."""
    return access.fetch(
        actor,
        permission,
        public_id,
        (communities.c.id, communities.c.public_id, communities.c.name),
        table=communities,
        see=Permission.MONTH_READ,
        where=(communities.c.kind == PlaceKind.COMMUNITY,),
    )


def months_of(
    actor: Actor, community: str | None, month: Month | None, cursor: str | None, limit: int
) -> Page[MonthView]:
    """Months in the actor's scope, newest first, each in the version in force and with all its versions."""
    query = MONTHS.where(
        access.within(actor, Permission.MONTH_READ, months, narrow=without_drafts_for_heads), in_force(months)
    )
    if community is not None:
        query = query.where(communities.c.public_id == community)
    if month is not None:
        query = query.where(months.c.month == month)
    before = paging.decode(cursor)
    if before is not None:
        last_month, last_community = divmod(before, 2**32)
        query = query.where(
            sa.tuple_(months.c.month, months.c.community_id)
            < sa.tuple_(sa.literal(last_month, sa.BigInteger), sa.literal(last_community, sa.BigInteger))
        )
    query = query.order_by(months.c.month.desc(), months.c.community_id.desc()).limit(limit + 1)
    rows = database.connection().execute(query).all()
    known = _versions(actor, rows[:limit])

    def with_versions(row: Any) -> MonthView:
        return view(row, known.get((row.community_id, row.month), ()))

    return paging.page(rows, limit, with_versions, lambda row: int(row.month) * 2**32 + int(row.community_id))


def _versions(actor: Actor, rows: Sequence[Any]) -> dict[tuple[int, Month], tuple[VersionView, ...]]:
    """All versions of these communities' months the actor may see, oldest first."""
    found: dict[tuple[int, Month], list[VersionView]] = defaultdict(list)
    if rows:
        query = sa.select(*MONTH_COLUMNS, in_force(months).label("in_force")).where(
            months.c.month.in_({row.month for row in rows}),
            months.c.community_id.in_({row.community_id for row in rows}),
            access.within(actor, Permission.RANKING_READ, months, narrow=without_drafts_for_heads),
        )
        for row in database.connection().execute(query.order_by(months.c.version)):
            found[row.community_id, row.month].append(_version(row))
    return {key: tuple(versions) for key, versions in found.items()}


def month_row(actor: Actor, month: Month, community: str, version: int | None = None) -> Row[Any]:
    """A community's month as the actor may see it, in a version or the one in force.

    404 out of scope or for a version there is not, and (`month_not_closed`) without a draft.
    """
    query = MONTHS.where(
        months.c.month == month,
        communities.c.public_id == community,
        access.within(actor, Permission.RANKING_READ, months, narrow=without_drafts_for_heads),
    )
    row = database.connection().execute(of_version(query, version)).one_or_none()
    if row is None:
        raise nothing_yet(actor, month, community) if version is None else not_found()
    return row


def nothing_yet(actor: Actor, month: Month, community_id: str) -> Problem:
    """Why a month is not to be seen: it is another's, or there is nothing to see yet."""
    try:
        community(actor, Permission.MONTH_READ, community_id)
    except Problem:
        return not_found()
    return Problem(404, "month_not_closed", f"{say_month(month)}还没有生成得分，或者还没有开始公示。")


def month(actor: Actor, month: Month, community: str, version: int | None = None) -> MonthView:
    """A community's month. 404 as `month_row`."""
    row = month_row(actor, month, community, version)
    return view(row, _versions(actor, [row])[row.community_id, row.month])


def ranking(actor: Actor, month: Month, community: str, version: int | None = None) -> RankingView:
    """A community's month with its standings. 404 as `month_row`."""
    row = month_row(actor, month, community, version)
    return _ranking(row, _versions(actor, [row])[row.community_id, row.month])


def ranking_at_terminal(month: Month, community_code: str, version: int | None = None) -> RankingView | None:
    """A community's ranking by the office's own code, whatever its state, for the command line. None without a draft."""
    query = MONTHS.where(months.c.month == month, communities.c.code == community_code)
    row = database.connection().execute(of_version(query, version)).one_or_none()
    return None if row is None else _ranking(row)


def _ranking(row: Row[Any], versions: tuple[VersionView, ...] = ()) -> RankingView:
    found = database.connection().execute(_STANDINGS, {"month_id": row.id}).all()
    return RankingView(view(row, versions), tuple(_standing(each) for each in found), row.state is MonthState.PUBLISHED)


def _version(row: Any) -> VersionView:
    return VersionView(
        row.version,
        row.state,
        row.state.zh,
        bool(row.in_force),
        row.correction_reason,
        row.notice_ends_at,
        row.sealed_at,
        row.published_at,
        row.manifest_hash,
    )


def view(row: Any, versions: tuple[VersionView, ...] = ()) -> MonthView:
    """A month from a row of MONTH_COLUMNS and the names beside it."""
    return MonthView(
        row.community,
        row.community_name,
        row.month,
        row.version,
        row.state,
        row.state.zh,
        row.rule_set,
        row.rule_set_version,
        row.drafted_at,
        row.notice_opened_at,
        row.notice_ends_at,
        row.sealed_at,
        row.published_at,
        row.manifest_hash,
        row.correction_reason,
        versions,
    )


def shown_total(total: int, state: StandingState) -> str:
    """A total as people read it. Thin data are no number: neither zero nor the few parts that happen to be there."""
    return THIN if state is StandingState.THIN else show_points(total)


def _standing(row: Any) -> StandingView:
    return StandingView(
        row.building,
        row.building_name,
        row.total,
        shown_total(row.total, row.state),
        row.state,
        row.rank,
        row.tied,
        row.red_flag,
        row.reason,
    )
