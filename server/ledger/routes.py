"""台账: the ledger as a file, its figures, and the templates of replies."""

from typing import Any
from urllib.parse import quote

from flask import Response

from server.core import clock, etags
from server.core.access import needs, require_actor
from server.core.api import Blueprint
from server.core.application import leaves_a_trace
from server.core.idempotency import idempotent
from server.ledger import queries, service
from server.ledger.schemas import (
    FiguresQuery,
    FiguresSchema,
    NewTemplateSchema,
    TemplateFields,
    TemplateSchema,
    TemplatesSchema,
)
from server.rules.figures import DEFINITIONS
from server.rules.permissions import Permission

blueprint = Blueprint("ledger", __name__, description="台账")

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILE = {"type": "string", "format": "binary"}
ETAG = {"ETag": {"schema": {"type": "string"}}}


def excel(name: str, data: bytes) -> Response:
    """An Excel file to keep."""
    response = Response(data, content_type=XLSX)
    response.headers["Content-Disposition"] = f"attachment; filename=ledger.xlsx; filename*=UTF-8''{quote(name)}"
    return response


@blueprint.get("/figures")
@needs(Permission.FIGURE_READ)
@blueprint.arguments(FiguresQuery, location="query")
@blueprint.response(200, FiguresSchema)
def figures(query: dict[str, Any]) -> dict[str, Any]:
    """The figures of a place and a period, with what each of them says"""
    report = queries.report(require_actor(), now=clock.now(), **query)
    shown = {
        name: getattr(report, name) for name in ("place", "place_name", "period", "by", "whole", "levels", "parts")
    }
    return {**shown, "definitions": list(DEFINITIONS.values())}


@blueprint.get("/figures.xlsx")
@needs(Permission.FIGURE_READ)
@leaves_a_trace
@blueprint.arguments(FiguresQuery, location="query")
@blueprint.response(200, FILE, content_type=XLSX)
def figures_file(query: dict[str, Any]) -> Response:
    """The same as Excel; audited"""
    return excel(*service.export_figures(require_actor(), now=clock.now(), **query))


@blueprint.get("/reply-templates")
@needs(Permission.TEMPLATE_READ)
@blueprint.response(200, TemplatesSchema)
def templates() -> dict[str, Any]:
    """The templates I am offered: my office's, those above, and the shipped ones"""
    return {"items": queries.templates(require_actor())}


@blueprint.post("/reply-templates")
@needs(Permission.TEMPLATE_WRITE)
@idempotent
@blueprint.arguments(NewTemplateSchema)
@blueprint.response(201, TemplateSchema, headers=ETAG)
def write_template(body: dict[str, Any]) -> Any:
    """A new template for my office and whoever lies below"""
    return _shown(service.write_template(require_actor(), now=clock.now(), **body), 201)


@blueprint.get("/reply-templates/<string(maxlength=16):template>")
@needs(Permission.TEMPLATE_READ)
@blueprint.response(200, TemplateSchema, headers=ETAG)
def template(template: str) -> Any:
    """One template, with its ETag"""
    return _shown(queries.template(require_actor(), template))


@blueprint.put("/reply-templates/<string(length=16):template>")
@needs(Permission.TEMPLATE_WRITE)
@blueprint.arguments(TemplateFields)
@blueprint.response(200, TemplateSchema, headers=ETAG)
def change_template(body: dict[str, Any], template: str) -> Any:
    """Another title and text; takes If-Match"""
    return _shown(service.change_template(require_actor(), template, etags.expected_version(), now=clock.now(), **body))


def _shown(view: queries.TemplateView, status: int = 200) -> Any:
    return view, status, {"ETag": etags.tag(view.version)}


@blueprint.delete("/reply-templates/<string(length=16):template>")
@needs(Permission.TEMPLATE_WRITE)
@blueprint.response(204)
def close_template(template: str) -> None:
    """Offer it no longer; takes If-Match"""
    service.close_template(require_actor(), template, etags.expected_version(), clock.now())
