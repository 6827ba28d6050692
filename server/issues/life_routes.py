"""诉求的经手: signing in, contact, triage, handing over, pauses, more time, urging."""

from typing import Any

from models.enums import Move
from server.core import clock
from server.core.access import needs, open_to_all, require_actor
from server.core.api import Blueprint
from server.core.idempotency import idempotent
from server.core.limits import slowed
from server.issues import queries, service
from server.issues.life_schemas import (
    AskExtensionSchema,
    AssignedManySchema,
    AssignManySchema,
    AssignSchema,
    ColleaguesSchema,
    FollowUpSchema,
    OptionalReasonSchema,
    ReasonSchema,
    SuspendSchema,
    TriageSchema,
)
from server.issues.queries import IssueView
from server.issues.schemas import IssueSchema, NoteSchema, OptionalNoteSchema
from server.issues.service import Wish
from server.rules import allowances
from server.rules.lifecycle import Details
from server.rules.permissions import Permission

blueprint = Blueprint("life", __name__, description="诉求的经手")

ISSUE = "/issues/<string(length=16):issue>"


def _staff(issue: str, permission: Permission, move: Move, body: dict[str, Any], assignee: str = "") -> IssueView:
    actor = require_actor()
    service.move_as_staff(actor, permission, issue, move, Wish(Details(**body), assignee=assignee), clock.now())
    return queries.for_staff(actor, issue)


@blueprint.post(f"{ISSUE}/sign-in")
@needs(Permission.ISSUE_SIGN_IN)
@idempotent
@blueprint.arguments(OptionalNoteSchema)
@blueprint.response(200, IssueSchema)
def sign_in(body: dict[str, Any], issue: str) -> IssueView:
    """I have it (签收)"""
    return _staff(issue, Permission.ISSUE_SIGN_IN, Move.SIGN_IN, body)


@blueprint.post(f"{ISSUE}/contacted")
@needs(Permission.ISSUE_CONTACT)
@idempotent
@blueprint.arguments(OptionalNoteSchema)
@blueprint.response(200, IssueSchema)
def contacted(body: dict[str, Any], issue: str) -> IssueView:
    """I contacted the reporter (联系上报人)"""
    return _staff(issue, Permission.ISSUE_CONTACT, Move.CONTACT, body)


@blueprint.post(f"{ISSUE}/triage")
@needs(Permission.ISSUE_TRIAGE)
@idempotent
@blueprint.arguments(TriageSchema)
@blueprint.response(200, IssueSchema)
def triage(body: dict[str, Any], issue: str) -> IssueView:
    """Decide which of the three kinds of matter it is (三事分流)"""
    return _staff(issue, Permission.ISSUE_TRIAGE, Move.TRIAGE, body)


@blueprint.post(f"{ISSUE}/follow-up")
@needs(Permission.ISSUE_FOLLOW_UP)
@idempotent
@blueprint.arguments(FollowUpSchema)
@blueprint.response(200, IssueSchema)
def follow_up(body: dict[str, Any], issue: str) -> IssueView:
    """How a private matter went (跟进)"""
    return _staff(issue, Permission.ISSUE_FOLLOW_UP, Move.FOLLOW_UP, body)


@blueprint.get(f"{ISSUE}/colleagues")
@needs(Permission.ISSUE_ASSIGN)
@blueprint.response(200, ColleaguesSchema)
def colleagues(issue: str) -> dict[str, Any]:
    """Who stands on the level that has it, to hand it to by name"""
    found = queries.colleagues(require_actor(), issue, clock.now())
    return {"items": [{"id": one.public_id, "name": one.name} for one in found]}


@blueprint.post(f"{ISSUE}/assign")
@needs(Permission.ISSUE_ASSIGN)
@idempotent
@blueprint.arguments(AssignSchema)
@blueprint.response(200, IssueSchema)
def assign(body: dict[str, Any], issue: str) -> IssueView:
    """Hand it down, or to one colleague (交办)"""
    assignee = body.pop("assignee") or ""
    return _staff(issue, Permission.ISSUE_ASSIGN, Move.ASSIGN, body, assignee)


@blueprint.post("/issues/assign")
@needs(Permission.ISSUE_ASSIGN)
@idempotent
@blueprint.arguments(AssignManySchema)
@blueprint.response(200, AssignedManySchema)
def assign_many(body: dict[str, Any]) -> dict[str, Any]:
    """Hand many issues down, or to one colleague; each is answered for itself"""
    return {"items": service.assign_many(require_actor(), now=clock.now(), **body)}


