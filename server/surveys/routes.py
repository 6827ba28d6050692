"""测评: the star book, the office's inspection of each building once a month."""

from typing import Any

from flask import request

from server.core import clock, etags, months
from server.core.access import needs, require_actor
from server.core.api import Blueprint
from server.core.paging import Page
from server.rules.calendar import month_of
from server.rules.permissions import Permission
from server.surveys import queries, service
from server.surveys.queries import InspectionView
from server.surveys.schemas import InspectionInSchema, InspectionPageSchema, InspectionQuery, InspectionSchema
from server.surveys.service import Sheet

blueprint = Blueprint("surveys", __name__, description="测评")


@blueprint.get("/inspections")
@needs(Permission.INSPECTION_READ)
@blueprint.arguments(InspectionQuery, location="query")
@blueprint.response(200, InspectionPageSchema)
def inspections(query: dict[str, Any]) -> Page[InspectionView]:
    """A month's inspections: one row a building, those still missing included"""
    month = query["month"] or month_of(clock.now())
    return queries.inspections(
        require_actor(), month, query["community"], query["missing"], query["cursor"], query["limit"]
    )


@blueprint.get("/inspections/<string(length=7):month>/<string(length=16):building>")
@needs(Permission.INSPECTION_READ)
@blueprint.response(200, InspectionSchema, headers={"ETag": {"schema": {"type": "string"}}})
def inspection(month: str, building: str) -> Any:
    """One building's inspection"""
    view = queries.inspection(require_actor(), months.in_path(month), building)
    return view, 200, {"ETag": etags.tag(view.version or 0)}


@blueprint.put("/inspections/<string(length=7):month>/<string(length=16):building>")
@needs(Permission.INSPECTION_WRITE)
@blueprint.arguments(InspectionInSchema)
@blueprint.response(200, InspectionSchema, headers={"ETag": {"schema": {"type": "string"}}})
@blueprint.alt_response(201, schema=InspectionSchema, description="it is new")
def write(body: dict[str, Any], month: str, building: str) -> Any:
    """Put down a building's inspection; replacing one takes If-Match"""
    photo_ids = body.pop("photo_ids")
    expected = etags.expected_version() if request.if_match else None
    view, new = service.write(
        require_actor(), months.in_path(month), building, Sheet(**body), photo_ids, expected, clock.now()
    )
    return view, 201 if new else 200, {"ETag": etags.tag(view.version or 0)}
