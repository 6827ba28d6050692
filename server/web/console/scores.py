"""得分: a building's month line by line, what each line rests on, and the ranking as Excel."""

from flask import Response, request

from models.enums import Component
from server.core import clock
from server.core.access import needs, require_actor
from server.core.application import leaves_a_trace
from server.core.months import in_path
from server.rules.calendar import Month, show_month
from server.rules.permissions import Permission
from server.scores import queries, service
from server.scores.queries import EvidenceItem
from server.scores.schemas import EvidenceQuery, VersionQuery
from server.web.console import blueprint
from server.web.console.buildings import names_inside
from server.web.console.forms import load_query, show
from server.web.console.imports import excel
from server.web.console.months import MONTH

BUILDING = f"{MONTH}/<string(length=16):building>"


@blueprint.get(BUILDING)
@needs(Permission.RANKING_READ)
def score(month: str, community: str, building: str) -> Response:
    """A building's month, line by line."""
    actor = require_actor()
    version = load_query(VersionQuery)["version"]
    view = queries.building_score(actor, in_path(month), community, building, version)
    name = names_inside([building])[building]
    return show("score.html", score=view, name=name, community=community, month=view.month.month, version=version)


@blueprint.get(f"{BUILDING}/<string(maxlength=20):component>")
@needs(Permission.RANKING_READ)
def evidence(month: str, community: str, building: str, component: str) -> Response:
    """The rows behind a line."""
    actor, number, query = require_actor(), in_path(month), load_query(EvidenceQuery)
    page = queries.evidence(
        actor, number, community, building, component, query["cursor"], query["limit"], query["version"]
    )
    view = queries.building_score(actor, number, community, building, query["version"])
    line = next((line for line in view.lines if line.component == component), None)
    part = next(each for each in Component if each == component)  # evidence() has answered 404 for any other word
    links = [(item, _page_of(item, part, number, building)) for item in page.items]
    name = names_inside([building])[building]
    return show(
        "evidence.html",
        score=view,
        line=line,
        component=part,
        links=links,
        page=page,
        name=name,
        community=community,
        month=number,
        version=query["version"],
        filters={"cursor": request.args.get("cursor"), "version": query["version"]},
    )


def _page_of(
    item: EvidenceItem, component: Component, month: Month, building: str
) -> tuple[str, dict[str, str]] | None:
    """The console's page of a thing, as endpoint and values."""
    match component:
        case Component.CASE_HANDLING if item.id:
            return "console.issue", {"issue": item.id}
        case Component.STAR_BOOK:
            return "console.inspection", {"month": show_month(month), "building": building}
        case Component.DUTIES if item.id:
            return "console.duty_record", {"record": item.id}
        case _:
            return None


@blueprint.get(f"{MONTH}/export")
@needs(Permission.RANKING_EXPORT)
@leaves_a_trace
def export_ranking(month: str, community: str) -> Response:
    """The ranking as Excel, buildings only; audited."""
    version = load_query(VersionQuery)["version"]
    name, data = service.export_ranking(require_actor(), in_path(month), community, clock.now(), version)
    return excel(data, name.removesuffix(".xlsx"))
