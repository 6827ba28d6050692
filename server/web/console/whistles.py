"""吹哨: calling departments from an issue's page, a department's desk, and the report on departments."""

from typing import Any

import marshmallow as ma
from flask import Response, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from models.enums import Move
from server.core import clock
from server.core.access import needs, require_actor
from server.core.errors import Problem
from server.core.idempotency import idempotent
from server.core.months import in_path
from server.issues import queries, service
from server.issues.queries import WhistleFilters
from server.issues.whistle_routes import figures_response
from server.issues.whistle_schemas import (
    RatingSchema,
    ReportBackSchema,
    SoundSchema,
    WhistleQuery,
    WhistleReasonSchema,
    WordSchema,
)
from server.rules.calendar import month_of, next_, previous, show_month
from server.rules.permissions import Permission
from server.rules.whistling import Said
from server.web.console import blueprint
from server.web.console.buildings import full_names
from server.web.console.forms import Form, done, load_query, show
from server.web.console.issues import issue_page

WHISTLE = "/issues/<string(length=16):issue>/whistles/<string(length=16):whistle>"
TWO_YEARS = 200  # in months written YYYYMM: how far back the page leads by itself


@blueprint.get("/whistles")
@needs(Permission.DEPARTMENT_READ)
def whistles() -> Response:
    """The whistles in my places, newest first; a department's own."""
    actor, query = require_actor(), load_query(WhistleQuery)
    page = queries.whistles(actor, WhistleFilters(**query), clock.now())
    names = full_names(actor, Permission.ISSUE_LIST, [item.building for item in page.items])
    kept = {name: value for name, value in query.items() if value is not None and name != "limit"}
    return show("whistles.html", page=page, query=kept, names=names)


@blueprint.post("/issues/<string(length=16):issue>/whistle")
@needs(Permission.ISSUE_WHISTLE)
@idempotent
def sound(issue: str) -> Response:
    """吹哨部门: one or several."""
    actor, now, form = require_actor(), clock.now(), Form.sent("whistle")
    try:
        body = form.load(SoundSchema)
        service.sound_whistle(actor, issue, body["departments"], body["text"], now, short=body["short"])
    except Problem as problem:
        return issue_page(issue, form.refused(problem))
    return done("whistle", "issue", issue=issue, anchor="departments")


@blueprint.get("/issues/<string(length=16):issue>/whistle")
@needs(Permission.ISSUE_READ)
def whistle_form(issue: str) -> AnyResponse:
    """The form's address asked for by itself: back to the issue."""
    return redirect(url_for("console.issue", issue=issue, _anchor="whistle"), 303)


def _answer(issue: str, whistle: str, move: Move, schema: type[ma.Schema]) -> Response:
    actor, now, form = require_actor(), clock.now(), Form.sent(f"{move}-{whistle}")
    try:
        body: dict[str, Any] = form.load(schema)
        issue = service.answer_whistle(actor, whistle, move, Said(**body), now)
    except Problem as problem:
        return issue_page(issue, form.refused(problem))
    return done(f"whistle_{move}", "issue", issue=issue, anchor="departments")


@blueprint.post(f"{WHISTLE}/sign_in")
@needs(Permission.ISSUE_SIGN_IN)
@idempotent
def sign_in_whistle(issue: str, whistle: str) -> Response:
    """签收."""
    return _answer(issue, whistle, Move.SIGN_IN, WordSchema)


@blueprint.post(f"{WHISTLE}/contact")
@needs(Permission.ISSUE_CONTACT)
@idempotent
def contact_whistle(issue: str, whistle: str) -> Response:
    """已联系上报人."""
    return _answer(issue, whistle, Move.CONTACT, WordSchema)


@blueprint.post(f"{WHISTLE}/report_back")
@needs(Permission.ISSUE_REPORT_BACK)
@idempotent
def report_back(issue: str, whistle: str) -> Response:
    """反馈: what was done, and on which day."""
    return _answer(issue, whistle, Move.REPORT_BACK, ReportBackSchema)


@blueprint.post(f"{WHISTLE}/push_back")
@needs(Permission.ISSUE_PUSH_BACK)
@idempotent
def push_back_whistle(issue: str, whistle: str) -> Response:
    """退回, with the reason."""
    return _answer(issue, whistle, Move.PUSH_BACK, WhistleReasonSchema)


@blueprint.post(f"{WHISTLE}/urge")
@needs(Permission.ISSUE_URGE)
@idempotent
def urge_whistle(issue: str, whistle: str) -> Response:
    """催办."""
    return _answer(issue, whistle, Move.URGE, WordSchema)


@blueprint.post(f"{WHISTLE}/call_off")
@needs(Permission.ISSUE_WHISTLE)
@idempotent
def call_off(issue: str, whistle: str) -> Response:
    """撤销吹哨, with the reason."""
    return _answer(issue, whistle, Move.CALL_OFF, WhistleReasonSchema)


@blueprint.post(f"{WHISTLE}/rate_department")
@needs(Permission.ISSUE_RATE_DEPARTMENT)
@idempotent
def rate_department(issue: str, whistle: str) -> Response:
    """评价部门."""
    return _answer(issue, whistle, Move.RATE_DEPARTMENT, RatingSchema)


@blueprint.get("/whistles/report")
@needs(Permission.DEPARTMENT_READ)
def this_months_report() -> AnyResponse:
    """The report of the running month."""
    return redirect(url_for("console.department_report", month=show_month(month_of(clock.now()))), 303)


@blueprint.get("/whistles/report/<string(length=7):month>")
@needs(Permission.DEPARTMENT_READ)
def department_report(month: str) -> Response:
    """What departments made of a month's whistles, with what each figure means."""
    number, now = in_path(month), clock.now()
    view = queries.department_figures(require_actor(), number, now)
    later = next_(number) if number < month_of(now) else None
    earlier = previous(number) if number > month_of(now) - TWO_YEARS else None
    return show("department_report.html", view=view, month=number, earlier=earlier, later=later)


@blueprint.get("/whistles/report/<string(length=7):month>.xlsx")
@needs(Permission.DEPARTMENT_READ)
def department_report_file(month: str) -> Response:
    """The same as Excel."""
    return figures_response(in_path(month))
