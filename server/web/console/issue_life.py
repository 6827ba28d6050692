"""Working on an issue: signing in, contact, the three kinds of matter, handing over, pauses, more time, urging."""

from datetime import datetime, timedelta

from flask import Response, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from models.enums import Move
from server.core.access import needs
from server.core.idempotency import idempotent
from server.issues.life_schemas import (
    AskExtensionSchema,
    AssignSchema,
    FollowUpSchema,
    OptionalReasonSchema,
    ReasonSchema,
    SuspendSchema,
    TriageSchema,
)
from server.issues.schemas import NoteSchema, OptionalNoteSchema
from server.rules.permissions import Permission
from server.web.console import blueprint
from server.web.console.issue_moves import make

ISSUE = "/issues/<string(length=16):issue>"


def _morning(midnight: datetime, _now: datetime) -> datetime:
    """When a private matter is asked after on a day."""
    return midnight + timedelta(hours=9)


def _end_of_day(midnight: datetime, _now: datetime) -> datetime:
    return midnight + timedelta(days=1)


@blueprint.get(
    f"{ISSUE}/<any(sign_in,contacted,triage,follow_up,assign,hand_over,push_back,suspend,resume,ask_extension,"
    "grant_extension,refuse_extension,urge):form>"
)
@needs(Permission.ISSUE_READ)
def issue_life_form(issue: str, form: str) -> AnyResponse:
    """The address of a form, asked for by itself (a page reloaded after an error): back to the issue."""
    return redirect(url_for("console.issue", issue=issue, _anchor=form), 303)


@blueprint.post(f"{ISSUE}/sign_in")
@needs(Permission.ISSUE_SIGN_IN)
@idempotent
def issue_sign_in(issue: str) -> Response:
    """签收."""
    return make(issue, Permission.ISSUE_SIGN_IN, Move.SIGN_IN, OptionalNoteSchema, "sign_in")


@blueprint.post(f"{ISSUE}/contacted")
@needs(Permission.ISSUE_CONTACT)
@idempotent
def contacted(issue: str) -> Response:
    """联系上报人."""
    return make(issue, Permission.ISSUE_CONTACT, Move.CONTACT, OptionalNoteSchema, "contacted")


@blueprint.post(f"{ISSUE}/triage")
@needs(Permission.ISSUE_TRIAGE)
@idempotent
def triage(issue: str) -> Response:
    """三事分流."""
    return make(issue, Permission.ISSUE_TRIAGE, Move.TRIAGE, TriageSchema, "triage")


@blueprint.post(f"{ISSUE}/follow_up")
@needs(Permission.ISSUE_FOLLOW_UP)
@idempotent
def follow_up(issue: str) -> Response:
    """跟进."""
    days = {"follow_up_at": _morning}
    return make(issue, Permission.ISSUE_FOLLOW_UP, Move.FOLLOW_UP, FollowUpSchema, "follow_up", days=days)


@blueprint.post(f"{ISSUE}/assign")
@needs(Permission.ISSUE_ASSIGN)
@idempotent
def assign(issue: str) -> Response:
    """交办 to a level below."""
    return make(issue, Permission.ISSUE_ASSIGN, Move.ASSIGN, AssignSchema, "assign")


@blueprint.post(f"{ISSUE}/hand_over")
@needs(Permission.ISSUE_ASSIGN)
@idempotent
def hand_over(issue: str) -> Response:
    """交办 to a colleague."""
    return make(issue, Permission.ISSUE_ASSIGN, Move.ASSIGN, AssignSchema, "hand_over")


@blueprint.post(f"{ISSUE}/push_back")
@needs(Permission.ISSUE_PUSH_BACK)
@idempotent
def push_back(issue: str) -> Response:
    """退回."""
    return make(issue, Permission.ISSUE_PUSH_BACK, Move.PUSH_BACK, NoteSchema, "push_back")


@blueprint.post(f"{ISSUE}/suspend")
@needs(Permission.ISSUE_SUSPEND)
@idempotent
def suspend(issue: str) -> Response:
    """暂缓办理."""
    days = {"until": _end_of_day}
    return make(issue, Permission.ISSUE_SUSPEND, Move.SUSPEND, SuspendSchema, "suspend", days=days)


@blueprint.post(f"{ISSUE}/resume")
@needs(Permission.ISSUE_SUSPEND)
@idempotent
def resume(issue: str) -> Response:
    """恢复办理."""
    return make(issue, Permission.ISSUE_SUSPEND, Move.RESUME, OptionalNoteSchema, "resume")


@blueprint.post(f"{ISSUE}/ask_extension")
@needs(Permission.ISSUE_EXTEND)
@idempotent
def ask_extension(issue: str) -> Response:
    """申请延期."""
    return make(issue, Permission.ISSUE_EXTEND, Move.ASK_EXTENSION, AskExtensionSchema, "ask_extension")


@blueprint.post(f"{ISSUE}/grant_extension")
@needs(Permission.ISSUE_EXTENSION)
@idempotent
def grant_extension(issue: str) -> Response:
    """同意延期."""
    return make(issue, Permission.ISSUE_EXTENSION, Move.GRANT_EXTENSION, OptionalReasonSchema, "grant_extension")


@blueprint.post(f"{ISSUE}/refuse_extension")
@needs(Permission.ISSUE_EXTENSION)
@idempotent
def refuse_extension(issue: str) -> Response:
    """不同意延期."""
    return make(issue, Permission.ISSUE_EXTENSION, Move.REFUSE_EXTENSION, ReasonSchema, "refuse_extension")


@blueprint.post(f"{ISSUE}/urge")
@needs(Permission.ISSUE_URGE)
@idempotent
def urge(issue: str) -> Response:
    """催办."""
    return make(issue, Permission.ISSUE_URGE, Move.URGE, OptionalReasonSchema, "urge")
