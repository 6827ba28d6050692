"""住户名册的导入和导出."""

from flask import Response, request

from server.core import clock
from server.core.access import needs, require_actor
from server.core.application import leaves_a_trace, takes_up_to
from server.core.errors import Problem
from server.core.idempotency import idempotent
from server.households import exporting, importing
from server.households.schemas import ExportQuery
from server.rules.permissions import Permission
from server.web.console import blueprint
from server.web.console.buildings import options
from server.web.console.forms import Form, done, load_query, show
from server.web.console.imports import TABLE_MEGABYTES, excel, sent_table


@blueprint.get("/households/import")
@needs(Permission.HOUSEHOLD_WRITE)
def household_import() -> Response:
    """The form."""
    return _page(Form.filled({"building": request.args.get("building", "")}))


def _page(form: Form, **context: object) -> Response:
    buildings = options(require_actor(), Permission.HOUSEHOLD_WRITE)
    return show("household_import.html", form, buildings=buildings, **context)


@blueprint.post("/households/import")
@needs(Permission.HOUSEHOLD_WRITE)
@takes_up_to(TABLE_MEGABYTES)
@idempotent
def import_households() -> Response:
    """Look at a table, or load the one that was looked at."""
    form = Form.sent()
    building = form.value("building") or None
    try:
        table = sent_table()
        report = importing.import_table(
            require_actor(), table.stream, table.filename, clock.now(), building=building, dry_run=not table.load
        )
    except Problem as problem:
        return _page(form.refused(problem))
    if report.done:
        return done("imported", "households", building=building)
    return _page(form, report=report, table=table)


@blueprint.get("/households/export")
@needs(Permission.HOUSEHOLD_EXPORT)
@leaves_a_trace
def export_households() -> Response:
    """The register as Excel, masked; audited."""
    place = load_query(ExportQuery)["place"]
    return excel(exporting.workbook(require_actor(), place, clock.now()), "住户名册")
