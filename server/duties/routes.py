"""履职: the nineteen duties and the records of them."""

from typing import Any

from server.core import clock
from server.core.access import needs, require_actor
from server.core.api import Blueprint
from server.core.idempotency import idempotent
from server.core.paging import Page
from server.duties import queries, service
from server.duties.queries import ItemView, RecordView
from server.duties.schemas import (
    DecisionSchema,
    ItemsSchema,
    RecordInSchema,
    RecordPageSchema,
    RecordQuery,
    RecordSchema,
)
from server.rules.calendar import month_of
from server.rules.permissions import Permission

blueprint = Blueprint("duties", __name__, description="履职")


@blueprint.get("/duties/items")
@needs(Permission.DUTY_READ)
@blueprint.response(200, ItemsSchema)
def items() -> dict[str, list[ItemView]]:
    """The duties in use"""
    return {"items": queries.items()}


@blueprint.get("/duties/records")
@needs(Permission.DUTY_READ)
@blueprint.arguments(RecordQuery, location="query")
@blueprint.response(200, RecordPageSchema)
def records(query: dict[str, Any]) -> Page[RecordView]:
    """A month's duty records, newest first"""
    month = query["month"] or month_of(clock.now())
    return queries.records(require_actor(), month, query["building"], query["state"], query["cursor"], query["limit"])


@blueprint.get("/duties/records/<string(length=16):record>")
@needs(Permission.DUTY_READ)
@blueprint.response(200, RecordSchema)
def record(record: str) -> RecordView:
    """One duty record"""
    return queries.record(require_actor(), record)


@blueprint.post("/duties/records")
@needs(Permission.DUTY_RECORD)
@idempotent
@blueprint.arguments(RecordInSchema)
@blueprint.response(201, RecordSchema)
def submit(body: dict[str, Any]) -> RecordView:
    """Write down a duty done"""
    return service.submit(require_actor(), **body, now=clock.now())


@blueprint.post("/duties/records/<string(length=16):record>/decision")
@needs(Permission.DUTY_VERIFY)
@idempotent
@blueprint.arguments(DecisionSchema)
@blueprint.response(200, RecordSchema)
def decide(body: dict[str, Any], record: str) -> RecordView:
    """Accept or reject a duty record"""
    return service.decide(require_actor(), record, body["state"], body["reason"], clock.now())
