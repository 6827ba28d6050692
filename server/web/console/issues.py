"""诉求台账: the list with its filters, and one issue with its timeline and a form for each move that is possible."""

from datetime import datetime
from typing import Any

from flask import Response, request

from models.enums import OPEN_STATES, Anonymity, Channel, IssueCategory, Level, Move, PlaceKind, Satisfaction, Triage
from server.core import clock
from server.core.access import Actor, needs, require_actor
from server.core.errors import Problem
from server.core.paging import Page
from server.issues import queries
from server.issues.list_schemas import IssueQuery
from server.issues.queries import Filters, IssueItem, IssueView
from server.ledger import queries as templates
from server.places import queries as places
from server.rules.calendar import SHANGHAI
from server.rules.permissions import Permission
from server.rules.templates import ReplyKind
from server.shield import queries as shield
from server.shield.queries import OpeningView
from server.web.console import blueprint
from server.web.console.buildings import named, options
from server.web.console.called import on_issue
from server.web.console.forms import Form, load_query, show
from server.web.console.words import may

JOINABLE_MOST = 50
REPLIES = frozenset(ReplyKind)
# The filters that are on or not, as the page says them.
FLAGS = (
    ("overdue", "过了期限"),
    ("urgent", "加急"),
    ("mine", "交办给我"),
    ("suspended", "暂缓中"),
    ("reworked", "返工过"),
    ("pushed_back", "被退回过"),
)
# Moves whose forms have names of their own.
FORMS = {Move.RATE: ("visit",), Move.CONTACT: ("contacted",), Move.ASSIGN: ("assign", "hand_over")}


@blueprint.get("/issues")
@needs(Permission.ISSUE_LIST)
def issues() -> Response:
    """The ledger, newest first."""
    return ledger_page(Form())


def ledger_page(form: Form) -> Response:
    """The ledger, with what was refused if anything was: a filter, or handing issues over."""
    actor, now = require_actor(), clock.now()
    query: dict[str, Any] = {}
    page: Page[IssueItem] = Page([], None)
    try:
        query = load_query(IssueQuery)
        page = queries.page_for_staff(actor, Filters(**query), now)
    except Problem as problem:
        form = form.refused(problem)
    kept = {name: value for name, value in request.args.items() if value.strip() and name not in ("limit", "done")}
    buildings = options(actor, Permission.ISSUE_LIST)
    return show(
        "issues.html",
        form,
        page=page,
        query=kept,
        state=query.get("state"),
        open_states=OPEN_STATES,
        colleagues=_hands(actor, now),
        flags=FLAGS,
        categories=IssueCategory,
        levels=Level,
        channels=Channel,
        triages=Triage,
        places=_places_above(actor, kept.get("place", "")),
        buildings=buildings,
        names=named(buildings, [item.building for item in page.items]),
    )


def _hands(actor: Actor, now: datetime) -> list[tuple[str, str]] | None:
    from server.web.console.issue_assigning import hands  # shows this page again when it is refused

    return hands(actor, now)


def _places_above(actor: Actor, chosen: str) -> list[tuple[str, str]]:
    """Places to narrow the list to: what lies right below my posts, and below what is chosen."""
    found: dict[str, str] = {}
    for post in actor.posts_granting(Permission.PLACE_READ):
        if post.kind is not PlaceKind.BUILDING:
            found[post.place] = post.place_name
            found |= {
                p.public_id: f"{post.place_name} · {p.name}"
                for p in places.children(post.place_id)
                if p.kind is not PlaceKind.BUILDING
            }
    if chosen and chosen not in found:
        found[chosen] = "所选地点"
    return list(found.items())


@blueprint.get("/issues/<string(length=16):issue>")
@needs(Permission.ISSUE_READ)
def issue(issue: str) -> Response:
    """One issue; with a template chosen, its text stands in the form it was chosen for."""
    key, name = request.args.get("template", ""), request.args.get("for", "")
    if key and name in REPLIES:
        text = templates.template(require_actor(), key).text
        return issue_page(issue, Form.filled({"text": text}, name))
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
        replies=_replies(actor),
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


def _replies(actor: Actor) -> dict[str, list[tuple[str, str]]]:
    """The reply templates to choose from, by form."""
    if not may(actor, Permission.TEMPLATE_READ):
        return {}
    every = templates.templates(actor)
    return {str(kind): [(t.id, t.title) for t in every if t.kind in (None, kind)] for kind in ReplyKind}


def _joinable(view: IssueView) -> list[IssueItem]:
    """Open issues of the same building: what this one may be the same as."""
    filters = Filters(family="open", building=view.building, limit=JOINABLE_MOST)
    return [item for item in queries.page_for_staff(require_actor(), filters, clock.now()).items if item.id != view.id]


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
