"""Seeing who a hidden reporter is: one person asks, a second decides, only the first looks, and the reporter is told.

Every step is in the audit trail; none says who the reporter is.
"""

from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import IdentityOpening, Issue, new_public_id
from models.enums import MessageKind, Role
from server.core import access, audit, database
from server.core.access import Actor
from server.core.audit import Action
from server.core.errors import conflict, forbidden, invalid
from server.identity import queries as identity
from server.issues import queries as issues
from server.issues import service as issue_service
from server.rules import shield
from server.rules.decision import Refusal
from server.rules.permissions import Permission
from server.shield import facts, queries
from server.shield.queries import OpeningView

_openings, _issues = IdentityOpening.__table__, Issue.__table__
_ISSUE = sa.select(_issues.c.public_id).where(_issues.c.id == _openings.c.issue_id).scalar_subquery()
# Of these the one who asks cannot be rid by asking differently: they are no right of theirs.
_FORBIDDEN = frozenset({"heads_it", "second_person", "above_only", "own_report", "handled_it", "asker_only"})
_FIELDS = {"answer_missing": "answer"}


class Reporter(NamedTuple):
    """Who a hidden reporter is. Either may be empty."""

    name: str
    phone: str


def ask(actor: Actor, issue: str, reason: str, now: datetime) -> OpeningView:
    """Ask to see who reported an issue. Raises 404 out of scope, 403 for whom it concerns, 409 where nothing can be seen."""
    row = issues.lock_for_staff(actor, Permission.REPORTER_ASK, issue)
    post = facts.acting_post(actor, Permission.REPORTER_ASK, row)
    waits = sa.exists().where(_openings.c.issue_id == row.id, _openings.c.decided_at.is_(None))
    waiting = bool(database.connection().execute(sa.select(waits)).scalar())
    _check(shield.ask(facts.issue_of(row), facts.official(actor, post.role, row, now), waiting=waiting))
    public_id = new_public_id()
    database.connection().execute(
        sa.insert(IdentityOpening).values(
            public_id=public_id,
            issue_id=row.id,
            building_id=row.building_id,
            grid_id=row.grid_id,
            community_id=row.community_id,
            asked_at=now,
            asked_by_id=actor.person_id,
            asked_role=post.role,
            asked_place_id=post.place_id,
            reason=reason,
        )
    )
    _record(Action.REPORTER_ASK, actor, post.role, row, public_id, now, {"reason": reason})
    return queries.one(actor, public_id)


def decide(actor: Actor, public_id: str, grant: bool, answer: str, now: datetime) -> OpeningView:
    """Grant or refuse a request of somebody else. Raises 404 out of scope, 403 for whom the law excludes, 409 when decided."""
    opening = _fetch(actor, Permission.REPORTER_DECIDE, public_id)
    row = issues.lock_for_staff(actor, Permission.REPORTER_DECIDE, opening.issue)
    post = facts.acting_post(actor, Permission.REPORTER_DECIDE, row)
    decider = facts.official(actor, post.role, row, now)
    others = decider.handled_it and facts.others_could_decide(actor, opening.asked_by_id, row, now)
    _check(
        shield.decide(
            facts.issue_of(row), _request(opening, actor), decider, grants=grant, answer=answer, others=others
        )
    )
    database.connection().execute(
        sa.update(IdentityOpening)
        .where(IdentityOpening.id == opening.id)
        .values(
            decided_at=now,
            decided_by_id=actor.person_id,
            decided_role=post.role,
            decided_place_id=post.place_id,
            granted=grant,
            answer=answer,
        )
    )
    detail = {"granted": grant, "answer": answer}
    _record(Action.REPORTER_DECIDE, actor, post.role, row, public_id, now, detail)
    if grant:
        issue_service.tell_hidden(row.id, MessageKind.REVEALED, f"opening:{public_id}", now)
    return queries.one(actor, public_id)


def look(actor: Actor, public_id: str, now: datetime) -> Reporter:
    """See who it is, as the one who asked, within a day of the grant. Each time is one line in the trail.

    Raises 404 out of scope, 403 for anybody else, 409 when it was not granted, is too late, or nothing is kept any more.
    """
    opening = _fetch(actor, Permission.REPORTER_ASK, public_id)
    row = issues.lock_for_staff(actor, Permission.REPORTER_ASK, opening.issue)
    post = facts.acting_post(actor, Permission.REPORTER_ASK, row)
    _check(shield.look(_request(opening, actor), now))
    # She may have become the building's head since she asked.
    _check(shield.ask(facts.issue_of(row), facts.official(actor, post.role, row, now), waiting=False))
    if opening.opened_at is None:
        seen = sa.update(IdentityOpening).where(IdentityOpening.id == opening.id).values(opened_at=now)
        database.connection().execute(seen)
    _record(Action.REPORTER_LOOK, actor, post.role, row, public_id, now, {"first": opening.opened_at is None})
    hidden = issue_service.hidden_reporter(row.id)
    assert hidden is not None  # the row is locked, and the law has seen that it is kept
    name, phone = ("", "") if hidden.person_id is None else identity.name_and_phone(hidden.person_id)
    return Reporter(name, hidden.phone or phone)


def _fetch(actor: Actor, permission: Permission, public_id: str) -> Row[Any]:
    columns = (
        *(_openings.c[name] for name in ("id", "asked_by_id", "granted", "decided_at", "opened_at")),
        _ISSUE.label("issue"),
    )
    return access.fetch(
        actor,
        permission,
        public_id,
        columns,
        table=_openings,
        see=permission,
        where=queries.not_about(actor),
        lock=True,
    )


def _request(opening: Row[Any], actor: Actor) -> shield.Request:
    return shield.Request(opening.asked_by_id == actor.person_id, opening.granted, opening.decided_at)


def _check(refusal: Refusal | None) -> None:
    if refusal is None:
        return
    if refusal.code in _FIELDS:
        raise invalid(_FIELDS[refusal.code], refusal.reason)
    raise forbidden(refusal.reason) if refusal.code in _FORBIDDEN else conflict(refusal.code, refusal.reason)


def _record(
    action: Action, actor: Actor, role: Role, row: Row[Any], opening: str, now: datetime, detail: dict[str, Any]
) -> None:
    audit.record(
        action,
        now,
        actor=actor,
        role=role,
        subject=f"issue:{row.public_id}",
        place_id=row.building_id,
        detail={"opening": opening, **detail},
    )
