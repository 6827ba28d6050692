"""办理情况: the figures of a place and a period on a page, each beside what it says, and as Excel."""

from typing import Any

from flask import Response, request

from models.enums import PlaceKind
from server.core import clock
from server.core.access import needs, require_actor
from server.core.application import leaves_a_trace
from server.core.errors import Problem
from server.ledger import queries, service
from server.ledger.queries import Report
from server.ledger.schemas import FiguresQuery
from server.rules.calendar import month_of, previous, say_month, show_month
from server.rules.figures import DEFINITIONS, THIN, Key, say_span
from server.rules.permissions import Permission
from server.web.console import blueprint
from server.web.console.forms import Form, load_query, show
from server.web.console.imports import excel

MONTHS = 12


@blueprint.get("/issues/figures")
@needs(Permission.FIGURE_READ)
def figures() -> Response:
    """The page."""
    actor, now, form = require_actor(), clock.now(), Form()
    report: Report | None = None
    try:
        report = queries.report(actor, now=now, **load_query(FiguresQuery))
    except Problem as problem:
        form = form.refused(problem)
    kept = {name: value for name, value in request.args.items() if value.strip()}
    return show(
        "figures.html",
        form,
        report=report,
        query=kept,
        months=_months(month_of(now)),
        places=_places(report),
        kinds=(PlaceKind.BUILDING, PlaceKind.GRID),
        definitions=DEFINITIONS,
        keys=list(Key),
        thin=THIN,
        span=say_span,
    )


def _months(this: int) -> list[tuple[str, str]]:
    found = [this]
    while len(found) < MONTHS:
        found.append(previous(found[-1]))
    return [(show_month(month), say_month(month)) for month in found]


def _places(report: Report | None) -> list[tuple[str, str]]:
    """My posts' places, the place that is shown, and what lies below it."""
    found = {
        post.place: post.place_name
        for post in require_actor().posts_granting(Permission.FIGURE_READ)
        if post.kind is not PlaceKind.BUILDING
    }
    if report is not None:
        found[report.place] = report.place_name
        found |= {part.id: part.name for part in report.parts if part.id is not None}
    return list(found.items())


@blueprint.get("/issues/figures.xlsx")
@needs(Permission.FIGURE_READ)
@leaves_a_trace
def figures_file() -> Response:
    """The same as Excel, audited."""
    query: dict[str, Any] = load_query(FiguresQuery)
    name, data = service.export_figures(require_actor(), now=clock.now(), **query)
    return excel(data, name.removesuffix(".xlsx"))
