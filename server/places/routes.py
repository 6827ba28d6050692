"""地点: the place tree, its import, and the codes on stairwell doors."""

from typing import Any

from flask import Response

from server.core import clock, etags
from server.core.access import needs, require_actor
from server.core.api import Blueprint
from server.core.application import takes_up_to
from server.core.errors import FieldError, Problem
from server.core.idempotency import idempotent
from server.core.paging import Page
from server.places import queries, service
from server.places.queries import CodeView, PlaceItem
from server.places.schemas import (
    NewPlaceSchema,
    PlaceChangeSchema,
    PlaceImportReportSchema,
    PlaceImportSchema,
    PlacePageSchema,
    PlaceQuery,
    PlaceSchema,
    StairwellCodeSchema,
)
from server.places.service import ImportReport
from server.rules.permissions import Permission

blueprint = Blueprint("places", __name__, description="地点")

ETAG = {"ETag": {"schema": {"type": "string"}}}
TABLE_MEGABYTES = 20


@blueprint.get("/places")
@needs(Permission.PLACE_READ)
@blueprint.arguments(PlaceQuery, location="query")
@blueprint.response(200, PlacePageSchema)
def places(query: dict[str, Any]) -> Page[PlaceItem]:
    """Places in my places: all of them, one place's children, one kind, or by name or code"""
    return queries.page(require_actor(), **query)


@blueprint.post("/places")
@needs(Permission.PLACE_WRITE)
@idempotent
@blueprint.arguments(NewPlaceSchema)
@blueprint.response(201, PlaceSchema, headers=ETAG)
def create(body: dict[str, Any]) -> Any:
    """Register a place under one of mine; a building gets its stairwell code"""
    made = service.create(require_actor(), **body, now=clock.now())
    return _shown(made, 201)


@blueprint.get("/places/<string(length=16):place>")
@needs(Permission.PLACE_READ)
@blueprint.response(200, PlaceSchema, headers=ETAG)
def place(place: str) -> Any:
    """One place and what lies above it"""
    return _shown(place)


@blueprint.patch("/places/<string(length=16):place>")
@needs(Permission.PLACE_WRITE)
@blueprint.arguments(PlaceChangeSchema)
@blueprint.response(200, PlaceSchema, headers=ETAG)
def change(body: dict[str, Any], place: str) -> Any:
    """Rename, close or open a place; takes If-Match"""
    service.change(require_actor(), place, etags.expected_version(), clock.now(), **body)
    return _shown(place)


def _shown(place: str, status: int = 200) -> Any:
    view = queries.detail(require_actor(), place)
    return view, status, {"ETag": etags.tag(view.version)}


@blueprint.post("/places/import")
@needs(Permission.PLACE_IMPORT)
@takes_up_to(TABLE_MEGABYTES)
@idempotent
@blueprint.arguments(PlaceImportSchema, location="multipart")
@blueprint.response(200, PlaceImportReportSchema)
def import_table(form: dict[str, Any]) -> ImportReport:
    """Import a table of places: all or nothing, and by default only a rehearsal"""
    file = form["file"]
    report = service.import_table(
        file.stream, file.filename or "", clock.now(), actor=require_actor(), dry_run=form["dry_run"]
    )
    if report.error_count and not report.dry_run:
        errors = tuple(FieldError(f"rows.{e.line}.{e.column}", e.reason) for e in report.errors)
        detail = f"有 {report.error_count} 处不能导入，一行也没有导入。请改好后重新上传。"
        raise Problem(422, "rows_refused", detail, errors=errors)
    return report


@blueprint.get("/places/<string(length=16):building>/code")
@needs(Permission.CODE_READ)
@blueprint.response(200, StairwellCodeSchema)
def code(building: str) -> CodeView:
    """The code on a building's door"""
    return queries.code_of(require_actor(), building)


@blueprint.get("/places/<string(length=16):building>/code.svg")
@needs(Permission.CODE_READ)
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="image/svg+xml")
def code_picture(building: str) -> Response:
    """The code as a QR picture to print"""
    url = queries.code_of(require_actor(), building).url
    return Response(queries.qr_svg(url), content_type="image/svg+xml")


@blueprint.post("/places/<string(length=16):building>/code/rotations")
@needs(Permission.CODE_ROTATE)
@idempotent
@blueprint.response(201, StairwellCodeSchema)
def rotate(building: str) -> CodeView:
    """Replace the code: the old one is dark at once"""
    service.rotate_code(require_actor(), building, clock.now())
    return queries.code_of(require_actor(), building)


@blueprint.delete("/places/<string(length=16):building>/code")
@needs(Permission.CODE_ROTATE)
@blueprint.response(204)
def revoke(building: str) -> None:
    """Revoke the code without a new one"""
    service.revoke_code(require_actor(), building, clock.now())
