"""Moving an issue along its life: the law decides, this writes the decision down, and history only grows."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import Issue, IssueEvent, ReturnVisit
from models.enums import ENDED_STATES, Channel, IssueState, Move, OutboxKind, PhotoUse, Role
from server.core import access, audit, crypto, database, outbox
from server.core.access import Actor
from server.core.audit import Action
from server.core.errors import Problem, conflict, forbidden, not_found
from server.core.hot import Chain, Link
from server.issues import hidden, queries
from server.photos import service as photos
from server.rules import lifecycle
from server.rules.calendar import month_of
from server.rules.levels import LEVEL_OF
from server.rules.lifecycle import CLOCK, Details, JoinTarget, Mover, Refusal, Step
from server.rules.permissions import Permission

_issues, _visits = Issue.__table__, ReturnVisit.__table__
_BATCH = 500
_NEW_EVENT = ("issue_id", "at", "move", "from_state", "to_state", "level", "actor_id", "actor_role", "text")
_INSERT_EVENT = Chain(Link(IssueEvent, _NEW_EVENT), outbox.LINK)


@dataclass(frozen=True, slots=True)
class Wish:
    """What came with a move. `target` is the public id of the issue to join."""

    details: Details = field(default_factory=Details)
    target: str = ""
    photo_ids: list[str] = field(default_factory=list)


def move_as_staff(actor: Actor, permission: Permission, public_id: str, move: Move, wish: Wish, now: datetime) -> str:
    """Make a move as somebody whose post covers the issue. Returns the issue's public id.

    Raises 404 out of scope, 403 without the right there or for a return visit in a building one heads, 409 with the
    law's reason when the move is not possible now.
    """
    row = queries.lock_for_staff(actor, permission, public_id)
    if permission is Permission.ISSUE_VISIT and actor.heads(row.building_id):
        raise forbidden("您是这栋楼的楼栋长，回访要由同事来做。")
    role = _acting_role(actor, permission, row)
    details = wish.details
    if move is Move.JOIN:
        target = queries.lock_for_staff(actor, permission, wish.target)
        if target.community_id != row.community_id:
            raise conflict("target_differs", "只能并到同一个社区的诉求。")
        details = replace(details, target=JoinTarget(target.id, target.state, target.about_head))
    step = _decide(row, move, lifecycle.staff(role, actor.person_id), details, now)
    noted = _answers(move, step, details)
    if noted and (refusal := lifecycle.contradicts(_told(row), noted)):
        raise conflict(refusal.code, refusal.reason)
    _write(row, move, step, details, now, actor_id=actor.person_id, role=role)
    if wish.photo_ids:
        use = PhotoUse.DONE if move is Move.RESOLVE else PhotoUse.EVIDENCE
        photos.attach(wish.photo_ids, issue_id=row.id, uploaded_by_id=actor.person_id, now=now, use=use)
    return public_id


def move_as_reporter(row: Row[Any], move: Move, details: Details, now: datetime) -> None:
    """Make a move on one's own report; `row` comes from `queries.lock_own` or `queries.lock_claimed`.

    Raises 409 with the law's reason when the move is not possible now.
    """
    step = _decide(row, move, lifecycle.reporter(hidden.reporter_of(row)), details, now)
    _write(row, move, step, details, now, actor_id=None, role=None)


def close_silent(now: datetime) -> int:
    """End what was resolved and heard nothing for the return-visit window. Returns how many; a second run finds none.

    Runs in transactions of its own, a batch at a time.
    """
    closed = 0
    while True:
        with database.transaction() as connection:
            due = connection.execute(
                queries.FACTS.where(
                    _issues.c.state == IssueState.RESOLVED,
                    _issues.c.resolved_at <= now - lifecycle.RETURN_VISIT_WINDOW,
                )
                .limit(_BATCH)
                .with_for_update(of=_issues, skip_locked=True)
            ).all()
            for row in due:
                step = _decide(row, Move.CLOSE_SILENT, CLOCK, Details(), now)
                _write(row, Move.CLOSE_SILENT, step, Details(), now, actor_id=None, role=None)
        closed += len(due)
        if len(due) < _BATCH:
            return closed


def reveal_contact(actor: Actor, public_id: str, reason: str, now: datetime) -> str:
    """The phone the reporter left, for a handler who says why. Audited; only while the issue is being handled."""
    row = queries.lock_for_staff(actor, Permission.ISSUE_ACCEPT, public_id)
    if row.contact_sealed is None:
        raise Problem(404, "no_contact", "上报人没有留电话，请在进展里说明情况，上报人凭查询码可以看到。")
    if row.state in ENDED_STATES:
        raise conflict("ended", "这件事已经结束，不再查看上报人的电话。")
    audit.record(
        Action.ISSUE_REVEAL,
        now,
        actor=actor,
        role=_acting_role(actor, Permission.ISSUE_ACCEPT, row),
        subject=f"issue:{public_id}",
        place_id=row.building_id,
        detail={"field": "contact", "reason": reason},
    )
    return crypto.open_sealed(row.contact_sealed, "issues.contact_sealed")


def _acting_role(actor: Actor, permission: Permission, row: Row[Any]) -> Role:
    """The highest of the actor's roles that covers this issue and includes the permission."""
    covering = [post.role for post in actor.posts_granting(permission) if access.covers(post, row)]
    if not covering:
        raise not_found()
    return max(covering, key=lambda role: list(Role).index(role))


