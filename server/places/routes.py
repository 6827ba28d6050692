"""地点: the place tree, its import, and the codes on stairwell doors."""

from typing import Any
from urllib.parse import quote

from flask import Response

from server.core import clock, etags
from server.core.access import needs, open_to_all, require_actor
from server.core.api import Blueprint
from server.core.application import takes_up_to
from server.core.errors import FieldError, Problem
from server.core.idempotency import idempotent
from server.core.limits import slowed
from server.core.paging import Page
from server.core.schemas import PageQuery
from server.places import queries, service
from server.places.queries import CodeView, PastCode, PlaceItem, Scanned
from server.places.schemas import (
    CodeRevocationQuery,
    CodeRevocationSchema,
    CodeRotationSchema,
    NewPlaceSchema,
    PastCodePageSchema,
    PlaceChangeSchema,
    PlaceImportReportSchema,
    PlaceImportSchema,
    PlacePageSchema,
    PlaceQuery,
    PlaceSchema,
    PosterQuery,
    ScannedSchema,
    StairwellCodeSchema,
)
from server.places.service import ImportReport, Size
from server.rules import allowances
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
@blueprint.arguments(CodeRotationSchema)
@blueprint.response(201, StairwellCodeSchema)
def rotate(body: dict[str, Any], building: str) -> CodeView:
    """Replace the code: the old one is dark at once"""
    service.rotate_code(require_actor(), building, clock.now(), **body)
    return queries.code_of(require_actor(), building)


@blueprint.post("/places/<string(length=16):building>/code/revocations")
@needs(Permission.CODE_ROTATE)
@idempotent
@blueprint.arguments(CodeRevocationSchema)
@blueprint.response(204)
def revoke(body: dict[str, Any], building: str) -> None:
    """Revoke the code without a new one"""
    service.revoke_code(require_actor(), building, clock.now(), **body)


@blueprint.delete("/places/<string(length=16):building>/code")
@needs(Permission.CODE_ROTATE)
@blueprint.arguments(CodeRevocationQuery, location="query")
@blueprint.response(204)
def delete_code(query: dict[str, Any], building: str) -> None:
    """Revoke the code without a new one and without a note"""
    service.revoke_code(require_actor(), building, clock.now(), **query)


@blueprint.get("/places/<string(length=16):building>/codes")
@needs(Permission.CODE_READ)
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, PastCodePageSchema)
def codes(query: dict[str, Any], building: str) -> Page[PastCode]:
    """The codes a building has had, the newest first: from when to when, and why no longer"""
    return queries.codes_of(require_actor(), building, **query)


@blueprint.get("/places/<string(length=16):place>/posters.pdf")
@needs(Permission.CODE_READ)
@blueprint.arguments(PosterQuery, location="query")
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf")
def posters(query: dict[str, Any], place: str) -> Response:
    """Posters to print: of a building, or of every open building below an estate, grid or community"""
    return poster_file(place, query["size"])


def poster_file(place: str, size: Size) -> Response:
    """The posters as a file to download, named in Chinese."""
    name, content = service.print_posters(require_actor(), place, size, clock.now())
    response = Response(content, content_type="application/pdf")
    response.headers["Content-Disposition"] = f"attachment; filename=posters-{size}.pdf; filename*=UTF-8''{quote(name)}"
    return response


@blueprint.get("/codes/<string(maxlength=24):code>")
@open_to_all("whoever scanned the code stands before the building")
@slowed(allowances.READING)
@blueprint.response(200, ScannedSchema)
def scanned(code: str) -> Scanned:
    """Which building a stairwell code belongs to; 410 for one that no longer works"""
    return queries.scanned(code)
