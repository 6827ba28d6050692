"""Counting what `server.rules.figures` defines: a handful of statements over sets, each by an index of its period.

Nothing here reads what lies outside the period (and, for what runs now, the open issues), so a month costs the same after
ten years as after one.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from models import Issue, Place, ReturnVisit, Turn, Whistle
from models.enums import OPEN_STATES, Channel, IssueState, Level, PlaceKind, Satisfaction, TurnEnd, WhistleEnd
from server.core import database
from server.rules.calendar import month_of, next_
from server.rules.figures import LEFT_OUT, OWN_LEVELS, TAKEN_UP, Counts, Period

_issues, _places, _turns = Issue.__table__.c, Place.__table__.c, Turn.__table__.c
_whistles, _visits = Whistle.__table__.c, ReturnVisit.__table__.c

Group = int | None  # the internal id of a building, grid or community; None: all together
_OWN_LEVELS = frozenset(OWN_LEVELS)
_ABOVE_LEVELS = tuple(level for level in Level if level not in _OWN_LEVELS)
_ABOVE = sa.or_(
    _issues.level.in_(_ABOVE_LEVELS), sa.func.coalesce(_issues.resolved_level.in_(_ABOVE_LEVELS), sa.false())
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to count: a place (its row), a period, by what; `own_building_ids`: where the reader is head."""

    place: Any
    period: Period
    now: datetime
    by: PlaceKind | None = None
    heads: tuple[int, ...] = ()

    @property
    def own_only(self) -> bool:
        """Whether these are figures of buildings or grids, which what lies above the community says nothing about."""
        low = (PlaceKind.BUILDING, PlaceKind.ESTATE, PlaceKind.GRID)
        return (self.by or self.place.kind) in low

    def group(self, columns: Any) -> ColumnElement[Any]:
        """The column rows are grouped by."""
        if self.by is None:
            return sa.null()
        name = {PlaceKind.BUILDING: "building_id", PlaceKind.GRID: "grid_id"}.get(self.by, "community_id")
        column: ColumnElement[Any] = columns[name]
        return column

    def inside(self, columns: Any, issue_id: ColumnElement[int]) -> ColumnElement[bool]:
        """Rows of the place; of a building the reader heads herself, none about her."""
        where = _inside(self.place, columns)
        if not self.heads:
            return where
        about = sa.select(_issues.id).where(_issues.about_head, _issues.building_id.in_(self.heads))
        return sa.and_(where, issue_id.not_in(about))

    def within(self, moment: ColumnElement[datetime]) -> ColumnElement[bool]:
        """Whether a moment falls in the period."""
        return sa.and_(moment >= self.period.since, moment < self.period.until)

    @property
    def months(self) -> list[int]:
        """The months the period touches."""
        found, last = [month_of(self.period.since)], month_of(self.period.until - timedelta(microseconds=1))
        while found[-1] < last:
            found.append(next_(found[-1]))
        return found


def _inside(place: Any, columns: Any) -> ColumnElement[bool]:
    match place.kind:
        case PlaceKind.BUILDING:
            return sa.and_(columns.community_id == place.community_id, columns.building_id == place.id)
        case PlaceKind.GRID:
            return sa.and_(columns.community_id == place.community_id, columns.grid_id == place.id)
        case PlaceKind.ESTATE:
            inside = sa.select(_places.id).where(_places.estate_id == place.id)
            return sa.and_(columns.community_id == place.community_id, columns.building_id.in_(inside))
        case PlaceKind.COMMUNITY:
            return columns.community_id == place.id  # type: ignore[no-any-return]
        case _:
            return columns.community_id.in_(_below(place, PlaceKind.COMMUNITY))  # type: ignore[no-any-return]


def _below(place: Any, kind: PlaceKind) -> sa.Select[Any]:
    ancestor = _places[Place.ANCESTOR[place.kind]] if place.kind is not PlaceKind.BUILDING else _places.id
    return sa.select(_places.id).where(ancestor == place.id, _places.kind == kind)


def _count(condition: ColumnElement[bool], name: str) -> ColumnElement[int]:
    return sa.func.count().filter(condition).label(name)


def count(wanted: Wanted) -> tuple[dict[Group, Counts], dict[Level, Counts]]:
    """The counts of each group, and of each level over the whole place (of the departments: by their whistles)."""
    groups: dict[Group, Counts] = {}
    levels: dict[Level, Counts] = {}

    def add(group: Group, values: dict[str, Any]) -> None:
        groups[group] = _plus(groups.get(group, Counts()), values)

    for statement in (_reported(wanted), _visited(wanted)):
        for group, values in _read(statement):
            add(group, values)
    for group, values in _read(_acceptance(wanted)):
        groups[group] = replace(groups.get(group, Counts()), **values)
    for statement in (_due(wanted), _sign_ins(wanted), _running(wanted)):
        for (group, level), values in _read(statement, 2):
            levels[level] = _plus(levels.get(level, Counts()), values)
            if level in _OWN_LEVELS:
                add(group, values)
    for statement in _of_departments(wanted):
        for _, values in _read(statement):
            levels[Level.DEPARTMENT] = _plus(levels.get(Level.DEPARTMENT, Counts()), values)
    return groups, levels


