"""得分: months from draft to publication, rankings, scores line by line with their evidence, deductions."""

from typing import Any
from urllib.parse import quote

from flask import Response

from server.core import clock
from server.core.access import needs, require_actor
from server.core.api import Blueprint
from server.core.application import leaves_a_trace
from server.core.idempotency import idempotent
from server.core.months import in_path
from server.core.paging import Page
from server.rules.calendar import month_of
from server.rules.permissions import Permission
from server.scores import queries, service
from server.scores.queries import BuildingScoreView, DeductionView, EvidencePage, MonthView, RankingView
from server.scores.schemas import (
    BuildingScoreSchema,
    CancelSchema,
    CorrectSchema,
    DeductionInSchema,
    DeductionPageSchema,
    DeductionSchema,
    DeductionsQuery,
    EvidencePageSchema,
    EvidenceQuery,
    MineQuery,
    MonthPageSchema,
    MonthsQuery,
    MovedSchema,
    RankingSchema,
    ReviewsSchema,
    VersionQuery,
)

blueprint = Blueprint("scores", __name__, description="得分")

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MONTH = "/months/<string(length=7):month>/communities/<string(length=16):community>"


@blueprint.get("/months")
@needs(Permission.MONTH_READ)
@blueprint.arguments(MonthsQuery, location="query")
@blueprint.response(200, MonthPageSchema)
def months(query: dict[str, Any]) -> Page[MonthView]:
    """Months in my scope, newest first; drafts only for the office"""
    return queries.months_of(require_actor(), query["community"], query["month"], query["cursor"], query["limit"])


@blueprint.get(MONTH)
@needs(Permission.RANKING_READ)
@blueprint.arguments(VersionQuery, location="query")
@blueprint.response(200, RankingSchema)
def ranking(query: dict[str, Any], month: str, community: str) -> RankingView:
    """A community's month and its ranking; heads see their own community's from the notice on"""
    return queries.ranking(require_actor(), in_path(month), community, query["version"])


@blueprint.post(f"{MONTH}/close")
@needs(Permission.MONTH_CLOSE)
@idempotent
@blueprint.response(200, MovedSchema)
def close(month: str, community: str) -> dict[str, Any]:
    """Draft a month that is over"""
    return _moved(service.close(require_actor(), in_path(month), community, clock.now()))


@blueprint.post(f"{MONTH}/redraft")
@needs(Permission.MONTH_CLOSE)
@idempotent
@blueprint.response(200, MovedSchema)
def redraft(month: str, community: str) -> dict[str, Any]:
    """Reckon a draft again"""
    return _moved(service.redraft(require_actor(), in_path(month), community, clock.now()))


@blueprint.post(f"{MONTH}/notice")
@needs(Permission.MONTH_OPEN_NOTICE)
@idempotent
@blueprint.response(200, MovedSchema)
def open_notice(month: str, community: str) -> dict[str, Any]:
    """Open the public notice of five working days"""
    return _moved(service.open_notice(require_actor(), in_path(month), community, clock.now()))


@blueprint.post(f"{MONTH}/seal")
@needs(Permission.MONTH_SEAL)
@idempotent
@blueprint.response(200, MovedSchema)
def seal(month: str, community: str) -> dict[str, Any]:
    """Seal the month after its notice, by a second person"""
    return _moved(service.seal(require_actor(), in_path(month), community, clock.now()))


@blueprint.post(f"{MONTH}/publish")
@needs(Permission.MONTH_PUBLISH)
@idempotent
@blueprint.response(200, MovedSchema)
def publish(month: str, community: str) -> dict[str, Any]:
    """Publish a sealed month; every head hears of it"""
    return _moved(service.publish(require_actor(), in_path(month), community, clock.now()))


@blueprint.post(f"{MONTH}/correct")
@needs(Permission.MONTH_CLOSE)
@idempotent
@blueprint.arguments(CorrectSchema)
@blueprint.response(200, MovedSchema)
def correct(body: dict[str, str], month: str, community: str) -> dict[str, Any]:
    """Begin the correction of a sealed month: its next version, as a draft; this one stays and counts meanwhile"""
    return _moved(service.correct(require_actor(), in_path(month), community, body["reason"], clock.now()))


