"""Making common problems, changing them, putting issues in and taking them out. The issues keep lives of their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import CommonProblem, CommonProblemIssue, Issue
from models.enums import CommonState, IssueCategory, PlaceKind
from server.commons import queries
from server.core import access, audit, database, etags
from server.core.access import Actor
from server.core.audit import Action
from server.core.errors import conflict, invalid, not_found
from server.rules import commons as rule
from server.rules.permissions import Permission

_problems, _members, _issues = CommonProblem.__table__, CommonProblemIssue.__table__, Issue.__table__


@dataclass(frozen=True, slots=True)
class Draft:
    """A common problem to be. `similar`: put in whatever is like it already."""

    community: str
    category: IssueCategory
    title: str
    topic: str = ""
    note: str = ""
    similar: bool = True


def make(actor: Actor, draft: Draft, now: datetime) -> str:
    """Make a common problem, from a suggestion or by hand. Returns its public id. Raises 404, 422."""
    place = access.fetch_place(actor, Permission.COMMON_WRITE, draft.community, kinds=(PlaceKind.COMMUNITY,))
    if draft.category not in rule.CATEGORIES:
        raise invalid("category", "邻里纠纷、求助和代办这样的私事，不列为共性问题。")
    values: dict[str, Any] = {
        "community_id": place.id,
        "category": draft.category,
        "topic": draft.topic,
        "title": draft.title,
        "note": draft.note,
        "state": CommonState.WATCHED,
        "created_at": now,
        "created_by_id": actor.person_id,
        "changed_at": now,
    }
    row = (
        database.connection()
        .execute(sa.insert(CommonProblem).values(**values).returning(CommonProblem.id, CommonProblem.public_id))
        .one()
    )
    taken = _take_similar(actor, _row(row.id), now) if draft.similar else 0
    _trail(actor, Action.COMMON_MAKE, row.public_id, place.id, now, issues=taken, category=str(draft.category))
    return str(row.public_id)


def change(
    actor: Actor, public_id: str, expected: int, *, title: str, note: str, state: CommonState, now: datetime
) -> None:
    """Change title, note or state. Raises 404, 403, 412, and 409 for a state that does not follow."""
    row = _held(actor, public_id, expected)
    if refusal := rule.change(row.state, state):
        raise conflict(refusal.code, refusal.reason)
    ended = (row.ended_at or now) if state in rule.ENDED else None
    _touch(row, now, title=title, note=note, state=state, ended_at=ended)
    _trail(actor, Action.COMMON_CHANGE, public_id, row.community_id, now, state=str(state))


def add(actor: Actor, public_id: str, expected: int, issues: Sequence[str], now: datetime) -> None:
    """Put issues of the community in, by public id, each in this problem only. Raises 404, 412, and 409 with the law's reason."""
    row = _held(actor, public_id, expected)
    found = _named(actor, row, issues)
    for issue in found:
        refusal = rule.may_take(
            row.state, category=row.category, about_head=issue.about_head, of_category=issue.category
        )
        if refusal:
            raise conflict(refusal.code, refusal.reason)
    values = [
        {"issue_id": issue.id, "problem_id": row.id, "added_at": now, "added_by_id": actor.person_id} for issue in found
    ]
    connection = database.connection()
    connection.execute(database.insert_unless_there(CommonProblemIssue), values)
    elsewhere = sa.select(sa.func.count()).where(
        _members.c.issue_id.in_([issue.id for issue in found]), _members.c.problem_id != row.id
    )
    if connection.execute(elsewhere).scalar_one():
        raise conflict("in_another", "有诉求已经列在另一个共性问题里，请先从那里移出。")
    _touch(row, now)
    _trail(actor, Action.COMMON_ISSUES, public_id, row.community_id, now, added=len(found))


def add_similar(actor: Actor, public_id: str, expected: int, now: datetime) -> int:
    """Put in whatever is like it now. Returns how many. Raises 404, 412, 409."""
    row = _held(actor, public_id, expected)
    refusal = rule.may_take(row.state, category=row.category, about_head=False, of_category=row.category)
    if refusal:
        raise conflict(refusal.code, refusal.reason)
    taken = _take_similar(actor, row, now)
    _touch(row, now)
    _trail(actor, Action.COMMON_ISSUES, public_id, row.community_id, now, added=taken)
    return taken


def remove(actor: Actor, public_id: str, expected: int, issues: Sequence[str], now: datetime) -> None:
    """Take issues out. What is not in it is passed over. Raises 404, 412."""
    row = _held(actor, public_id, expected)
    named = sa.select(_issues.c.id).where(_issues.c.public_id.in_(issues), _issues.c.community_id == row.community_id)
    gone = (
        database.connection()
        .execute(sa.delete(CommonProblemIssue).where(_members.c.problem_id == row.id, _members.c.issue_id.in_(named)))
        .rowcount
    )
    _touch(row, now)
    _trail(actor, Action.COMMON_ISSUES, public_id, row.community_id, now, removed=gone)


def _held(actor: Actor, public_id: str, expected: int) -> Row[Any]:
    row = access.fetch(
        actor,
        Permission.COMMON_WRITE,
        public_id,
        tuple(_problems.c),
        table=_problems,
        see=Permission.COMMON_READ,
        lock=True,
    )
    etags.require_version(row.version, expected)
    return row


def _row(problem_id: int) -> Row[Any]:
    return database.connection().execute(sa.select(_problems).where(_problems.c.id == problem_id)).one()


def _named(actor: Actor, problem: Row[Any], issues: Sequence[str]) -> Sequence[Any]:
    """The named issues of the problem's community that the actor sees. What is about a head is refused by the law."""
    seen = access.within(actor, Permission.COMMON_WRITE, _issues)
    found = (
        database.connection()
        .execute(
            sa.select(_issues.c.id, _issues.c.category, _issues.c.about_head).where(
                _issues.c.public_id.in_(issues), _issues.c.community_id == problem.community_id, seen
            )
        )
        .all()
    )
    if len(found) != len(set(issues)):
        raise not_found()
    return found


def _take_similar(actor: Actor, problem: Row[Any], now: datetime) -> int:
    """One INSERT … SELECT, whatever the number."""
    wanted = sa.select(
        _issues.c.id,
        sa.literal(problem.id, type_=_members.c.problem_id.type),
        sa.literal(now, type_=_members.c.added_at.type),
        sa.literal(actor.person_id, type_=_members.c.added_by_id.type),
    ).where(*queries.like(problem, now))
    columns = ("issue_id", "problem_id", "added_at", "added_by_id")
    return database.connection().execute(sa.insert(CommonProblemIssue).from_select(columns, wanted)).rowcount


def _touch(row: Row[Any], now: datetime, **values: Any) -> None:
    database.connection().execute(
        sa.update(CommonProblem)
        .where(_problems.c.id == row.id)
        .values(**values, changed_at=now, version=row.version + 1)
    )


def _trail(actor: Actor, action: Action, public_id: str, place_id: int, now: datetime, **detail: Any) -> None:
    role = actor.role_for(Permission.COMMON_WRITE)
    audit.record(action, now, actor=actor, role=role, subject=f"common:{public_id}", place_id=place_id, detail=detail)
