"""代报: taking down what a resident says at the counter or on the phone."""

from base64 import b64encode

from flask import Response, request

from models.enums import Anonymity, PhotoUse
from server.core import clock
from server.core.access import needs, require_actor
from server.core.application import takes_up_to
from server.core.errors import Problem
from server.core.idempotency import idempotent
from server.issues import service
from server.issues.schemas import STAFF_CHANNELS, ReportSchema
from server.issues.service import Report
from server.places import queries as places
from server.rulebook import queries as rulebook
from server.rules.book import RuleBook
from server.rules.permissions import Permission
from server.web.answers import given_answers
from server.web.console import blueprint
from server.web.console.buildings import options
from server.web.console.forms import Form, show
from server.web.console.pictures import PHOTOS_MEGABYTES, keep_uploads


@blueprint.get("/issues/new")
@needs(Permission.ISSUE_LIST)
def on_behalf() -> Response:
    """The form, for a building if the address names one."""
    return _form(Form.filled({"building": request.args.get("building", "")}))


def _form(form: Form) -> Response:
    buildings = options(require_actor(), Permission.PLACE_READ)
    named = form.value("building")
    if named and named not in dict(buildings):  # street and district come from the building's own page
        buildings.append((named, places.detail(require_actor(), named).name))
    book = _book(named)
    return show(
        "issue_new.html",
        form,
        buildings=buildings,
        kinds=[(kind.category.value, kind.name) for kind in book.offered],
        book=book,
        channels=STAFF_CHANNELS,
        anonymities=[(kind.value, kind.zh) for kind in Anonymity if kind is not Anonymity.OPEN],
    )


def _book(building: str) -> RuleBook:
    """The book that holds at the building, or at the actor's own place while none is chosen."""
    return rulebook.book_for_report(require_actor(), building)


@blueprint.post("/issues/new")
@needs(Permission.ISSUE_LIST)
@takes_up_to(PHOTOS_MEGABYTES)
@idempotent
def report_on_behalf() -> Response:
    """File it. The claim code is shown on this page only, to be given to the resident."""
    actor, now, form = require_actor(), clock.now(), Form.sent()
    try:
        topic = _book(form.value("building")).topic(form.value("topic"))
        if topic is not None:  # the nearer word: whoever chose it need not choose the category too
            form.typed["category"] = topic.category.value
        asked = tuple(name for name in form.typed if name.startswith("a-"))
        body = form.load(ReportSchema, without=asked, answers=given_answers(topic, form.typed))
        body.pop("code")
        building, channel = body.pop("building"), body.pop("channel")
        body["photo_ids"] = [*body["photo_ids"], *keep_uploads(actor, PhotoUse.REPORT, now)]
        reported = service.report_as_person(actor, building, channel, Report(**body), now)
    except Problem as problem:
        return _form(form.refused(problem))
    place = places.full_names([building]).get(building, "")
    qr = b64encode(places.qr_svg(reported.status_url)).decode()  # on this page only: the address holds the claim code
    return show("issue_reported.html", reported=reported, place=place, qr=qr, today=now)