@blueprint.post(f"{ISSUE}/push-back")
@needs(Permission.ISSUE_PUSH_BACK)
@idempotent
@blueprint.arguments(NoteSchema)
@blueprint.response(200, IssueSchema)
def push_back(body: dict[str, Any], issue: str) -> IssueView:
    """Send it back to the level that passed it up (退回)"""
    return _staff(issue, Permission.ISSUE_PUSH_BACK, Move.PUSH_BACK, body)


@blueprint.post(f"{ISSUE}/suspend")
@needs(Permission.ISSUE_SUSPEND)
@idempotent
@blueprint.arguments(SuspendSchema)
@blueprint.response(200, IssueSchema)
def suspend(body: dict[str, Any], issue: str) -> IssueView:
    """It has to wait, until when and why (暂缓)"""
    return _staff(issue, Permission.ISSUE_SUSPEND, Move.SUSPEND, body)


@blueprint.post(f"{ISSUE}/resume")
@needs(Permission.ISSUE_SUSPEND)
@idempotent
@blueprint.arguments(OptionalNoteSchema)
@blueprint.response(200, IssueSchema)
def resume(body: dict[str, Any], issue: str) -> IssueView:
    """Work goes on before the pause is over (恢复办理)"""
    return _staff(issue, Permission.ISSUE_SUSPEND, Move.RESUME, body)


@blueprint.post(f"{ISSUE}/extension")
@needs(Permission.ISSUE_EXTEND)
@idempotent
@blueprint.arguments(AskExtensionSchema)
@blueprint.response(200, IssueSchema)
def ask_extension(body: dict[str, Any], issue: str) -> IssueView:
    """Ask for more time (申请延期)"""
    return _staff(issue, Permission.ISSUE_EXTEND, Move.ASK_EXTENSION, body)


@blueprint.post(f"{ISSUE}/extension/grant")
@needs(Permission.ISSUE_EXTENSION)
@idempotent
@blueprint.arguments(OptionalReasonSchema)
@blueprint.response(200, IssueSchema)
def grant_extension(body: dict[str, Any], issue: str) -> IssueView:
    """Give more time (同意延期)"""
    return _staff(issue, Permission.ISSUE_EXTENSION, Move.GRANT_EXTENSION, body)


@blueprint.post(f"{ISSUE}/extension/refuse")
@needs(Permission.ISSUE_EXTENSION)
@idempotent
@blueprint.arguments(ReasonSchema)
@blueprint.response(200, IssueSchema)
def refuse_extension(body: dict[str, Any], issue: str) -> IssueView:
    """Give no more time, and why (不同意延期)"""
    return _staff(issue, Permission.ISSUE_EXTENSION, Move.REFUSE_EXTENSION, body)


@blueprint.post(f"{ISSUE}/urge")
@needs(Permission.ISSUE_URGE)
@idempotent
@blueprint.arguments(OptionalReasonSchema)
@blueprint.response(200, IssueSchema)
def urge(body: dict[str, Any], issue: str) -> IssueView:
    """Ask whoever has it to hurry (催办)"""
    return _staff(issue, Permission.ISSUE_URGE, Move.URGE, body)


@blueprint.post("/my/issues/<string(length=16):issue>/urge")
@needs(Permission.ISSUE_READ_OWN)
@slowed(allowances.WORDS)
@idempotent
@blueprint.arguments(OptionalReasonSchema)
@blueprint.response(200, IssueSchema)
def urge_own(body: dict[str, Any], issue: str) -> IssueView:
    """Ask for my report to be hurried (催办)"""
    actor = require_actor()
    service.move_as_reporter(queries.lock_own(actor, issue), Move.URGE, Details(**body), clock.now())
    return queries.for_reporter(actor, issue)


@blueprint.post("/claims/<string(maxlength=20):claim>/urge")
@open_to_all("whoever holds the claim code is the reporter")
@slowed(allowances.CLAIM_GUESSES, allowances.WORDS)
@idempotent
@blueprint.arguments(OptionalReasonSchema)
@blueprint.response(200, IssueSchema)
def urge_claimed(body: dict[str, Any], claim: str) -> IssueView:
    """Ask for the report to be hurried (催办)"""
    service.move_as_reporter(queries.lock_claimed(claim), Move.URGE, Details(**body), clock.now())
    return queries.for_claim(claim)
