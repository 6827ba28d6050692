"""内容审核: what residents wrote and photographed, until somebody says whether neighbours may see it."""

from typing import Any

from flask import Response, request

from models.enums import CheckState
from server.core import clock
from server.core.access import needs, require_actor
from server.core.errors import Problem
from server.core.idempotency import idempotent
from server.moderation import queries, service
from server.moderation.schemas import CheckQuery, DecideSchema
from server.rules.permissions import Permission
from server.web.console import blueprint
from server.web.console.buildings import full_names
from server.web.console.forms import Form, done, load, show

ROWS = 20
TABS = (CheckState.QUEUED, CheckState.WAITING, CheckState.PASSED, CheckState.WITHHELD)


@blueprint.get("/moderation")
@needs(Permission.MODERATION_READ)
def moderation() -> Response:
    """The review queue, oldest first; what passed and what was withheld, to look over."""
    return _page(Form())


def _page(form: Form) -> Response:
    actor = require_actor()
    query: dict[str, Any] = load(CheckQuery, {k: v for k, v in request.args.lists() if k in ("state", "cursor")})
    page = queries.checks(actor, query["state"], query["cursor"], ROWS)
    names = full_names(actor, Permission.MODERATION_READ, [item.building for item in page.items])
    return show(
        "moderation.html",
        form,
        page=page,
        names=names,
        query={"state": query["state"], "cursor": query["cursor"]},
        tabs=TABS,
        waiting=queries.waiting_for_us(actor),
    )


@blueprint.post("/moderation/<string(length=16):check>/decide")
@needs(Permission.MODERATION_DECIDE)
@idempotent
def decide_check(check: str) -> Response:
    """Let neighbours see it, or not."""
    form = Form.sent(check)
    try:
        body = form.load(DecideSchema)
        view = service.decide(require_actor(), check, form.version, **body, now=clock.now())
    except Problem as problem:
        return _page(form.refused(problem))
    state = request.args.get("state", CheckState.QUEUED)
    return done("shown" if view.state is CheckState.PASSED else "withheld", "moderation", state=state)