def _read(statement: sa.Select[Any], keys: int = 1) -> Iterable[tuple[Any, dict[str, Any]]]:
    for row in database.connection().execute(statement):
        values = dict(zip(row._fields[keys:], row[keys:], strict=True))
        yield (row[0] if keys == 1 else tuple(row[:keys])), values


def _plus(counts: Counts, values: dict[str, Any]) -> Counts:
    return replace(counts, **{name: getattr(counts, name) + value for name, value in values.items()})


def _cohort(wanted: Wanted) -> ColumnElement[bool]:
    """The issues that are counted: reported in the period, neither taken back nor joined."""
    counted = _issues.state.not_in(LEFT_OUT)
    return sa.and_(counted, sa.not_(_ABOVE)) if wanted.own_only else counted


def _reported(wanted: Wanted) -> sa.Select[Any]:
    """Issues reported in the period: what became of them. By (community_id, reported_at)."""
    counted = _cohort(wanted)

    def of(condition: ColumnElement[bool], name: str) -> ColumnElement[int]:
        return _count(sa.and_(counted, condition), name)

    taken_up = sa.or_(_issues.accepted_at.is_not(None), _issues.state.in_(TAKEN_UP))
    return _grouped(
        wanted,
        _issues,
        _issues.id,
        _count(counted, "reported"),
        _count(_issues.state.in_(LEFT_OUT), "left_out"),
        _count(sa.and_(_issues.state.not_in(LEFT_OUT), _ABOVE), "above"),
        of(_issues.state == IssueState.DECLINED, "declined"),
        of(taken_up, "taken_up"),
        of(_resolved(), "resolved"),
        of(sa.and_(_resolved(), _issues.rework > 0), "reworked"),
        of(_issues.extensions > 0, "extended"),
        of(_issues.pushed_back > 0, "pushed_back"),
        of(_issues.state == IssueState.CONFIRMED, "confirmed"),
        of(_issues.state == IssueState.CLOSED_SILENT, "silent"),
    ).where(wanted.within(_issues.reported_at))


def _resolved() -> ColumnElement[bool]:
    """Done at least once, and not declined afterwards."""
    return sa.and_(_issues.resolved_at.is_not(None), _issues.state != IssueState.DECLINED)


def _grouped(wanted: Wanted, columns: Any, issue_id: ColumnElement[int], *counts: ColumnElement[Any]) -> sa.Select[Any]:
    query = sa.select(wanted.group(columns).label("grp"), *counts).where(wanted.inside(columns, issue_id))
    return query if wanted.by is None else query.group_by(wanted.group(columns))


def _acceptance(wanted: Wanted) -> sa.Select[Any]:
    """The median of the seconds until somebody pressed 受理 (of an even number the lower one)."""
    seconds = (_second(_issues.accepted_at) - _second(_issues.reported_at)).label("seconds")
    group = wanted.group(_issues).label("grp")
    part: dict[str, Any] = {} if wanted.by is None else {"partition_by": wanted.group(_issues)}
    each = (
        sa.select(
            group,
            seconds,
            sa.func.row_number().over(order_by=seconds.element, **part).label("nth"),
            sa.func.count().over(**part).label("all"),
        )
        .where(
            wanted.inside(_issues, _issues.id),
            wanted.within(_issues.reported_at),
            _cohort(wanted),
            _issues.accepted_at.is_not(None),
        )
        .subquery()
        .c
    )
    middle = sa.or_(each["nth"] * 2 == each["all"], each["nth"] * 2 == each["all"] + 1)
    return sa.select(each.grp, each.seconds.label("median_acceptance")).where(middle)


def _second(moment: ColumnElement[datetime]) -> ColumnElement[int]:
    """A moment in whole seconds since 1970, alike on both databases."""
    epoch = sa.extract("epoch", moment)
    if database.connection().dialect.name == "postgresql":
        return sa.cast(sa.func.floor(epoch), sa.BigInteger)
    return epoch


def _due(wanted: Wanted) -> sa.Select[Any]:
    """Finished turns whose due falls in the period. By (community_id, due_at)."""
    in_time = _turns.ended_at <= _turns.due_at
    done = sa.and_(_turns.end == TurnEnd.RESOLVED, in_time)
    late = sa.or_(sa.not_(in_time), _turns.end == TurnEnd.ESCALATED)
    return _by_level(wanted, _turns, _count(sa.or_(done, late), "turns"), _count(done, "on_time")).where(
        wanted.within(_turns.due_at)
    )


