"""户: doors, who lives behind them, moving out, and opening one field with a reason."""

from typing import Any

from flask import Response

from server.core import clock, etags
from server.core.access import needs, require_actor
from server.core.api import Blueprint
from server.core.application import leaves_a_trace, takes_up_to
from server.core.errors import FieldError, Problem
from server.core.idempotency import idempotent
from server.core.masking import Kind
from server.core.paging import Page
from server.households import queries, service
from server.households.queries import HouseholdView
from server.households.schemas import (
    ExportQuery,
    HouseholdChangeSchema,
    HouseholdImportReportSchema,
    HouseholdImportSchema,
    HouseholdPageSchema,
    HouseholdQuery,
    HouseholdSchema,
    NewHouseholdSchema,
    NewResidentSchema,
    ResidentChangeSchema,
    ResidentRevealSchema,
    RevealedFieldSchema,
)
from server.households.service import ImportReport, NewResident
from server.rules.permissions import Permission

blueprint = Blueprint("households", __name__, description="住户")

ETAG = {"ETag": {"schema": {"type": "string"}}}
TABLE_MEGABYTES = 20
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@blueprint.get("/households")
@needs(Permission.HOUSEHOLD_READ)
@blueprint.arguments(HouseholdQuery, location="query")
@blueprint.response(200, HouseholdPageSchema)
def households(query: dict[str, Any]) -> Page[HouseholdView]:
    """Households in my places in the order of their doors; searched by door, name, pinyin letters or phone"""
    return queries.page(require_actor(), **query)


@blueprint.post("/households")
@needs(Permission.HOUSEHOLD_WRITE)
@idempotent
@blueprint.arguments(NewHouseholdSchema)
@blueprint.response(201, HouseholdSchema, headers=ETAG)
def register(body: dict[str, Any]) -> Any:
    """Register a door and who lives there"""
    residents = [NewResident(**resident) for resident in body.pop("residents")]
    return _shown(service.register(require_actor(), **body, residents=residents, now=clock.now()), 201)


@blueprint.get("/households/<string(length=16):household>")
@needs(Permission.HOUSEHOLD_READ)
@blueprint.response(200, HouseholdSchema, headers=ETAG)
def household(household: str) -> Any:
    """One household"""
    return _shown(household)


@blueprint.patch("/households/<string(length=16):household>")
@needs(Permission.HOUSEHOLD_WRITE)
@blueprint.arguments(HouseholdChangeSchema)
@blueprint.response(200, HouseholdSchema, headers=ETAG)
def correct(body: dict[str, Any], household: str) -> Any:
    """Correct unit, door or tenancy; takes If-Match"""
    service.correct(require_actor(), household, etags.expected_version(), body, clock.now())
    return _shown(household)


@blueprint.post("/households/<string(length=16):household>/residents")
@needs(Permission.HOUSEHOLD_WRITE)
@idempotent
@blueprint.arguments(NewResidentSchema)
@blueprint.response(201, HouseholdSchema, headers=ETAG)
def add_resident(body: dict[str, Any], household: str) -> Any:
    """Register one more resident; a new contact takes the place of the old one"""
    service.add_resident(require_actor(), household, NewResident(**body), clock.now())
    return _shown(household, 201)


@blueprint.patch("/residents/<string(length=16):resident>")
@needs(Permission.HOUSEHOLD_WRITE)
@blueprint.arguments(ResidentChangeSchema)
@blueprint.response(200, HouseholdSchema, headers=ETAG)
def correct_resident(body: dict[str, Any], resident: str) -> Any:
    """Correct one resident; takes If-Match with the household's version"""
    return _shown(service.correct_resident(require_actor(), resident, etags.expected_version(), body, clock.now()))


@blueprint.post("/residents/<string(length=16):resident>/move-out")
@needs(Permission.HOUSEHOLD_WRITE)
@idempotent
@blueprint.response(200, HouseholdSchema, headers=ETAG)
def move_out(resident: str) -> Any:
    """One resident moves out; with the last one the door is vacant"""
    return _shown(service.move_out(require_actor(), resident, clock.now()))


@blueprint.post("/households/<string(length=16):household>/move-out")
@needs(Permission.HOUSEHOLD_WRITE)
@idempotent
@blueprint.response(200, HouseholdSchema, headers=ETAG)
def move_out_all(household: str) -> Any:
    """Everybody moves out: the door stays, vacant"""
    service.move_out_all(require_actor(), household, clock.now())
    return _shown(household)


# Not repeatable by key, on purpose: each opening is a line in the trail, and no opened value is kept to answer again.
@blueprint.post("/residents/<string(length=16):resident>/reveal")
@needs(Permission.HOUSEHOLD_REVEAL)
@blueprint.arguments(ResidentRevealSchema)
@blueprint.response(200, RevealedFieldSchema)
def reveal(body: dict[str, Any], resident: str) -> dict[str, str | Kind]:
    """Open one field of one resident, with a reason; audited"""
    value = service.reveal(require_actor(), resident, body["field"], body["reason"], clock.now())
    return {"field": body["field"], "value": value}


@blueprint.post("/households/import")
@needs(Permission.HOUSEHOLD_WRITE)
@takes_up_to(TABLE_MEGABYTES)
@idempotent
@blueprint.arguments(HouseholdImportSchema, location="multipart")
@blueprint.response(200, HouseholdImportReportSchema)
def import_table(form: dict[str, Any]) -> ImportReport:
    """Import a table of households: all or nothing, and by default only a rehearsal"""
    file = form["file"]
    report = service.import_table(
        require_actor(),
        file.stream,
        file.filename or "",
        clock.now(),
        building=form["building"],
        dry_run=form["dry_run"],
    )
    if report.error_count and not report.dry_run:
        errors = tuple(FieldError(f"rows.{e.line}.{e.column}", e.reason) for e in report.errors)
        detail = f"有 {report.error_count} 处不能导入，一行也没有导入。请改好后重新上传。"
        raise Problem(422, "rows_refused", detail, errors=errors)
    return report


@blueprint.get("/households/export")
@needs(Permission.HOUSEHOLD_EXPORT)
@leaves_a_trace
@blueprint.arguments(ExportQuery, location="query")
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type=XLSX)
def export(query: dict[str, Any]) -> Response:
    """The register as Excel, masked; audited"""
    data = service.workbook(require_actor(), query["place"], clock.now())
    response = Response(data, content_type=XLSX)
    response.headers["Content-Disposition"] = (
        "attachment; filename=households.xlsx; filename*=UTF-8''%E4%BD%8F%E6%88%B7%E5%90%8D%E5%86%8C.xlsx"
    )
    return response


def _shown(household: str, status: int = 200) -> Any:
    view = queries.detail(require_actor(), household)
    return view, status, {"ETag": etags.tag(view.version)}
