"""Residents' pages: scan, report, follow. Every POST answers 303: going back or reloading sends nothing twice."""

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from models.enums import Anonymity, Satisfaction
from server.core import clock, database, etags, limits
from server.core.access import open_to_all
from server.core.application import takes_up_to
from server.core.errors import Problem, not_found
from server.core.idempotency import idempotent
from server.core.limits import slowed
from server.issues import queries as issues
from server.issues.schemas import PHOTOS_MOST
from server.moderation import queries as moderation
from server.photos import queries as photos
from server.places import queries as places
from server.places.queries import BuildingView
from server.rulebook import queries as rulebook
from server.rules import allowances
from server.rules.book import RuleBook
from server.rules.shield import MEANS
from server.web.resident import recognition, status
from server.web.resident.filing import file_report, join
from server.web.resident.forms import Form, uploads
from server.web.resident.phrases import NOT_SOLVED, PHRASES

blueprint = Blueprint("resident", __name__)

STAIRWELL = "whoever stands in the stairwell may report; no account is needed"
CLAIM = "whoever holds the claim code is the reporter"
TYPED_MOST = 1000  # a page's measure; the law's is longer
MEGABYTES = 60  # six pictures straight from a camera, where no script makes them small


@blueprint.after_request
def _unlisted(response: Response) -> Response:
    """No search engine lists a stairwell or a report."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@blueprint.get("/q/<code>")
@open_to_all(STAIRWELL)
@slowed(allowances.READING)
def report(code: str) -> AnyResponse:
    """What the code on the stairwell door opens"""
    building = places.open_building(code)
    return recognition.way_to_wechat(code) or _report_page(code, building, Form())


@blueprint.get("/q/<string(maxlength=64):name>.txt")
@blueprint.get("/<string(maxlength=64):name>.txt")
@open_to_all("WeChat fetches it to see that the domain is ours; it says nothing else")
def verification(name: str) -> Response:
    """WeChat's verification file: under /q/ for the rule of the posters, at the top for web pages in WeChat"""
    content = current_app.extensions["settings"].wechat.verify_files.get(f"{name}.txt")
    if content is None:
        raise not_found()
    return Response(content, content_type="text/plain; charset=utf-8")


@blueprint.post("/q/<code>")
@open_to_all(STAIRWELL)
@slowed(allowances.REPORTS, kindly=True)
@takes_up_to(MEGABYTES)
@idempotent
def send(code: str) -> AnyResponse:
    """Take the report and show its claim code"""
    building, form, files = places.open_building(code), Form.sent(), uploads("photos")
    try:
        if too_fast := limits.refusal():
            raise too_fast
        limits.spend(allowances.PHOTOS, len(files))
        reporter = recognition.reporter_of_form()
        if form.typed.get("join"):
            reported = join(places.plain_code(code), form, files, clock.now(), reporter)
        else:
            reported = file_report(places.plain_code(code), _book(building), form, files, clock.now(), reporter)
    except Problem as problem:
        database.rollback()
        form.lost_photos = bool(files)
        page = _report_page(code, building, form, form.refuse(problem))
        page.headers.update(problem.extra_headers)
        return page
    return redirect(url_for("resident.receipt", claim=status.tidy(reported.claim_code), code=code), 303)


@blueprint.get("/q/<code>/photos/<photo>")
@open_to_all(STAIRWELL)
@slowed(allowances.PICTURES)
def open_photo(code: str, photo: str) -> Response:
    """A photo of what is open in the building, once it passed"""
    file = moderation.photo_of_building(places.open_building(code).building_id, photo)
    return etags.picture(file.etag, file.data)


def _book(building: BuildingView) -> RuleBook:
    return rulebook.book_for_building(building.building_id).book


def _report_page(code: str, building: BuildingView, form: Form, status_code: int = 200) -> Response:
    latest, same = moderation.issues_by_kind(building.building_id)
    page = render_template(
        "resident/report.html",
        code=places.plain_code(code),
        building=building,
        open_issues=latest,
        same=same,
        form=form,
        book=_book(building),
        anonymities=Anonymity,
        means=MEANS,
        phrases=PHRASES,
        typed_most=TYPED_MOST,
        photos_most=PHOTOS_MOST,
        form_token=recognition.form_token(),
    )
    return make_response(page, status_code)


@blueprint.get("/r/<claim>/receipt")
@open_to_all(CLAIM)
@slowed(allowances.CLAIM_GUESSES)
def receipt(claim: str) -> str:
    """The claim code, big, once the report has arrived"""
    page = status.read(claim, clock.now())
    return render_template("resident/receipt.html", page=page, code=request.args.get("code", ""))


@blueprint.get("/r")
@open_to_all("a form for the claim code; the code itself is the key")
@slowed(allowances.CLAIM_GUESSES)
def find() -> AnyResponse:
    """Type a claim code from a screenshot or a slip of paper"""
    typed = request.args.get("claim", "")
    if not status.tidy(typed):
        return make_response(
            render_template("resident/find.html", typed=typed, problem="请输入查询码。" if typed else "")
        )
    try:
        page = status.read(status.tidy(typed), clock.now())
    except Problem as problem:
        return make_response(render_template("resident/find.html", typed=typed, problem=problem.detail), 404)
    return redirect(url_for("resident.follow", claim=page.claim), 303)


@blueprint.get("/r/<claim>")
@open_to_all(CLAIM)
@slowed(allowances.CLAIM_GUESSES)
def follow(claim: str) -> Response:
    """How the report stands, and what its reporter can say"""
    return _status_page(claim, Form())


@blueprint.get("/r/<claim>/<any(confirm, reopen, rate, note, urge, withdraw):action>")
@open_to_all(CLAIM)
def back(claim: str, **_: str) -> AnyResponse:
    """The address of a form, opened again from the browser's history: the page it stands on"""
    return redirect(url_for("resident.follow", claim=status.tidy(claim)), 303)


@blueprint.post("/r/<claim>/<any(confirm, reopen, rate, note, urge, withdraw):action>")
@open_to_all(CLAIM)
@slowed(allowances.CLAIM_GUESSES, allowances.WORDS, kindly=True)
@idempotent
def act(claim: str, action: str) -> AnyResponse:
    """Say one of the reporter's words"""
    form = Form.sent(action)
    try:
        if too_fast := limits.refusal():
            raise too_fast
        status.act(claim, action, form, clock.now())
    except Problem as problem:
        database.rollback()
        page = _status_page(claim, form, form.refuse(problem))
        page.headers.update(problem.extra_headers)
        return page
    return redirect(url_for("resident.follow", claim=status.tidy(claim), done=action), 303)


def _status_page(claim: str, form: Form, code: int = 200) -> Response:
    shown = status.read(claim, clock.now())
    page = render_template(
        "resident/status.html",
        page=shown,
        form=form,
        done=shown.done(request.args.get("done", "")),
        not_solved=NOT_SOLVED,
        satisfactions=Satisfaction,
        typed_most=TYPED_MOST,
    )
    return make_response(page, code)


@blueprint.get("/r/<claim>/photos/<photo>")
@open_to_all(CLAIM)
@slowed(allowances.CLAIM_GUESSES)
def photo(claim: str, photo: str) -> Response:
    """One photo of the report"""
    if photo not in {shown.id for shown in issues.for_claim(claim).photos}:
        raise not_found()
    data, _ = photos.read(photo)
    return Response(data, mimetype="image/jpeg")