def _sign_ins(wanted: Wanted) -> sa.Select[Any]:
    """Finished turns that were to be signed for in the period. By (community_id, sign_in_due_at)."""
    due = _turns.sign_in_due_at
    gone = sa.and_(_turns.signed_in_at.is_(None), _turns.ended_at <= due)
    good = sa.and_(_turns.signed_in_at.is_not(None), _turns.signed_in_at <= due)
    return _by_level(wanted, _turns, _count(sa.not_(gone), "sign_ins"), _count(good, "signed_in")).where(
        wanted.within(due)
    )


def _running(wanted: Wanted) -> sa.Select[Any]:
    """Turns that run now: past their due they count as late already. By (community_id, state): the open ones only."""
    due, sign_in = _issues.due_at, _issues.sign_in_due_at
    over = sa.and_(wanted.within(due), due < wanted.now)
    signed = _issues.signed_in_at.is_not(None)
    asked = sa.and_(wanted.within(sign_in), sa.or_(signed, sign_in < wanted.now))
    return (
        _by_level(
            wanted,
            _issues,
            _count(sa.func.coalesce(over, sa.false()), "turns"),
            _count(sa.func.coalesce(asked, sa.false()), "sign_ins"),
            _count(sa.and_(asked, signed, _issues.signed_in_at <= sign_in), "signed_in"),
            issue_id=_issues.id,
        )
        .where(_issues.state.in_(OPEN_STATES), _issues.channel != Channel.LEDGER)
        .where(sa.or_(wanted.within(due), wanted.within(sign_in)))
    )


def _by_level(
    wanted: Wanted, columns: Any, *counts: ColumnElement[Any], issue_id: ColumnElement[int] | None = None
) -> sa.Select[Any]:
    """Grouped by group and level; departments are counted by their whistles."""
    by = [columns.level] if wanted.by is None else [wanted.group(columns), columns.level]
    return (
        sa.select(wanted.group(columns).label("grp"), columns.level, *counts)
        .where(wanted.inside(columns, columns.issue_id if issue_id is None else issue_id))
        .where(columns.level != Level.DEPARTMENT)
        .group_by(*by)
    )


def _of_departments(wanted: Wanted) -> list[sa.Select[Any]]:
    """Whistles, each department answering for its own clocks; called off or sent back in time, one says nothing."""
    whole = replace(wanted, by=None)
    columns, due, sign_in = _whistles, _whistles.due_at, _whistles.sign_in_due_at
    now = wanted.now
    done = sa.and_(columns.end == WhistleEnd.REPORTED, columns.ended_at <= due)
    late = sa.func.coalesce(columns.ended_at, now) > due
    gone = sa.and_(columns.signed_in_at.is_(None), sa.func.coalesce(columns.ended_at, now) <= sign_in)
    good = sa.and_(columns.signed_in_at.is_not(None), columns.signed_in_at <= sign_in)
    count_due = (_count(sa.or_(sa.func.coalesce(done, sa.false()), late), "turns"), _count(done, "on_time"))
    count_signed = (_count(sa.not_(gone), "sign_ins"), _count(good, "signed_in"))
    # A whistle is to be signed for within hours of its sounding: it lies in a month of the period or the one before.
    months = [_before(wanted.months[0]), *wanted.months]
    return [
        _grouped(whole, columns, columns.issue_id, *count_due).where(wanted.within(due)),
        _grouped(whole, columns, columns.issue_id, *count_signed).where(
            columns.month.in_(months), wanted.within(sign_in)
        ),
    ]


def _before(month: int) -> int:
    return month - 89 if month % 100 == 1 else month - 1


_Of = Callable[[ColumnElement[Any]], ColumnElement[bool]]


def _visited(wanted: Wanted) -> sa.Select[Any]:
    """Answers given in the period. By (month, building_id, …); a visit the fixer may have answered himself never counts."""
    of_buildings = _visits.building_id.in_(
        sa.select(_places.id).where(_places.id == wanted.place.id)
        if wanted.place.kind is PlaceKind.BUILDING
        else _below(wanted.place, PlaceKind.BUILDING)
    )
    counts: ColumnElement[bool] = _visits.counts
    if not wanted.own_only:
        counts = sa.or_(counts, _issues.resolved_level.in_(_ABOVE_LEVELS))
    content = (Satisfaction.SATISFIED, Satisfaction.FAIRLY)
    return (
        _grouped(
            wanted,
            _visits,
            _visits.issue_id,
            _count(_visits.contacted.is_not(None), "contact_answers"),
            _count(_visits.contacted.is_(sa.true()), "contacted"),
            _count(_visits.solved.is_not(None), "solved_answers"),
            _count(_visits.solved.is_(sa.true()), "solved"),
            _count(_visits.satisfaction.is_not(None), "satisfaction_answers"),
            _count(_visits.satisfaction.in_(content), "satisfied"),
        )
        .join_from(ReturnVisit, Issue, _issues.id == _visits.issue_id)
        .where(_visits.month.in_(wanted.months), of_buildings, counts, wanted.within(_visits.answered_at))
    )
