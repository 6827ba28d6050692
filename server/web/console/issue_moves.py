"""Working on an issue: one form a move, each under its own right."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import marshmallow as ma
from flask import Response, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from models.enums import Move, PhotoUse
from server.core import clock
from server.core.access import needs, require_actor
from server.core.application import takes_up_to
from server.core.errors import Problem
from server.core.idempotency import idempotent
from server.issues import service
from server.issues.schemas import (
    DeclineSchema,
    JoinSchema,
    NoteSchema,
    OptionalNoteSchema,
    PassUpSchema,
    ReplySchema,
    ResolveSchema,
    RevealSchema,
    VisitSchema,
)
from server.issues.service import Wish
from server.rules.lifecycle import Details
from server.rules.permissions import Permission
from server.web.console import blueprint
from server.web.console.forms import Form, done
from server.web.console.issues import issue_page
from server.web.console.pictures import PHOTOS_MEGABYTES, keep_uploads


def make(
    issue: str,
    permission: Permission,
    move: Move,
    schema: type[ma.Schema],
    name: str,
    *,
    days: Mapping[str, Callable[[datetime, datetime], datetime | None]] = MappingProxyType({}),
) -> Response:
    """Make a move from its form, or show the form again. What was written is checked before pictures are opened.

    `days`: fields of the schema that stand in the form as a date; each is given that day's midnight and the present.
    """
    actor, now = require_actor(), clock.now()
    form = Form.sent(name)
    try:
        moments = {field: _moment(form, field, read, now) for field, read in days.items()}
        told = {field: at.isoformat() for field, at in moments.items() if at is not None}
        body: dict[str, Any] = form.load(schema, without=tuple(days), **told)
        target, photo_ids = body.pop("target", ""), body.pop("photo_ids", [])
        assignee = body.pop("assignee", None) or ""
        photo_ids = [*photo_ids, *keep_uploads(actor, PhotoUse.DONE, now)]
        wish = Wish(Details(**body), target=target, assignee=assignee, photo_ids=photo_ids)
        service.move_as_staff(actor, permission, issue, move, wish, now)
    except Problem as problem:
        return issue_page(issue, form.refused(problem))
    return done(name, "issue", issue=issue)


def _moment(
    form: Form, field: str, read: Callable[[datetime, datetime], datetime | None], now: datetime
) -> datetime | None:
    ends = form.day(field)
    return None if ends is None else read(ends - timedelta(days=1), now)


def _done_at(midnight: datetime, now: datetime) -> datetime | None:
    """The last minute of a day that is over; today is now, which needs no saying."""
    last = midnight + timedelta(hours=23, minutes=59)
    return None if midnight <= now <= last else last


@blueprint.get(
    "/issues/<string(length=16):issue>/<any(accept,start,note,resolve,decline,join,pass_up,visit,contact,split,not_again):form>"
)
@needs(Permission.ISSUE_READ)
def issue_form(issue: str, form: str) -> AnyResponse:
    """The address of a form, asked for by itself (a page reloaded after an error): back to the issue."""
    return redirect(url_for("console.issue", issue=issue, _anchor=form), 303)


@blueprint.post("/issues/<string(length=16):issue>/accept")
@needs(Permission.ISSUE_ACCEPT)
@idempotent
def accept(issue: str) -> Response:
    """受理."""
    return make(issue, Permission.ISSUE_ACCEPT, Move.ACCEPT, OptionalNoteSchema, "accept")


@blueprint.post("/issues/<string(length=16):issue>/start")
@needs(Permission.ISSUE_START)
@idempotent
def start(issue: str) -> Response:
    """开始办理."""
    return make(issue, Permission.ISSUE_START, Move.START, OptionalNoteSchema, "start")


@blueprint.post("/issues/<string(length=16):issue>/note")
@needs(Permission.ISSUE_NOTE)
@idempotent
def note(issue: str) -> Response:
    """进展说明."""
    return make(issue, Permission.ISSUE_NOTE, Move.NOTE, ReplySchema, "note")


@blueprint.post("/issues/<string(length=16):issue>/resolve")
@needs(Permission.ISSUE_RESOLVE)
@idempotent
@takes_up_to(PHOTOS_MEGABYTES)
def resolve(issue: str) -> Response:
    """办结, with photos of what was done."""
    return make(issue, Permission.ISSUE_RESOLVE, Move.RESOLVE, ResolveSchema, "resolve", days={"done_at": _done_at})


@blueprint.post("/issues/<string(length=16):issue>/decline")
@needs(Permission.ISSUE_DECLINE)
@idempotent
def decline(issue: str) -> Response:
    """不予受理."""
    return make(issue, Permission.ISSUE_DECLINE, Move.DECLINE, DeclineSchema, "decline")


@blueprint.post("/issues/<string(length=16):issue>/join")
@needs(Permission.ISSUE_JOIN)
@idempotent
def join(issue: str) -> Response:
    """并案."""
    return make(issue, Permission.ISSUE_JOIN, Move.JOIN, JoinSchema, "join")


@blueprint.post("/issues/<string(length=16):issue>/split")
@needs(Permission.ISSUE_SPLIT)
@idempotent
def split(issue: str) -> Response:
    """拆分."""
    return make(issue, Permission.ISSUE_SPLIT, Move.SPLIT, NoteSchema, "split")


@blueprint.post("/issues/<string(length=16):issue>/not_again")
@needs(Permission.ISSUE_SPLIT)
@idempotent
def not_again(issue: str) -> Response:
    """取消“再次出现”."""
    form = Form.sent("not_again")
    try:
        text = form.load(NoteSchema)["text"]
        service.forget_recurrence(require_actor(), Permission.ISSUE_SPLIT, issue, text, clock.now())
    except Problem as problem:
        return issue_page(issue, form.refused(problem))
    return done("not_again", "issue", issue=issue)


@blueprint.post("/issues/<string(length=16):issue>/pass_up")
@needs(Permission.ISSUE_PASS_UP)
@idempotent
def pass_up(issue: str) -> Response:
    """吹哨上报."""
    return make(issue, Permission.ISSUE_PASS_UP, Move.PASS_UP, PassUpSchema, "pass_up")


@blueprint.post("/issues/<string(length=16):issue>/visit")
@needs(Permission.ISSUE_VISIT)
@idempotent
def visit(issue: str) -> Response:
    """电话回访."""
    return make(issue, Permission.ISSUE_VISIT, Move.RATE, VisitSchema, "visit")


@blueprint.post("/issues/<string(length=16):issue>/contact")
@needs(Permission.ISSUE_CONTACT)
def contact(issue: str) -> Response:
    """Open the reporter's phone, with a reason; audited. Shown on this page only."""
    form = Form.sent("contact")
    try:
        phone = service.reveal_contact(require_actor(), issue, form.load(RevealSchema)["reason"], clock.now())
    except Problem as problem:
        return issue_page(issue, form.refused(problem))
    return issue_page(issue, phone=phone)
