"""回复模板: what the office answers often, with gaps to fill in."""

from flask import Response, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from server.core import clock
from server.core.access import needs, require_actor
from server.core.errors import Problem
from server.core.idempotency import idempotent
from server.ledger import queries, service
from server.ledger.schemas import TemplateFields
from server.rules.permissions import Permission
from server.web.console import blueprint
from server.web.console.forms import Form, done, show


@blueprint.get("/issues/templates")
@needs(Permission.TEMPLATE_READ)
def templates() -> Response:
    """All I am offered, mine to be changed."""
    return _page(Form())


def _page(form: Form) -> Response:
    return show("templates.html", form, templates=queries.templates(require_actor()))


@blueprint.post("/issues/templates")
@needs(Permission.TEMPLATE_WRITE)
@idempotent
def write_template() -> Response:
    """A new one."""
    form = Form.sent("new")
    try:
        service.write_template(require_actor(), now=clock.now(), **form.load(TemplateFields))
    except Problem as problem:
        return _page(form.refused(problem))
    return done("saved", "templates")


@blueprint.get("/issues/templates/<string(length=16):template>")
@needs(Permission.TEMPLATE_READ)
def template_form(template: str) -> AnyResponse:
    """The address of a form, asked for by itself: back to the list."""
    return redirect(url_for("console.templates", _anchor=template), 303)


@blueprint.post("/issues/templates/<string(length=16):template>")
@needs(Permission.TEMPLATE_WRITE)
@idempotent
def change_template(template: str) -> Response:
    """Another title and text."""
    form = Form.sent(template)
    try:
        body = form.load(TemplateFields)
        service.change_template(require_actor(), template, form.version, now=clock.now(), **body)
    except Problem as problem:
        return _page(form.refused(problem))
    return done("saved", "templates")


@blueprint.post("/issues/templates/<string(length=16):template>/close")
@needs(Permission.TEMPLATE_WRITE)
@idempotent
def close_template(template: str) -> Response:
    """Offer it no longer."""
    form = Form.sent(template)
    try:
        service.close_template(require_actor(), template, form.version, clock.now())
    except Problem as problem:
        return _page(form.refused(problem))
    return done("saved", "templates")
