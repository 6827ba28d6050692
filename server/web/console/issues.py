"""诉求台账: the list with its filters, and one issue with its timeline and a form for each move that is possible."""

from datetime import datetime
from typing import Any

from flask import Response

from models.enums import Anonymity, IssueCategory, Level, Move, Satisfaction, Triage
from server.core import clock
from server.core.access import Actor, needs, require_actor
from server.issues import queries
from server.issues.queries import Filters, IssueItem, IssueView
from server.issues.schemas import IssueQuery
from server.places import queries as places
from server.rules.calendar import SHANGHAI
from server.rules.permissions import Permission
from server.shield import queries as shield
from server.shield.queries import OpeningView
from server.web.console import blueprint
from server.web.console.buildings import named, options
from server.web.console.called import on_issue
from server.web.console.forms import Form, load_query, show

JOINABLE_MOST = 50
# Moves whose forms have names of their own.
FORMS = {Move.RATE: ("visit",), Move.CONTACT: ("contacted",), Move.ASSIGN: ("assign", "hand_over")}


@blueprint.get("/issues")
@needs(Permission.ISSUE_LIST)
def issues() -> Response:
    """The ledger, newest first."""
    query = load_query(IssueQuery)
    actor = require_actor()
    page = queries.page_for_staff(actor, Filters(**query))
    kept = {name: value for name, value in query.items() if value is not None and name != "limit"}
    buildings = options(actor, Permission.ISSUE_LIST)
    return show(
        "issues.html",
        page=page,
        query=kept,
        categories=IssueCategory,
        levels=Level,
        buildings=buildings,
        names=named(buildings, [item.building for item in page.items]),
    )


@blueprint.get("/issues/<string(length=16):issue>")
@needs(Permission.ISSUE_READ)
def issue(issue: str) -> Response:
    """One issue."""
    return issue_page(issue)


def issue_page(public_id: str, form: Form | None = None, **context: Any) -> Response:
    """The page of one issue, with a form that was refused if there is one."""
    actor = require_actor()
    view = queries.for_staff(actor, public_id)
    now = clock.now()
    called = on_issue(actor, public_id, now)
    return show(
        "issue.html",
        form,
        issue=view,
        where=places.full_names([view.building]).get(view.building, view.building_name),
        paused=view.hands.suspended_until is not None and view.hands.suspended_until > now,
        done_by=_own_word(actor),
        lower=_lower(view) if Move.ASSIGN in view.moves else [],
        colleagues=_colleagues(public_id, now) if Move.ASSIGN in view.moves else [],
        kinds=Triage,
        joinable=[(item.id, _short(item)) for item in _joinable(view)] if Move.JOIN in view.moves else [],
        answers=Satisfaction,
        openings=_openings(actor, view),
        now=now,
        joiners=queries.joiners_of(actor, public_id) if view.joiners else [],
        shown={
            "contact",
            "not_again",
            "opening",
            *(name for move in view.moves for name in FORMS.get(move, (str(move),))),
        }
        | called["whistle_forms"],
        **called,
        **context,
    )


def _openings(actor: Actor, view: IssueView) -> list[OpeningView] | None:
    """The requests to see who reported it; None for whom that is no business of, or where the reporter hides nothing."""
    if view.anonymity is Anonymity.OPEN or not shield.may_ask(actor, view.id):
        return None
    return shield.of_issue(actor, view.id)


def _joinable(view: IssueView) -> list[IssueItem]:
    """Open issues of the same building: what this one may be the same as."""
    filters = Filters(family="open", building=view.building, limit=JOINABLE_MOST)
    return [item for item in queries.page_for_staff(require_actor(), filters).items if item.id != view.id]


def _lower(view: IssueView) -> list[Level]:
    """The levels it may be handed down to, the nearest first."""
    never = {Level.DEPARTMENT, *((Level.HEAD,) if view.about_head else ())}
    return [level for level in reversed(Level) if level.height < view.level.height and level not in never]


def _colleagues(public_id: str, now: datetime) -> list[tuple[str, str]]:
    return [(one.public_id, one.name) for one in queries.colleagues(require_actor(), public_id, now)]


def _own_word(actor: Actor) -> str:
    """What stands in “谁做的” at first: the actor's role."""
    role = actor.role_for(Permission.ISSUE_RESOLVE)
    return role.zh if role else ""


def _short(item: IssueItem) -> str:
    return f"{item.reported_at.astimezone(SHANGHAI):%-m月%-d日} {item.category.zh}：{item.excerpt[:30]}"
