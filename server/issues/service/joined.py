"""Moving what was joined: the joined reporter's word, the office's phone call to her, and taking a report out again.

The doors of all moves: what was joined has a law of its own (`rules.joining`), everything else goes on to `moving`.
"""

from datetime import datetime
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import Issue
from models.enums import IssueState, Level, Move, Role
from server.core import database
from server.core.access import Actor
from server.core.errors import conflict, forbidden
from server.issues import hidden, queries
from server.issues.service import moving, visits
from server.issues.service.moving import Wish
from server.issues.service.reporting import first_step
from server.issues.service.writing import decide, write
from server.rules import joining, lifecycle
from server.rules.decision import Refusal
from server.rules.joining import Effect, JoinedFacts, JoinedStep
from server.rules.lifecycle import Details, Mover, Step
from server.rules.permissions import Permission

_UNANSWERED = frozenset({Effect.NOTES, Effect.URGES, Effect.LEAVES})
_OF_TARGET = ("resolved_at", "resolved_by_id", "resolved_level")


def move_as_reporter(row: Row[Any], move: Move, details: Details, now: datetime) -> None:
    """Make a move on one's own report; `row` comes from `queries.lock_own` or `queries.lock_claimed`.

    Raises 409 with the law's reason when the move is not possible now.
    """
    if row.duplicate_of_id is None:
        moving.move_as_reporter(row, move, details, now)
        return
    _say(row, move, lifecycle.reporter(hidden.reporter_of(row)), details, now, role=None)


def move_as_staff(actor: Actor, permission: Permission, public_id: str, move: Move, wish: Wish, now: datetime) -> str:
    """Make a move as somebody whose post covers the issue. See `moving.move_as_staff`.

    A phone call to the reporter of a joined issue is noted down as hers; SPLIT takes a joined issue out again.
    """
    if move is Move.SPLIT:
        return _split(actor, permission, public_id, wish, now)
    if move is Move.RATE:
        row = queries.lock_for_staff(actor, permission, public_id)
        if row.duplicate_of_id is not None:
            if actor.heads(row.building_id):
                raise forbidden("您是这栋楼的楼栋长，回访要由同事来做。")
            role = moving.acting_role(actor, permission, row)
            _say(row, move, lifecycle.staff(role, actor.person_id), wish.details, now, role=role)
            return public_id
    return moving.move_as_staff(actor, permission, public_id, move, wish, now)


def _say(row: Row[Any], move: Move, mover: Mover, details: Details, now: datetime, *, role: Role | None) -> None:
    """The joined reporter's word, by herself or noted down by the office (`role`)."""
    target = queries.lock_target(row)
    answering = SimpleNamespace(**{**row._mapping, **{name: getattr(target, name) for name in _OF_TARGET}})
    step = joining.decide(_facts(row, target), move, mover, details, now)
    if isinstance(step, Refusal):
        raise conflict(step.code, step.reason)
    if step.effect is Effect.URGES:  # the law of the target says how often
        urged = decide(target, Move.URGE, lifecycle.reporter(), Details(), now)
        write(target, Move.URGE, urged, Details(), now, actor_id=None, role=None)
        move = Move.NOTE
    actor_id = mover.person_id if role else None
    own, change = _own_step(row, step)
    answers: dict[str, Any] = {}
    if step.effect not in _UNANSWERED:
        answers = visits.answers_of(move, own, details)
        if step.effect is not Effect.ANSWERS:
            answers["solved"] = False
    told = visits.told(answering) if role and answers else {}  # type: ignore[arg-type]
    if refusal := lifecycle.contradicts(told, answers):
        raise conflict(refusal.code, refusal.reason)
    write(row, move, own, details, now, actor_id=actor_id, role=role, change=change, answered=False)
    if answers:
        visits.keep_answers(answering, answers, now, noted_by_id=actor_id, caller=details.caller)  # type: ignore[arg-type]
    _tell_target(target, step, now)


def _own_step(row: Row[Any], step: JoinedStep) -> tuple[Step, dict[str, Any]]:
    """What becomes of her own report, and further columns of it."""
    match step.effect:
        case Effect.LEAVES:
            return Step(IssueState.WITHDRAWN, row.level, step.reason), {"duplicate_of_id": None}
        case Effect.GOES_ON:
            above: Level = step.to_level or row.level
            return Step(IssueState.REOPENED, above, step.reason, rework=True), {"duplicate_of_id": None}
    return Step(IssueState.DUPLICATE, row.level, step.reason), {}


def _tell_target(target: Row[Any], step: JoinedStep, now: datetime) -> None:
    """The line on the target: the law's sentence alone. Her words are hers: the target has a reporter of its own."""
    if step.effect is Effect.REOPENS and step.to_level is not None:
        reopened = Step(IssueState.REOPENED, step.to_level, step.told, rework=True)
        write(target, Move.REOPEN, reopened, Details(), now, actor_id=None, role=None, answered=False)
    elif step.told:
        _note(target, Move.NOTE, step.told, now, actor_id=None, role=None)


def _note(target: Row[Any], move: Move, said: str, now: datetime, *, actor_id: int | None, role: Role | None) -> None:
    as_it_is = Step(target.state, target.level, said)
    write(target, move, as_it_is, Details(), now, actor_id=actor_id, role=role, answered=False)


def _facts(row: Row[Any], target: Row[Any]) -> JoinedFacts:
    said = target.resolved_at is not None and bool(
        database.connection().execute(sa.select(queries.said_not_yet(row.id, target.resolved_at))).scalar()
    )
    return JoinedFacts(
        state=target.state,
        level=target.level,
        resolved_at=target.resolved_at,
        resolved_by_person_id=target.resolved_by_id,
        resolved_level=target.resolved_level,
        has_grid=row.grid_id is not None,
        said_not_yet=said,
    )


def _split(actor: Actor, permission: Permission, public_id: str, wish: Wish, now: datetime) -> str:
    """Take a joined report out again: it begins anew where a new one would, with clocks of its own."""
    row = queries.lock_for_staff(actor, permission, public_id)
    role = moving.acting_role(actor, permission, row)
    decide(row, Move.SPLIT, lifecycle.staff(role, actor.person_id), wish.details, now)
    first = first_step(row.building_id, about_head=row.about_head, now=now)
    step = Step(IssueState.REPORTED, first.to_level, f"{role.zh}把这件从并案中拆分出来，单独办理。{first.reason}")
    change = {"duplicate_of_id": None}
    target = queries.lock_target(row) if row.duplicate_of_id is not None else None
    write(row, Move.SPLIT, step, wish.details, now, actor_id=actor.person_id, role=role, change=change)
    if target is not None:
        said = "并进来的一件已拆分出去，单独办理。"
        _note(target, Move.SPLIT, said, now, actor_id=actor.person_id, role=role)
    return public_id


def forget_recurrence(actor: Actor, permission: Permission, public_id: str, reason: str, now: datetime) -> str:
    """Remove a link that says "the same fault again" where it is not, with a reason. Raises 404, 403, 409 without a link."""
    row = queries.lock_for_staff(actor, permission, public_id)
    linked = sa.select(Issue.recurs_of_id).where(Issue.id == row.id)
    if database.connection().execute(linked).scalar() is None:
        raise conflict("no_recurrence", "这件诉求没有标为再次出现。")
    role = moving.acting_role(actor, permission, row)
    said = Step(row.state, row.level, f"{role.zh}取消了“再次出现”的标记。")
    details = Details(text=reason)
    change = {"recurs_of_id": None}
    write(row, Move.NOTE, said, details, now, actor_id=actor.person_id, role=role, change=change, answered=False)
    return public_id
