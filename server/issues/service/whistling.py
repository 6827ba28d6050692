"""Calling departments to an issue, their answers, and what the caller says to those: the law decides, this writes it down.

The issue is held first, then its whistles are read: answers given at once come one after the other.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import Issue, Whistle
from models.enums import Level, Move
from server.core import database
from server.core.access import Actor
from server.core.errors import conflict, forbidden, invalid, not_found
from server.departments import queries as departments
from server.issues import queries
from server.issues.service import whistle_rows
from server.issues.service.moving import acting_role
from server.issues.service.writing import write
from server.rulebook import queries as rulebook
from server.rules import whistling
from server.rules.book import clocks_for
from server.rules.clocks import Clocks, OfficeHours
from server.rules.decision import Refusal
from server.rules.lifecycle import Details
from server.rules.permissions import Permission
from server.rules.whistling import Answer, Answerer, Said

RIGHTS: dict[Move, Permission] = whistling.RIGHTS
_w, _issues = Whistle.__table__.c, Issue.__table__.c


def whistle_clocks(issue: Row[Any], *, short: bool = False) -> tuple[Clocks, OfficeHours]:
    """How long a department has for this issue, and the hours that count: as its rule book says.

    `issue` is one of `queries.FACTS`. `short`: no longer to report back than the three working days of the law.
    """
    book = rulebook.book_of(issue.rule_book_id)
    own = clocks_for(book, book.topic(issue.topic), Level.DEPARTMENT, urgent=issue.urgent)
    law = whistling.clocks_for(urgent=issue.urgent, short=short)
    report = law.report if short and not issue.urgent else own.report or law.report
    return Clocks(own.sign_in or law.sign_in, own.contact or law.contact, report), book.hours


def sound_whistle(
    actor: Actor, public_id: str, called: Sequence[str], reason: str, now: datetime, *, short: bool = False
) -> None:
    """Call departments (public ids) to an issue. `short`: to report back within three working days instead of five.

    Raises 404 out of scope, 403 without the right there, 409 with the law's reason, 422 for no department of the district.
    """
    row = queries.lock_for_staff(actor, Permission.ISSUE_WHISTLE, public_id)
    role = acting_role(actor, Permission.ISSUE_WHISTLE, row)
    rows = departments.among(row.district_id, called)
    if len(rows) != len(set(called)):
        raise invalid("departments", "选的部门里有本区没有登记的，请刷新后重选。")
    named = [whistling.Department(each.id, each.name, each.closed_at is not None) for each in rows]
    matter = queries.matter_of(row, queries.whistles_on(row.id), now)
    spans, hours = whistle_clocks(row, short=short)
    step = whistling.sound(matter, role, named, reason, spans.report)
    if isinstance(step, Refusal):
        raise conflict(step.code, step.reason)
    dues = whistle_rows.insert(row, named, reason.strip(), spans, hours, now, by=actor.person_id, role=role)
    longest = max(each for each in (dues.report, *(other.due_at for other in matter.open)) if each is not None)
    # What the reporter reads as "by when"; the departments' own clocks stand in their whistles.
    shown = {"sign_in_due_at": dues.sign_in, "contact_due_at": dues.contact, "due_at": longest}
    write(row, Move.WHISTLE, step, Details(text=reason), now, actor_id=actor.person_id, role=role, change=shown)


def answer_whistle(actor: Actor, whistle: str, move: Move, said: Said, now: datetime) -> str:
    """Answer a whistle, or deal with it as its caller. Returns the issue's public id.

    Raises 404 out of scope, 403 without the right there, 409 with the law's reason.
    """
    issue = _issue_of(whistle)
    row = queries.lock_for_staff(actor, RIGHTS[move], issue)
    all_of_it = queries.whistles_on(row.id)
    mine = next((each for each in all_of_it if each.public_id == whistle), None)
    if mine is None:
        raise not_found()
    facts = queries.facts_of_whistle(mine)
    who = Answerer(acting_role(actor, RIGHTS[move], row), queries.departments_of(actor))
    matter = queries.matter_of(row, all_of_it, now)
    decided = whistling.answer(matter, facts, move, who, said, now)
    if isinstance(decided, Refusal):
        if decided.code in whistling.NOT_YOURS:
            raise forbidden(decided.reason)
        raise conflict(decided.code, decided.reason)
    _keep(row, mine, facts, move, decided, said, now, actor)
    left = [each.due_at for each in matter.open if each.id != mine.id or decided.end is None]
    shown = {"due_at": max(left)} if left and decided.step.to_level is Level.DEPARTMENT else {}
    text = Details(text=said.text)
    write(row, move, decided.step, text, now, actor_id=actor.person_id, role=who.role, change=shown)
    return issue


def _issue_of(whistle: str) -> str:
    if "\0" in whistle:
        raise not_found()
    query = sa.select(_issues.public_id).join_from(Whistle, Issue, _issues.id == _w.issue_id)
    found: str | None = database.connection().execute(query.where(_w.public_id == whistle)).scalar()
    if found is None:
        raise not_found()
    return found


def _keep(
    issue: Row[Any],
    row: Row[Any],
    facts: whistling.Whistle,
    move: Move,
    decided: Answer,
    said: Said,
    now: datetime,
    actor: Actor,
) -> None:
    """Write an answer into the whistle's row. Contact and report count as signing in for who forgot to."""
    values: dict[str, Any] = {}
    if move in (Move.SIGN_IN, Move.CONTACT, Move.REPORT_BACK) and row.signed_in_at is None:
        values["signed_in_at"] = now
        moved = whistling.signed_in(facts, now)
        values["clock_at"] = whistling.next_moment(moved, now, urgent=issue.urgent)
    if move is Move.CONTACT:
        values["contacted_at"] = now
    if move is Move.REPORT_BACK:
        values["report"] = whistling.report_of(said)
    if move is Move.PUSH_BACK:
        values["pushed_back_why"] = said.text.strip()
    if move is Move.URGE:
        values |= {"urged": row.urged + 1, "urged_at": now}
    if move is Move.RATE_DEPARTMENT:
        first = {} if row.rated_at else {"rated_at": now}
        values |= {"rating": said.rating, "rating_text": said.text.strip(), "rated_by_id": actor.person_id, **first}
    if decided.end is not None:
        values |= {"end": decided.end, "ended_at": now, "ended_by_id": actor.person_id, "clock_at": None}
    whistle_rows.change(row, values)
