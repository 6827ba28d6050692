"""吹哨: calling departments to an issue, their answers, and the report on them."""

from typing import Any
from urllib.parse import quote

from flask import Response

from models.enums import Move
from server.core import clock
from server.core.access import needs, require_actor
from server.core.api import Blueprint
from server.core.idempotency import idempotent
from server.core.paging import Page
from server.issues import queries, service
from server.issues.queries import FiguresView, WhistleFilters, WhistleItem, WhistleView
from server.issues.whistle_schemas import (
    DepartmentReportSchema,
    FiguresQuery,
    RatingSchema,
    ReportBackSchema,
    SoundSchema,
    WhistlePageSchema,
    WhistleQuery,
    WhistleReasonSchema,
    WhistlesSchema,
    WordSchema,
)
from server.rules.calendar import Month
from server.rules.permissions import Permission
from server.rules.whistling import Said

blueprint = Blueprint("whistles", __name__, description="吹哨部门")

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ISSUE = "/issues/<string(length=16):issue>/whistles"
WHISTLE = "/whistles/<string(length=16):whistle>"


def _of(issue: str) -> dict[str, list[WhistleView]]:
    return {"items": queries.whistles_for_staff(require_actor(), issue, clock.now())}


def _answer(whistle: str, move: Move, said: Said) -> dict[str, list[WhistleView]]:
    return _of(service.answer_whistle(require_actor(), whistle, move, said, clock.now()))


@blueprint.get(ISSUE)
@needs(Permission.ISSUE_READ)
@blueprint.response(200, WhistlesSchema)
def whistles_of(issue: str) -> dict[str, list[WhistleView]]:
    """The departments called to an issue, and how they answered"""
    return _of(issue)


@blueprint.post(ISSUE)
@needs(Permission.ISSUE_WHISTLE)
@idempotent
@blueprint.arguments(SoundSchema)
@blueprint.response(201, WhistlesSchema)
def sound(body: dict[str, Any], issue: str) -> dict[str, list[WhistleView]]:
    """Call one or several departments (吹哨)"""
    called, reason, short = body["departments"], body["text"], body["short"]
    service.sound_whistle(require_actor(), issue, called, reason, clock.now(), short=short)
    return _of(issue)


@blueprint.get("/whistles")
@needs(Permission.ISSUE_LIST)
@blueprint.arguments(WhistleQuery, location="query")
@blueprint.response(200, WhistlePageSchema, ready=True)
def whistles(query: dict[str, Any]) -> Page[WhistleItem]:
    """The whistles in my places, newest first; a department's own"""
    return queries.whistles(require_actor(), WhistleFilters(**query), clock.now())


@blueprint.post(f"{WHISTLE}/sign-in")
@needs(Permission.ISSUE_SIGN_IN)
@idempotent
@blueprint.arguments(WordSchema)
@blueprint.response(200, WhistlesSchema)
def sign_in(body: dict[str, Any], whistle: str) -> dict[str, list[WhistleView]]:
    """We have seen it and are coming (签收)"""
    return _answer(whistle, Move.SIGN_IN, Said(**body))


@blueprint.post(f"{WHISTLE}/contact")
@needs(Permission.ISSUE_CONTACT)
@idempotent
@blueprint.arguments(WordSchema)
@blueprint.response(200, WhistlesSchema)
def contact(body: dict[str, Any], whistle: str) -> dict[str, list[WhistleView]]:
    """We have spoken with the reporter (联系)"""
    return _answer(whistle, Move.CONTACT, Said(**body))


@blueprint.post(f"{WHISTLE}/report-back")
@needs(Permission.ISSUE_REPORT_BACK)
@idempotent
@blueprint.arguments(ReportBackSchema)
@blueprint.response(200, WhistlesSchema)
def report_back(body: dict[str, Any], whistle: str) -> dict[str, list[WhistleView]]:
    """What we did, and when (反馈)"""
    return _answer(whistle, Move.REPORT_BACK, Said(**body))


@blueprint.post(f"{WHISTLE}/push-back")
@needs(Permission.ISSUE_PUSH_BACK)
@idempotent
@blueprint.arguments(WhistleReasonSchema)
@blueprint.response(200, WhistlesSchema)
def push_back(body: dict[str, Any], whistle: str) -> dict[str, list[WhistleView]]:
    """It is not ours, and why; counted (退回)"""
    return _answer(whistle, Move.PUSH_BACK, Said(**body))


@blueprint.post(f"{WHISTLE}/call-off")
@needs(Permission.ISSUE_WHISTLE)
@idempotent
@blueprint.arguments(WhistleReasonSchema)
@blueprint.response(200, WhistlesSchema)
def call_off(body: dict[str, Any], whistle: str) -> dict[str, list[WhistleView]]:
    """We take the whistle back, and why (撤销)"""
    return _answer(whistle, Move.CALL_OFF, Said(**body))


@blueprint.post(f"{WHISTLE}/urge")
@needs(Permission.ISSUE_URGE)
@idempotent
@blueprint.arguments(WordSchema)
@blueprint.response(200, WhistlesSchema)
def urge(body: dict[str, Any], whistle: str) -> dict[str, list[WhistleView]]:
    """We are still waiting (催办); not twice within hours"""
    return _answer(whistle, Move.URGE, Said(**body))


@blueprint.post(f"{WHISTLE}/rating")
@needs(Permission.ISSUE_RATE_DEPARTMENT)
@idempotent
@blueprint.arguments(RatingSchema)
@blueprint.response(200, WhistlesSchema)
def rate(body: dict[str, Any], whistle: str) -> dict[str, list[WhistleView]]:
    """How the department did (评价); may be corrected for seven days"""
    return _answer(whistle, Move.RATE_DEPARTMENT, Said(**body))


@blueprint.get("/whistles/figures")
@needs(Permission.DEPARTMENT_READ)
@blueprint.arguments(FiguresQuery, location="query")
@blueprint.response(200, DepartmentReportSchema)
def figures(query: dict[str, Month]) -> FiguresView:
    """The report on departments: a month's figures with their definitions"""
    return queries.department_figures(require_actor(), query["month"], clock.now())


@blueprint.get("/whistles/figures.xlsx")
@needs(Permission.DEPARTMENT_READ)
@blueprint.arguments(FiguresQuery, location="query")
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type=XLSX)
def figures_file(query: dict[str, Month]) -> Response:
    """The same as Excel"""
    return figures_response(query["month"])


def figures_response(month: Month) -> Response:
    """The report as a file to download, named in Chinese."""
    name, data = service.department_figures_file(require_actor(), month, clock.now())
    response = Response(data, content_type=XLSX)
    response.headers["Content-Disposition"] = f"attachment; filename=departments.xlsx; filename*=UTF-8''{quote(name)}"
    return response
