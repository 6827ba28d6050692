"""发送情况: what waits to be sent through WeChat, and what could not be. Counts and errors only: no names, no words."""

from flask import Response

from server.core import clock, outbox_ledger
from server.core.access import needs, require_actor
from server.core.errors import not_found
from server.core.idempotency import idempotent
from server.rules.permissions import Permission
from server.web.console import blueprint
from server.web.console.forms import done, show


@blueprint.get("/deliveries")
@needs(Permission.OUTBOX_READ)
def deliveries() -> Response:
    """How the outbox stands, and its dead letters."""
    return show("deliveries.html", standings=outbox_ledger.standings(), dead=outbox_ledger.dead_letters())


@blueprint.post("/deliveries/<int(max=9223372036854775807):entry>/retry")
@needs(Permission.OUTBOX_READ)
@idempotent
def retry_delivery(entry: int) -> Response:
    """Give a dead letter another 72 hours."""
    if not outbox_ledger.retry_as(require_actor(), entry, clock.now()):
        raise not_found()
    return done("retried", "deliveries")
