"""What a score line rests on: the very rows that were counted, page by page."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import sqlalchemy as sa

from models import Deduction, DutyItem, DutyRecord, Inspection, Issue, ReturnVisit
from models.enums import Component, DutyState, MonthState, Satisfaction, StarAspect
from server.core import access, database, paging
from server.core.access import Actor
from server.core.errors import not_found
from server.issues import queries as issues
from server.rules.amounts import show_points
from server.rules.calendar import SHANGHAI, Month, show_month
from server.rules.permissions import Permission
from server.scores.queries import months, scores


@dataclass(frozen=True, slots=True)
class EvidenceItem:
    """One row behind a line. `link` is the API path of the thing itself, "" where it has none."""

    id: str | None
    link: str
    on: date
    title: str
    text: str
    contacted: bool | None = None
    solved: bool | None = None
    satisfaction: Satisfaction | None = None
    points: int | None = None


@dataclass(frozen=True, slots=True)
class EvidencePage:
    """Some of the rows. `not_shown`: rows that were counted and are not for this reader.

    `may_differ`: rows may have been changed since the line was reckoned, which keeps its own numbers: the month is a
    draft, or this version has been corrected by a later one.
    """

    items: list[EvidenceItem]
    next_cursor: str | None
    not_shown: int
    may_differ: bool = False


_visits, _issues = ReturnVisit.__table__, Issue.__table__
_inspections, _records, _items, _deductions = (
    Inspection.__table__,
    DutyRecord.__table__,
    DutyItem.__table__,
    Deduction.__table__,
)
_YES_NO = {True: "是", False: "否", None: "没有回答"}


def evidence(
    actor: Actor,
    month: Month,
    community: str,
    building: str,
    component: str,
    cursor: str | None,
    limit: int,
    version: int | None = None,
) -> EvidencePage:
    """The rows behind one line of a building's month, oldest first. 404 as for the score itself.

    A head finds no complaint about herself among them: she learns that something is not shown, not what.
    """
    part = next((known for known in Component if known == component), None)
    if part is None:
        raise not_found()
    place, row = scores.scored_building(actor, month, community, building, version)
    read = _READERS.get(part)
    if read is None:  # the residents' ballot is secret: there is nothing to open
        return EvidencePage([], None, 0)
    page = read(actor, month, place.id, paging.decode(cursor) or 0, limit)
    newer = sa.select(sa.func.max(months.months.c.version)).where(
        months.months.c.community_id == row.community_id, months.months.c.month == month
    )
    corrected = database.connection().execute(newer).scalar_one() > row.version
    return replace(page, may_differ=corrected or row.state is MonthState.DRAFT)


def _case_handling(actor: Actor, month: Month, building_id: int, after: int, limit: int) -> EvidencePage:
    counted = sa.and_(_visits.c.month == month, _visits.c.building_id == building_id, _visits.c.counts)
    readable = sa.and_(
        access.within(actor, Permission.ISSUE_READ, _issues, narrow=issues.narrow),
        issues.not_about(actor.posts, _issues.c),
    )
    joined = sa.join(_visits, _issues, _issues.c.id == _visits.c.issue_id)
    query = (
        sa.select(
            _visits.c.id,
            _visits.c.contacted,
            _visits.c.solved,
            _visits.c.satisfaction,
            _visits.c.answered_at,
            _issues.c.public_id,
            _issues.c.category,
        )
        .select_from(joined)
        .where(counted, readable, _visits.c.id > after)
        .order_by(_visits.c.id)
        .limit(limit + 1)
    )
    both = sa.select(sa.func.count(), sa.func.count().filter(readable)).select_from(joined).where(counted)
    conn = database.connection()
    everything, shown = conn.execute(both).one()
    return _page(conn.execute(query).all(), limit, _visit, everything - shown)


def _visit(row: Any) -> EvidenceItem:
    satisfaction = row.satisfaction.zh if row.satisfaction else _YES_NO[None]
    return EvidenceItem(
        row.public_id,
        f"/api/v1/issues/{row.public_id}",
        row.answered_at.astimezone(SHANGHAI).date(),
        row.category.zh,
        f"联系过：{_YES_NO[row.contacted]}；解决了：{_YES_NO[row.solved]}；满意度：{satisfaction}。",
        row.contacted,
        row.solved,
        row.satisfaction,
    )


def _star_book(_actor: Actor, month: Month, building_id: int, after: int, limit: int) -> EvidencePage:
    query = sa.select(
        _inspections.c.id,
        _inspections.c.inspected_at,
        _inspections.c.note,
        *(_inspections.c[aspect.value] for aspect in StarAspect),
        sa.select(scores.places.c.public_id)
        .where(scores.places.c.id == _inspections.c.building_id)
        .scalar_subquery()
        .label("building"),
    ).where(_inspections.c.month == month, _inspections.c.building_id == building_id, _inspections.c.id > after)
    rows = database.connection().execute(query.limit(limit + 1)).all()

    def inspection(row: Any) -> EvidenceItem:
        stars = "，".join(f"{aspect.zh}{row._mapping[aspect.value]}星" for aspect in StarAspect)
        return EvidenceItem(
            None,
            f"/api/v1/inspections/{show_month(month)}/{row.building}",
            row.inspected_at.astimezone(SHANGHAI).date(),
            "社区检查",
            f"{stars}。{row.note}",
        )

    return _page(rows, limit, inspection)


def _duties(_actor: Actor, month: Month, building_id: int, after: int, limit: int) -> EvidencePage:
    query = (
        sa.select(_records.c.id, _records.c.public_id, _records.c.done_on, _records.c.text, _items.c.title)
        .join_from(_records, _items, _items.c.id == _records.c.item_id)
        .where(
            _records.c.month == month,
            _records.c.building_id == building_id,
            _records.c.state == DutyState.ACCEPTED,
            _records.c.id > after,
        )
        .order_by(_records.c.id)
        .limit(limit + 1)
    )

    def record(row: Any) -> EvidenceItem:
        return EvidenceItem(row.public_id, f"/api/v1/duties/records/{row.public_id}", row.done_on, row.title, row.text)

    return _page(database.connection().execute(query).all(), limit, record)


def _deduction(_actor: Actor, month: Month, building_id: int, after: int, limit: int) -> EvidencePage:
    query = (
        sa.select(
            _deductions.c.id,
            _deductions.c.public_id,
            _deductions.c.entered_at,
            _deductions.c.points,
            _deductions.c.reason,
            _deductions.c.evidence,
        )
        .where(
            _deductions.c.month == month,
            _deductions.c.building_id == building_id,
            _deductions.c.cancelled_at.is_(None),
            _deductions.c.id > after,
        )
        .order_by(_deductions.c.id)
        .limit(limit + 1)
    )

    def deduction(row: Any) -> EvidenceItem:
        return EvidenceItem(
            row.public_id,
            "",
            row.entered_at.astimezone(SHANGHAI).date(),
            f"扣{show_points(row.points)}分：{row.reason}",
            row.evidence,
            points=row.points,
        )

    return _page(database.connection().execute(query).all(), limit, deduction)


def _page(rows: Any, limit: int, build: Callable[[Any], EvidenceItem], not_shown: int = 0) -> EvidencePage:
    page = paging.page(rows, limit, build, lambda row: int(row.id))
    return EvidencePage(list(page.items), page.next_cursor, not_shown)


_READERS: dict[Component, Callable[[Actor, Month, int, int, int], EvidencePage]] = {
    Component.CASE_HANDLING: _case_handling,
    Component.STAR_BOOK: _star_book,
    Component.DUTIES: _duties,
    Component.DEDUCTION: _deduction,
}
