"""一起交办: the issues chosen in the ledger go to one level or one colleague; the page says what became of each."""

from datetime import datetime

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from models.enums import Level
from server.core import clock
from server.core.access import Actor, needs, require_actor
from server.core.errors import Problem
from server.core.idempotency import idempotent
from server.issues import queries, service
from server.issues.life_schemas import AssignManySchema
from server.rules.permissions import Permission
from server.web.console import blueprint
from server.web.console.forms import Form, show, wrong
from server.web.console.home import my_level
from server.web.console.issues import ledger_page


def hands(actor: Actor, now: datetime) -> list[tuple[str, str]] | None:
    """To whom issues may be handed, as options; None for somebody who hands nothing over."""
    if not actor.posts_granting(Permission.ISSUE_ASSIGN):
        return None
    mine = my_level(actor)
    lower = [
        level for level in reversed(Level) if mine and level.height < mine.height and level is not Level.DEPARTMENT
    ]
    return [
        *((f"level:{level}", f"{level.zh}（下一级）" if n == 0 else level.zh) for n, level in enumerate(lower)),
        *((f"person:{one.public_id}", f"同事 {one.name}") for one in queries.beside(actor, now)),
    ]


@blueprint.get("/issues/assign-many")
@needs(Permission.ISSUE_LIST)
def assign_many_form() -> AnyResponse:
    """The address of the form, asked for by itself: back to the ledger."""
    return redirect(url_for("console.issues"), 303)


@blueprint.post("/issues/assign-many")
@needs(Permission.ISSUE_ASSIGN)
@idempotent
def assign_many() -> Response:
    """Hand them over."""
    form, actor, now = Form.sent("assign"), require_actor(), clock.now()
    kind, _, whom = form.value("to").partition(":")
    try:
        if kind not in ("level", "person"):
            raise wrong("to", "请选择交给哪一级，或者交给哪一位同事。")
        told = {"to_level": whom} if kind == "level" else {"assignee": whom}
        body = form.load(AssignManySchema, without=("to",), **told)
        outcome = service.assign_many(actor, now=now, **body)
    except Problem as problem:
        return ledger_page(form.refused(problem))
    kept = {name: value for name, value in request.args.items() if value.strip()}
    return show("issues_assigned.html", outcome=outcome, query=kept)
