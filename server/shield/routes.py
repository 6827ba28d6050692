"""上报人保护: seeing who a hidden reporter is takes two people; reporters see who looked."""

from typing import Any

from server.core import clock
from server.core.access import needs, open_to_all, require_actor
from server.core.api import Blueprint
from server.core.idempotency import idempotent
from server.core.limits import slowed
from server.core.paging import Page
from server.rules import allowances
from server.rules.permissions import Permission
from server.shield import queries, service
from server.shield.queries import OpeningView, ShieldView
from server.shield.schemas import (
    AskSchema,
    DecideOpeningSchema,
    OpeningPageSchema,
    OpeningQuery,
    OpeningSchema,
    OpeningsSchema,
    ReporterSchema,
    ShieldSchema,
)
from server.shield.service import Reporter

blueprint = Blueprint("shield", __name__, description="上报人保护")


@blueprint.get("/openings")
@needs(Permission.REPORTER_DECIDE)
@blueprint.arguments(OpeningQuery, location="query")
@blueprint.response(200, OpeningPageSchema)
def openings(query: dict[str, Any]) -> Page[OpeningView]:
    """Requests to see a hidden reporter that wait for a second person; with ?waiting=false those decided"""
    return queries.openings(require_actor(), **query)


@blueprint.get("/issues/<string(length=16):issue>/openings")
@needs(Permission.REPORTER_ASK)
@blueprint.response(200, OpeningsSchema)
def of_issue(issue: str) -> dict[str, list[OpeningView]]:
    """The requests about one issue"""
    return {"items": queries.of_issue(require_actor(), issue)}


@blueprint.post("/issues/<string(length=16):issue>/openings")
@needs(Permission.REPORTER_ASK)
@idempotent
@blueprint.arguments(AskSchema)
@blueprint.response(201, OpeningSchema)
def ask(body: dict[str, str], issue: str) -> OpeningView:
    """Ask to see who reported it, with a reason the reporter will read"""
    return service.ask(require_actor(), issue, body["reason"], clock.now())


@blueprint.post("/openings/<string(length=16):opening>/decide")
@needs(Permission.REPORTER_DECIDE)
@idempotent
@blueprint.arguments(DecideOpeningSchema)
@blueprint.response(200, OpeningSchema)
def decide(body: dict[str, Any], opening: str) -> OpeningView:
    """Grant or refuse what a colleague asked for; a granted reporter is told at once"""
    return service.decide(require_actor(), opening, **body, now=clock.now())


@blueprint.post("/openings/<string(length=16):opening>/look")
@needs(Permission.REPORTER_ASK)
@blueprint.response(200, ReporterSchema)
def look(opening: str) -> Reporter:
    """See who it is: only whoever asked, within 24 hours of the grant; each time is audited"""
    return service.look(require_actor(), opening, clock.now())


@blueprint.get("/my/issues/<string(length=16):issue>/shield")
@needs(Permission.ISSUE_READ_OWN)
@blueprint.response(200, ShieldSchema)
def of_mine(issue: str) -> ShieldView:
    """What is kept of me with this report, and who opened it"""
    return queries.for_reporter(require_actor(), issue)


@blueprint.get("/claims/<string(maxlength=20):claim>/shield")
@open_to_all("whoever holds the claim code is the reporter")
@slowed(allowances.CLAIM_GUESSES)
@blueprint.response(200, ShieldSchema)
def of_claimed(claim: str) -> ShieldView:
    """The same for the report a claim code belongs to"""
    return queries.for_claim(claim)