@blueprint.get(f"{MONTH}/buildings/<string(length=16):building>")
@needs(Permission.RANKING_READ)
@blueprint.arguments(VersionQuery, location="query")
@blueprint.response(200, BuildingScoreSchema)
def building_score(query: dict[str, Any], month: str, community: str, building: str) -> BuildingScoreView:
    """A building's score line by line, for the office and for its own head"""
    return queries.building_score(require_actor(), in_path(month), community, building, query["version"])


@blueprint.get(f"{MONTH}/buildings/<string(length=16):building>/evidence/<string(maxlength=24):component>")
@needs(Permission.RANKING_READ)
@blueprint.arguments(EvidenceQuery, location="query")
@blueprint.response(200, EvidencePageSchema)
def evidence(query: dict[str, Any], month: str, community: str, building: str, component: str) -> EvidencePage:
    """The rows behind a score line"""
    return queries.evidence(
        require_actor(),
        in_path(month),
        community,
        building,
        component,
        query["cursor"],
        query["limit"],
        query["version"],
    )


@blueprint.get(f"{MONTH}/reviews")
@needs(Permission.REVIEW_READ)
@blueprint.response(200, ReviewsSchema)
def reviews(month: str, community: str) -> dict[str, Any]:
    """Buildings last for three sealed months: the reviews the rule asks for, for the staff who decide"""
    return {"items": queries.reviews(require_actor(), in_path(month), community, clock.now())}


@blueprint.get(f"{MONTH}/export.xlsx")
@needs(Permission.RANKING_EXPORT)
@leaves_a_trace
@blueprint.arguments(VersionQuery, location="query")
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type=XLSX)
def export(query: dict[str, Any], month: str, community: str) -> Response:
    """The ranking as Excel, buildings only; audited"""
    name, data = service.export_ranking(require_actor(), in_path(month), community, clock.now(), query["version"])
    response = Response(data, content_type=XLSX)
    response.headers["Content-Disposition"] = f"attachment; filename=ranking.xlsx; filename*=UTF-8''{quote(name)}"
    return response


@blueprint.get("/scores/mine")
@needs(Permission.SCORE_READ_OWN)
@blueprint.arguments(MineQuery, location="query")
@blueprint.response(200, BuildingScoreSchema)
def mine(query: dict[str, Any]) -> BuildingScoreView:
    """My building's latest month, line by line"""
    return queries.mine(require_actor(), **query)


@blueprint.get("/deductions")
@needs(Permission.DEDUCTION_WRITE)
@blueprint.arguments(DeductionsQuery, location="query")
@blueprint.response(200, DeductionPageSchema)
def deductions(query: dict[str, Any]) -> Page[DeductionView]:
    """A month's deductions, newest first"""
    month = query["month"] or month_of(clock.now())
    return queries.deductions(require_actor(), month, query["building"], query["cursor"], query["limit"])


@blueprint.post("/deductions")
@needs(Permission.DEDUCTION_WRITE)
@idempotent
@blueprint.arguments(DeductionInSchema)
@blueprint.response(201, DeductionSchema)
def enter_deduction(body: dict[str, Any]) -> DeductionView:
    """Take points off a building's month"""
    return service.enter_deduction(require_actor(), **body, now=clock.now())


@blueprint.post("/deductions/<string(length=16):deduction>/cancel")
@needs(Permission.DEDUCTION_WRITE)
@idempotent
@blueprint.arguments(CancelSchema)
@blueprint.response(200, DeductionSchema)
def cancel_deduction(body: dict[str, str], deduction: str) -> DeductionView:
    """Take a deduction back"""
    return service.cancel_deduction(require_actor(), deduction, body["reason"], clock.now())


def _moved(done: tuple[MonthView, str]) -> dict[str, Any]:
    month, message = done
    return {"month": month, "message": message}