def _decide(row: Row[Any], move: Move, mover: Mover, details: Details, now: datetime) -> Step:
    decision = lifecycle.decide(queries.facts_of(row), move, mover, details, now)
    if isinstance(decision, Refusal):
        raise conflict(decision.code, decision.reason)
    return decision


def _write(
    row: Row[Any], move: Move, step: Step, details: Details, now: datetime, *, actor_id: int | None, role: Role | None
) -> None:
    """Write a decided step: the issue's row, its event, and the reporter's answers."""
    change: dict[str, Any] = {"state": step.to_state, "level": step.to_level, "version": row.version + 1}
    if move is Move.ACCEPT and row.accepted_at is None:
        change["accepted_at"] = now
    if move is Move.RESOLVE and role is not None:
        # A superior may settle what lies lower down; "还没好" then goes above the one who really did it.
        by = max(row.level, LEVEL_OF[role], key=lambda level: level.height)
        change |= {
            "resolved_at": now,
            "resolved_by_id": actor_id,
            "resolved_level": by,
            "outcome": details.text.strip(),
        }
    if move is Move.DECLINE:
        change["responsible"] = details.responsible.strip()
    if details.target is not None and move is Move.JOIN:
        change["duplicate_of_id"] = details.target.issue_id
    if step.rework:
        change["rework"] = row.rework + 1
    change["ended_at"] = (row.ended_at or now) if step.to_state in ENDED_STATES else None
    connection = database.connection()
    connection.execute(sa.update(Issue).where(Issue.id == row.id).values(change))
    text = details.text.strip()
    _INSERT_EVENT.run(
        {
            "issue_id": row.id,
            "at": now,
            "move": move,
            "from_state": row.state,
            "to_state": step.to_state,
            "level": step.to_level,
            "actor_id": actor_id,
            "actor_role": role,
            "text": f"{step.reason}\n{text}" if text else step.reason,
        },
        outbox.due(OutboxKind.ISSUE_EVENT, now),
    )
    answers = _answers(move, step, details)
    if answers:
        _keep_answers(row, answers, now, noted_by_id=actor_id)


def _answers(move: Move, step: Step, details: Details) -> dict[str, Any]:
    """The return visit's answers that a move contains: confirming says solved, reopening says not."""
    answers: dict[str, Any] = {}
    if move in (Move.RATE, Move.CONFIRM, Move.REOPEN):
        answers = {"contacted": details.contacted, "solved": details.solved, "satisfaction": details.satisfaction}
        if move is Move.CONFIRM:
            answers["solved"] = True
        if move is Move.REOPEN or step.rework:
            answers["solved"] = False
    return {name: value for name, value in answers.items() if value is not None}


def _told(row: Row[Any]) -> dict[str, Any]:
    """What the reporter answered in person since the latest resolution. A ledger's answers are its keeper's word."""
    if row.resolved_at is None or _own_word(row, None):
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
    told: dict[str, Any] = {}
    for answers in database.connection().execute(query):
        told |= {name: value for name, value in answers._mapping.items() if value is not None}
    return told


def _own_word(row: Row[Any], noted_by_id: int | None) -> bool:
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


def _keep_answers(row: Row[Any], answers: dict[str, Any], now: datetime, *, noted_by_id: int | None) -> None:
    """One row an issue and month: answers to the same resolution add up, answers to a later one replace.

    What a phone call adds to the reporter's own answers leaves the row the reporter's, unless they may be the fixer's.
    """
    month = month_of(now)
    connection = database.connection()
    found = connection.execute(
        sa.select(_visits.c.id, _visits.c.answered_at, _visits.c.noted_by_id).where(
            _visits.c.issue_id == row.id, _visits.c.month == month
        )
    ).one_or_none()
    values: dict[str, Any] = {**answers, "answered_at": now, "noted_by_id": noted_by_id}
    counts = lifecycle.counts_for_building(row.resolved_level, own_word=_own_word(row, noted_by_id))
    if found is None:
        place = {"building_id": row.building_id, "grid_id": row.grid_id, "community_id": row.community_id}
        connection.execute(
            sa.insert(ReturnVisit).values(
                issue_id=row.id,
                month=month,
                counts=counts,
                **place,
                **values,
            )
        )
        return
    of_an_earlier_try = row.resolved_at is not None and found.answered_at < row.resolved_at
    of_the_fixer = noted_by_id is not None and found.noted_by_id is None and _own_word(row, None)
    if of_an_earlier_try or of_the_fixer:
        values = {"contacted": None, "solved": None, "satisfaction": None, **values, "counts": counts}
    elif found.noted_by_id is None:
        del values["noted_by_id"]
    connection.execute(sa.update(ReturnVisit).where(ReturnVisit.id == found.id).values(values))
