"""履职: heads write down what they did, the community says whether it counts."""

from flask import Response, request

from models.enums import DutyState, PhotoUse
from server.core import clock
from server.core.access import needs, require_actor
from server.core.application import takes_up_to
from server.core.errors import Problem
from server.core.idempotency import idempotent
from server.core.months import in_path
from server.duties import queries, service
from server.duties.schemas import DecisionSchema, RecordInSchema, RecordQuery
from server.rules.calendar import SHANGHAI, Month, month_of, show_month
from server.rules.permissions import Permission
from server.web.console import blueprint
from server.web.console.buildings import full_names, options
from server.web.console.forms import Form, done, load, show
from server.web.console.pictures import PHOTOS_MEGABYTES, keep_uploads
from server.web.console.words import may

ROWS = 50


@blueprint.get("/duties/<string(length=7):month>")
@needs(Permission.DUTY_READ)
def duties(month: str) -> Response:
    """A month's duty records, those to be verified first asked for."""
    return _page(in_path(month), Form())


def _page(month: Month, form: Form) -> Response:
    actor = require_actor()
    told = {key: values for key, values in request.args.lists() if key in ("state", "cursor")}
    query = load(RecordQuery, told)
    page = queries.records(actor, month, None, query["state"], query["cursor"], ROWS)
    names = full_names(actor, Permission.DUTY_READ, [record.building for record in page.items])
    kept = {"state": query["state"], "cursor": query["cursor"]}
    return show("duties.html", form, month=month, page=page, names=names, query=kept, states=DutyState)


@blueprint.get("/duties/records/<string(length=16):record>")
@needs(Permission.DUTY_READ)
def duty_record(record: str) -> Response:
    """One record with its photos."""
    return _record(record, Form())


def _record(public_id: str, form: Form) -> Response:
    actor = require_actor()
    view = queries.record(actor, public_id)
    name = full_names(actor, Permission.DUTY_READ, [view.building])[view.building]
    return show("duty.html", form, record=view, name=name, can_decide=may(actor, Permission.DUTY_VERIFY))


@blueprint.post("/duties/records/<string(length=16):record>")
@needs(Permission.DUTY_VERIFY)
@idempotent
def decide_duty(record: str) -> Response:
    """Accept or reject a record; a rejection says why."""
    form = Form.sent()
    try:
        body = form.load(DecisionSchema)
        view = service.decide(require_actor(), record, body["state"], body["reason"], clock.now())
    except Problem as problem:
        return _record(record, form.refused(problem))
    return done("decided", "duties", month=show_month(view.month), state=DutyState.SUBMITTED)


@blueprint.get("/duties/new")
@needs(Permission.DUTY_RECORD)
def new_duty() -> Response:
    """A head's form for a duty done."""
    today = clock.now().astimezone(SHANGHAI).date()
    return _new(Form.filled({"done_on": today.isoformat()}))


def _new(form: Form) -> Response:
    buildings = options(require_actor(), Permission.DUTY_RECORD)
    return show("duty_new.html", form, items=queries.items(), buildings=buildings, this=month_of(clock.now()))


@blueprint.post("/duties/new")
@needs(Permission.DUTY_RECORD)
@takes_up_to(PHOTOS_MEGABYTES)
@idempotent
def submit_duty() -> Response:
    """Write down a duty done; photos are welcome and never required."""
    actor, now, form = require_actor(), clock.now(), Form.sent()
    try:
        body = form.load(RecordInSchema)
        body["photo_ids"] = [*body["photo_ids"], *keep_uploads(actor, PhotoUse.EVIDENCE, now)]
        view = service.submit(actor, **body, now=now)
    except Problem as problem:
        return _new(form.refused(problem))
    return done("duty", "duties", month=show_month(view.month))
