"""诉求台账 as a file: by the ledger's filters, with or without residents' words."""

from typing import Any
from urllib.parse import quote

from flask import Response

from server.core import clock
from server.core.access import needs, require_actor
from server.core.api import Blueprint
from server.core.application import leaves_a_trace
from server.issues import service
from server.issues.list_schemas import ExportQuery, ExportTextQuery
from server.issues.queries import Filters
from server.rules.permissions import Permission

blueprint = Blueprint("issue_exports", __name__, description="诉求")

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILE = {"type": "string", "format": "binary"}


def _excel(name: str, data: bytes) -> Response:
    response = Response(data, content_type=XLSX)
    response.headers["Content-Disposition"] = f"attachment; filename=ledger.xlsx; filename*=UTF-8''{quote(name)}"
    return response


@blueprint.get("/issues/export.xlsx")
@needs(Permission.ISSUE_EXPORT)
@leaves_a_trace
@blueprint.arguments(ExportQuery, location="query")
@blueprint.response(200, FILE, content_type=XLSX)
def export(query: dict[str, Any]) -> Response:
    """The ledger as Excel: no words of residents, nothing personal; audited"""
    return _excel("诉求台账.xlsx", service.export_issues(require_actor(), Filters(**query), clock.now()))


@blueprint.get("/issues/export-with-text.xlsx")
@needs(Permission.ISSUE_EXPORT_TEXT)
@leaves_a_trace
@blueprint.arguments(ExportTextQuery, location="query")
@blueprint.response(200, FILE, content_type=XLSX)
def export_with_text(query: dict[str, Any]) -> Response:
    """The same with what was reported and what was done, for a reason; audited"""
    reason = query.pop("reason")
    data = service.export_issues(require_actor(), Filters(**query), clock.now(), with_words=True, reason=reason)
    return _excel("诉求台账（带原文）.xlsx", data)
