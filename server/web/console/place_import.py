"""地点的批量导入: a table of places, looked at first, then loaded all or nothing."""

from flask import Response

from server.core import clock
from server.core.access import needs, require_actor
from server.core.application import takes_up_to
from server.core.errors import Problem
from server.core.idempotency import idempotent
from server.places import service
from server.rules.permissions import Permission
from server.web.console import blueprint
from server.web.console.forms import Form, done, show
from server.web.console.imports import TABLE_MEGABYTES, sent_table


@blueprint.get("/places/import")
@needs(Permission.PLACE_IMPORT)
def place_import() -> Response:
    """The form."""
    return show("place_import.html", report=None)


@blueprint.post("/places/import")
@needs(Permission.PLACE_IMPORT)
@takes_up_to(TABLE_MEGABYTES)
@idempotent
def import_places() -> Response:
    """Look at a table, or load the one that was looked at."""
    form = Form.sent()
    try:
        table = sent_table()
        report = service.import_table(
            table.stream, table.filename, clock.now(), actor=require_actor(), dry_run=not table.load
        )
    except Problem as problem:
        return show("place_import.html", form.refused(problem), report=None)
    if report.done:
        return done("imported", "places")
    return show("place_import.html", report=report, table=table)
