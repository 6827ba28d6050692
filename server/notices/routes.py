"""消息: the in-app inbox."""

from typing import Any

from server.core import clock
from server.core.access import needs, require_actor
from server.core.api import Blueprint
from server.core.idempotency import idempotent
from server.core.paging import Page
from server.core.schemas import PageQuery
from server.notices import queries, service
from server.notices.queries import MessageView
from server.notices.schemas import MessagePageSchema, MessageSchema, UnreadSchema
from server.rules.permissions import Permission

blueprint = Blueprint("notices", __name__, description="消息")


@blueprint.get("/messages")
@needs(Permission.INBOX_READ)
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, MessagePageSchema)
def messages(query: dict[str, Any]) -> Page[MessageView]:
    """My messages, newest first"""
    return queries.inbox(require_actor(), query["cursor"], query["limit"])


@blueprint.get("/messages/unread")
@needs(Permission.INBOX_READ)
@blueprint.response(200, UnreadSchema)
def unread() -> dict[str, int]:
    """How many messages I have not read"""
    return {"unread": queries.unread(require_actor())}


@blueprint.post("/messages/<string(length=16):message>/read")
@needs(Permission.INBOX_READ)
@idempotent
@blueprint.response(200, MessageSchema)
def read(message: str) -> MessageView:
    """Note that I read a message"""
    return service.mark_read(require_actor(), message, clock.now())
