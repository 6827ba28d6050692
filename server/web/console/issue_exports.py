"""导出: the ledger as Excel by the filters of the page one came from."""

from datetime import date, datetime
from typing import Any

from flask import Response, request

from server.core import clock
from server.core.access import needs, require_actor
from server.core.application import leaves_a_trace
from server.core.errors import Problem
from server.issues import service
from server.issues.list_schemas import ExportQuery, ExportTextQuery
from server.issues.queries import Filters
from server.rules.calendar import SHANGHAI
from server.rules.permissions import Permission
from server.web.console import blueprint
from server.web.console.forms import Form, load_query, show
from server.web.console.imports import excel


@blueprint.get("/issues/export")
@needs(Permission.ISSUE_EXPORT)
def issue_export() -> Response:
    """What will be in the file, and the two buttons."""
    return _page(Form())


def _page(form: Form) -> Response:
    kept = {
        name: value
        for name, value in request.args.items()
        if value.strip() and name not in ("reason", "cursor", "limit")
    }
    return show("issue_export.html", form, query=kept)


@blueprint.get("/issues/export.xlsx")
@needs(Permission.ISSUE_EXPORT)
@leaves_a_trace
def issue_export_file() -> Response:
    """The file without residents' words; audited."""
    return _file(ExportQuery)


@blueprint.get("/issues/export-with-text.xlsx")
@needs(Permission.ISSUE_EXPORT_TEXT)
@leaves_a_trace
def issue_export_with_text() -> Response:
    """The file with them, for a reason; audited."""
    return _file(ExportTextQuery, with_words=True)


def _file(schema: Any, *, with_words: bool = False) -> Response:
    now = clock.now()
    try:
        query = load_query(schema)
        reason = query.pop("reason", "")
        data = service.export_issues(require_actor(), Filters(**query), now, with_words=with_words, reason=reason)
    except Problem as problem:
        return _page(Form("text" if with_words else "plain").refused(problem))
    return excel(data, f"诉求台账{'（带原文）' if with_words else ''}-{_day(now)}")


def _day(now: datetime) -> date:
    return now.astimezone(SHANGHAI).date()
