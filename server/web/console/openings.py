"""身份查看: asking to see a hidden reporter, a second person's word, and looking."""

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from server.core import clock
from server.core.access import needs, require_actor
from server.core.errors import Problem
from server.core.idempotency import idempotent
from server.rules.permissions import Permission
from server.shield import queries, service
from server.shield.schemas import AskSchema, DecideOpeningSchema, OpeningQuery
from server.web.console import blueprint
from server.web.console.buildings import full_names
from server.web.console.forms import Form, done, load, show
from server.web.console.issues import issue_page

ROWS = 20


@blueprint.get("/openings")
@needs(Permission.REPORTER_DECIDE)
def openings() -> Response:
    """Requests that wait for a second person, and those decided."""
    return _page(Form())


def _page(form: Form) -> Response:
    actor = require_actor()
    query = load(OpeningQuery, {k: v for k, v in request.args.lists() if k in ("waiting", "cursor")})
    page = queries.openings(actor, query["waiting"], query["cursor"], ROWS)
    names = full_names(actor, Permission.REPORTER_DECIDE, [item.building for item in page.items])
    return show("openings.html", form, page=page, names=names, query=query)


@blueprint.get("/issues/<string(length=16):issue>/openings")
@needs(Permission.REPORTER_ASK)
def opening_form(issue: str) -> AnyResponse:
    """The address of the form, asked for by itself: back to the issue"""
    return redirect(url_for("console.issue", issue=issue, _anchor="opening"), 303)


@blueprint.post("/issues/<string(length=16):issue>/openings")
@needs(Permission.REPORTER_ASK)
@idempotent
def ask_opening(issue: str) -> Response:
    """Ask to see who reported it."""
    form = Form.sent("opening")
    try:
        service.ask(require_actor(), issue, form.load(AskSchema)["reason"], clock.now())
    except Problem as problem:
        return issue_page(issue, form.refused(problem, forbidden_too=True))
    return done("opening_asked", "issue", issue=issue, anchor="opening")


@blueprint.post("/openings/<string(length=16):opening>/decide")
@needs(Permission.REPORTER_DECIDE)
@idempotent
def decide_opening(opening: str) -> Response:
    """Grant or refuse it."""
    form = Form.sent(opening)
    try:
        view = service.decide(require_actor(), opening, **form.load(DecideOpeningSchema), now=clock.now())
    except Problem as problem:
        return _page(form.refused(problem, forbidden_too=True))
    return done("opening_granted" if view.granted else "opening_refused", "openings")


@blueprint.post("/openings/<string(length=16):opening>/look")
@needs(Permission.REPORTER_ASK)
def look(opening: str) -> Response:
    """See who it is. Shown on this page only."""
    actor = require_actor()
    reporter = service.look(actor, opening, clock.now())
    return issue_page(queries.one(actor, opening).issue, reporter=reporter)
