"""What a person WeChat recognised reported: the list, each report, and the reporter's words, without a claim code."""

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from models.enums import Satisfaction
from server.core import clock, database, limits
from server.core.access import Actor, current_actor, open_to_all
from server.core.application import leaves_a_trace
from server.core.errors import Problem, not_found
from server.core.idempotency import idempotent
from server.core.limits import slowed
from server.issues import queries as issues
from server.issues.queries import Filters
from server.photos import queries as photos
from server.rules import allowances
from server.web.resident import recognition, status, words
from server.web.resident.forms import Form
from server.web.resident.pages import TYPED_MOST
from server.web.resident.phrases import NOT_SOLVED

blueprint = Blueprint("mine", __name__)

RECOGNISED = "shows the reports of whom WeChat recognised, and nothing to anybody else"


@blueprint.after_request
def _unlisted(response: Response) -> Response:
    """No search engine lists a report."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@blueprint.get(recognition.WAY_PATH)
@open_to_all("a browser comes back from WeChat; its cookie and the state prove that it set out here")
@slowed(allowances.RECOGNISED, kindly=True)
@leaves_a_trace
def recognised() -> AnyResponse:
    """Back from WeChat, on to the page"""
    return recognition.way_back()


@blueprint.get("/mine")
@open_to_all(RECOGNISED)
def reports() -> AnyResponse:
    """What I reported"""
    actor = current_actor()
    if actor is None:
        return recognition.way_to_wechat("") or make_response(render_template("resident/unknown.html"))
    now = clock.now()
    page = issues.page_of_own(actor, Filters(cursor=request.args.get("cursor"), limit=20), now)
    return make_response(
        render_template("resident/mine.html", page=page, moment=words.moment, now=now, asks=issues.FAMILIES)
    )


@blueprint.get("/mine/<string(length=16):issue>")
@open_to_all(RECOGNISED)
def report(issue: str) -> AnyResponse:
    """One report of mine, and what I can say"""
    actor = current_actor()
    return _unknown() if actor is None else _status_page(actor, issue, Form())


@blueprint.get("/mine/<string(length=16):issue>/<any(confirm, reopen, rate, note, urge, withdraw):action>")
@open_to_all(RECOGNISED)
def back(issue: str, **_: str) -> AnyResponse:
    """The address of a form, opened again from the browser's history: the page it stands on"""
    return redirect(url_for("mine.report", issue=issue), 303)


@blueprint.post("/mine/<string(length=16):issue>/<any(confirm, reopen, rate, note, urge, withdraw):action>")
@open_to_all(RECOGNISED)
@slowed(allowances.WORDS, kindly=True)
@idempotent
def act(issue: str, action: str) -> AnyResponse:
    """Say one of the reporter's words"""
    actor, form = current_actor(), Form.sent(action)
    if actor is None:
        return _unknown()
    if not recognition.form_is_hers():
        raise Problem(403, "form_expired", "页面已过期，请返回刷新后再提交。")
    try:
        if too_fast := limits.refusal():
            raise too_fast
        status.act_as(actor, issue, action, form, clock.now())
    except Problem as problem:
        database.rollback()
        page = _status_page(actor, issue, form, form.refuse(problem))
        page.headers.update(problem.extra_headers)
        return page
    return redirect(url_for("mine.report", issue=issue, done=action), 303)


@blueprint.get("/mine/<string(length=16):issue>/photos/<string(length=16):photo>")
@open_to_all(RECOGNISED)
def photo(issue: str, photo: str) -> Response:
    """One photo of my report"""
    actor = current_actor()
    if actor is None or photo not in {shown.id for shown in issues.for_reporter(actor, issue).photos}:
        raise not_found()
    data, _ = photos.read(photo)
    return Response(data, mimetype="image/jpeg")


def _unknown() -> AnyResponse:
    """Whom WeChat did not recognise, or no longer, begins at the list."""
    return redirect(url_for("mine.reports"), 303)


def _status_page(actor: Actor, issue: str, form: Form, code: int = 200) -> Response:
    shown = status.read_own(actor, issue, clock.now())
    page = render_template(
        "resident/status.html",
        page=shown,
        form=form,
        form_token=recognition.form_token(),
        done=shown.done(request.args.get("done", "")),
        not_solved=NOT_SOLVED,
        satisfactions=Satisfaction,
        typed_most=TYPED_MOST,
    )
    return make_response(page, code)
