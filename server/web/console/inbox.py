"""消息: what the system told me."""

from flask import Response

from server.core import clock
from server.core.access import needs, require_actor
from server.core.idempotency import idempotent
from server.core.schemas import PageQuery
from server.notices import queries, service
from server.rules.permissions import Permission
from server.web.console import blueprint
from server.web.console.forms import done, load_query, show
from server.web.console.words import may


@blueprint.get("/inbox")
@needs(Permission.INBOX_READ)
def inbox() -> Response:
    """My messages, newest first."""
    query = load_query(PageQuery)
    actor = require_actor()
    page = queries.inbox(actor, query["cursor"], query["limit"])
    return show("inbox.html", page=page, query=query, may_notify=may(actor, Permission.NOTICE_WRITE))


@blueprint.post("/inbox/<string(length=16):message>")
@needs(Permission.INBOX_READ)
@idempotent
def read_message(message: str) -> Response:
    """Note that I read it."""
    service.mark_read(require_actor(), message, clock.now())
    return done("read", "inbox")
