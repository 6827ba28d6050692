"""消息: the in-app inbox, what WeChat may carry of it, and the office's notices."""

from typing import Any

from server.core import clock
from server.core.access import needs, require_actor
from server.core.api import Blueprint
from server.core.idempotency import idempotent
from server.core.paging import Page
from server.core.schemas import PageQuery
from server.notices import queries, service
from server.notices.queries import MessageView, Subscription
from server.notices.schemas import (
    MessagePageSchema,
    MessageSchema,
    NoticeSchema,
    ResultsSchema,
    SentSchema,
    SubscriptionsSchema,
    UnreadSchema,
)
from server.notices.service import Sent
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


@blueprint.get("/me/subscriptions")
@needs(Permission.INBOX_READ)
@blueprint.response(200, SubscriptionsSchema)
def subscriptions() -> dict[str, list[Subscription]]:
    """What I agreed to get through WeChat, and what I could be asked for"""
    return {"items": queries.subscriptions(require_actor())}


@blueprint.post("/me/subscriptions")
@needs(Permission.INBOX_READ)
@idempotent
@blueprint.arguments(ResultsSchema)
@blueprint.response(200, SubscriptionsSchema)
def subscribe(body: dict[str, Any]) -> dict[str, list[Subscription]]:
    """Tell what wx.requestSubscribeMessage answered"""
    return {"items": service.report(require_actor(), body["results"], clock.now())}


@blueprint.post("/notices")
@needs(Permission.NOTICE_WRITE)
@idempotent
@blueprint.arguments(NoticeSchema)
@blueprint.response(201, SentSchema)
def notify(body: dict[str, Any]) -> Sent:
    """Tell every head of a place something"""
    return service.send_notice(require_actor(), body["place"], body["title"], body["text"], clock.now())
