"""The reporter's three answers: what a move contains, what was told in person, and the row of the month."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.engine import Row

from models import Issue, IssueEvent, ReturnVisit
from models.enums import Channel, Move
from server.core import database, months
from server.rules import lifecycle
from server.rules.calendar import month_of
from server.rules.lifecycle import Details, Step

_issues, _visits = Issue.__table__, ReturnVisit.__table__


def answers_of(move: Move, step: Step, details: Details) -> dict[str, Any]:
    """The return visit's answers that a move contains: confirming says solved, reopening says not."""
    answers: dict[str, Any] = {}
    if move in (Move.RATE, Move.CONFIRM, Move.REOPEN):
        answers = {"contacted": details.contacted, "solved": details.solved, "satisfaction": details.satisfaction}
        if move is Move.CONFIRM:
            answers["solved"] = True
        if move is Move.REOPEN or step.rework:
            answers["solved"] = False
    return {name: value for name, value in answers.items() if value is not None}


def told(row: Row[Any]) -> dict[str, Any]:
    """What the reporter answered in person since the latest resolution. A ledger's answers are its keeper's word."""
    if row.resolved_at is None or own_word(row, None):
        return {}
    query = (
        sa.select(_visits.c.contacted, _visits.c.solved, _visits.c.satisfaction)
        .join_from(_visits, _issues, _issues.c.id == _visits.c.issue_id)
        .where(
            _visits.c.issue_id == row.id,
            _visits.c.noted_by_id.is_(None),
            _visits.c.answered_at >= row.resolved_at,
            _issues.c.channel != Channel.LEDGER,
        )
        .order_by(_visits.c.month)
    )
    said: dict[str, Any] = {}
    for answers in database.connection().execute(query):
        said |= {name: value for name, value in answers._mapping.items() if value is not None}
    return said


def own_word(row: Row[Any], noted_by_id: int | None) -> bool:
    """Whether what is said now may be said by whoever typed the report in and settled it."""
    if row.resolved_by_id is None:
        return False
    query = sa.select(IssueEvent.actor_id).where(IssueEvent.issue_id == row.id, IssueEvent.move == Move.REPORT)
    return lifecycle.own_word(
        taken_by=database.connection().execute(query).scalar(),
        resolved_by=row.resolved_by_id,
        known_reporter=row.reporter_id is not None or row.reporter_index is not None,
        noted_by_office=noted_by_id is not None,
    )


def keep_answers(
    row: Row[Any], answers: dict[str, Any], now: datetime, *, noted_by_id: int | None, caller: str = ""
) -> None:
    """One row an issue and month: answers to the same resolution add up, answers to a later one replace.

    One resolution counts in one month only. What is said of it in a later month corrects the earlier month's row while
    that month takes facts; after that it is kept in a row that does not count.
    What a phone call adds to the reporter's own answers leaves the row the reporter's, unless they may be the fixer's.
    """
    month = month_of(now)
    connection = database.connection()
    found = connection.execute(
        sa.select(_visits.c.id, _visits.c.month, _visits.c.answered_at, _visits.c.noted_by_id)
        .where(_visits.c.issue_id == row.id, sa.or_(_visits.c.month == month, _same_resolution(row)))
        .order_by(_visits.c.month)
    ).all()
    this_month = next((visit for visit in found if visit.month == month), None)
    earlier = next((visit for visit in found if visit.month < month and _answers_it(visit, row)), None)
    counts = lifecycle.counts_for_building(row.resolved_level, own_word=own_word(row, noted_by_id))
    if earlier is not None and not months.fixed_among(row.community_id, [earlier.month]):
        this_month, month, now = earlier, earlier.month, earlier.answered_at
    values: dict[str, Any] = {**answers, "answered_at": now, "noted_by_id": noted_by_id, "caller": caller}
    if this_month is None:
        place = {"building_id": row.building_id, "grid_id": row.grid_id, "community_id": row.community_id}
        counts = counts and earlier is None
        connection.execute(
            sa.insert(ReturnVisit).values(issue_id=row.id, month=month, counts=counts, **place, **values)
        )
        return
    of_the_fixer = noted_by_id is not None and this_month.noted_by_id is None and own_word(row, None)
    if not _answers_it(this_month, row) or of_the_fixer:
        values = {"contacted": None, "solved": None, "satisfaction": None, **values, "counts": counts}
    elif this_month.noted_by_id is None:
        del values["noted_by_id"], values["caller"]
    connection.execute(sa.update(ReturnVisit).where(_visits.c.id == this_month.id).values(values))


def _same_resolution(row: Row[Any]) -> ColumnElement[bool]:
    return _visits.c.answered_at >= row.resolved_at if row.resolved_at is not None else sa.false()


def _answers_it(visit: Any, row: Row[Any]) -> bool:
    """Whether an answer is about the latest resolution and not about an earlier try."""
    return row.resolved_at is None or visit.answered_at >= row.resolved_at
