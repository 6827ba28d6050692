"""A person of the office decides what the public may see."""

from datetime import datetime

import sqlalchemy as sa

from models import ContentCheck, Issue, IssueEvent
from models.enums import CheckedBy, Move
from server.core import access, audit, database
from server.core.access import Actor
from server.core.audit import Action
from server.core.errors import conflict, forbidden, invalid
from server.core.etags import require_version
from server.identity.queries import veil
from server.moderation import queries
from server.moderation.queries import CheckView
from server.rules import moderation as rule
from server.rules.decision import Refusal
from server.rules.permissions import Permission

_checks, _issues = ContentCheck.__table__, Issue.__table__
_OF_ISSUE = _issues.c.id == _checks.c.issue_id
_REPORTER = sa.select(_issues.c.reporter_id).where(_OF_ISSUE).scalar_subquery()
_VEILED = sa.select(_issues.c.reporter_index).where(_OF_ISSUE).scalar_subquery()
_events = IssueEvent.__table__

# Who typed the report in for a resident (代报). Under its claim code they could write the rest of it too.
_TYPIST = (
    sa.select(_events.c.actor_id)
    .where(_events.c.issue_id == _checks.c.issue_id, _events.c.move == Move.REPORT)
    .limit(1)
    .scalar_subquery()
)


def decide(actor: Actor, public_id: str, expected_version: int, passes: bool, reason: str, now: datetime) -> CheckView:
    """Show a text or photo to the public, or withhold it. A second decision is possible, with a reason.

    Raises 404 out of scope, 403 for what one wrote or typed in oneself, 412 when it changed
    meanwhile, 409 when nothing would change, 422 without the reason that is due. Audited.
    """
    row = access.fetch(
        actor,
        Permission.MODERATION_DECIDE,
        public_id,
        (_checks.c.id, _checks.c.state, _checks.c.version, _checks.c.decided_by_id, _checks.c.building_id,
         _REPORTER.label("reporter_id"), _VEILED.label("reporter_index"),
         _TYPIST.label("typist_id")),
        table=_checks,
        see=Permission.MODERATION_READ,
        where=queries.not_about(actor),
        lock=True,
    )  # fmt: skip
    require_version(row.version, expected_version)
    decision = rule.decide(
        row.state,
        passes=passes,
        reason=reason,
        decided_before=row.decided_by_id is not None,
        own=actor.person_id in (row.reporter_id, row.typist_id) or row.reporter_index == veil(actor.person_id),
    )
    if isinstance(decision, Refusal):
        if decision.code == "own_content":
            raise forbidden(decision.reason)
        raise (
            invalid("reason", decision.reason)
            if decision.code == "reason_missing"
            else conflict(decision.code, decision.reason)
        )
    database.connection().execute(
        sa.update(ContentCheck)
        .where(ContentCheck.id == row.id)
        .values(
            state=decision,
            checked_by=CheckedBy.PERSON,
            decided_at=now,
            decided_by_id=actor.person_id,
            reason=reason,
            version=row.version + 1,
        )
    )
    audit.record(
        Action.CONTENT_DECIDE,
        now,
        actor=actor,
        role=actor.role_for(Permission.MODERATION_DECIDE),
        subject=f"content:{public_id}",
        place_id=row.building_id,
        detail={"from": row.state, "to": decision, "reason": reason},
    )
    return queries.check(actor, public_id)
