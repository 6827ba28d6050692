"""共性问题: what is suggested, what there is, and one problem with its buildings and issues."""

from flask import Response, request

from models.enums import CommonState, PlaceKind
from server.commons import queries, service
from server.commons.schemas import CommonProblemChangeSchema, CommonProblemInSchema, NamedIssuesSchema, ProblemsQuery
from server.commons.service import Draft
from server.core import clock
from server.core.access import Actor, needs, require_actor
from server.core.errors import Problem
from server.core.idempotency import idempotent
from server.places import queries as places
from server.rules import commons as rule
from server.rules.permissions import Permission
from server.web.console import blueprint
from server.web.console.forms import Form, done, load_query, show
from server.web.console.words import may

COMMUNITIES_MOST = 100


@blueprint.get("/commons")
@needs(Permission.COMMON_READ)
def commons() -> Response:
    """The list, and what the rule suggests."""
    actor, query = require_actor(), load_query(ProblemsQuery)
    page = queries.problems(actor, query["state"], query["cursor"], query["limit"])
    suggested = queries.suggestions(actor, clock.now()) if may(actor, Permission.COMMON_WRITE) else []
    return show(
        "commons.html",
        page=page,
        suggested=suggested,
        states=CommonState,
        query={"state": query["state"], "cursor": query["cursor"]},
    )


@blueprint.get("/commons/new")
@needs(Permission.COMMON_WRITE)
def new_common() -> Response:
    """The form for one more, filled from a suggestion or empty."""
    known = {name: request.args.get(name, "") for name in ("community", "category", "topic")}
    return _new(require_actor(), Form("new", Form.filled({**known, "similar": "true"}).typed))


def _new(actor: Actor, form: Form) -> Response:
    return show(
        "common_new.html",
        form,
        communities=_communities(actor),
        categories=[(c.value, c.zh) for c in rule.CATEGORIES],
    )


def _communities(actor: Actor) -> list[tuple[str, str]]:
    """The communities to choose from: one's own, or those below one's street or district."""
    posts = actor.posts_granting(Permission.COMMON_WRITE)
    own = [(post.place, post.place_name) for post in posts if post.kind is PlaceKind.COMMUNITY]
    if len(own) == len(posts):
        return own
    found = _below(actor)
    return own + [pair for pair in found if pair not in own]


def _below(actor: Actor) -> list[tuple[str, str]]:
    """The communities of a street or district, in the order they were registered."""
    page = places.page(actor, parent=None, kind=PlaceKind.COMMUNITY, q=None, cursor=None, limit=COMMUNITIES_MOST)
    return [(item.id, item.name) for item in page.items]


@blueprint.post("/commons/new")
@needs(Permission.COMMON_WRITE)
@idempotent
def make_common() -> Response:
    """Make one."""
    actor, form = require_actor(), Form.sent("new")
    try:
        body = form.load(CommonProblemInSchema)
        body["similar"] = form.value("similar") == "true"  # a box left empty is not sent
        made = service.make(actor, Draft(**body), clock.now())
    except Problem as problem:
        return _new(actor, form.refused(problem))
    return done("common", "common", problem=made)


@blueprint.get("/commons/<string(length=16):problem>")
@needs(Permission.COMMON_READ)
def common(problem: str) -> Response:
    """One problem: its buildings for everybody of the community, its issues for who may edit it."""
    return _page(problem, Form())


def _page(public_id: str, form: Form) -> Response:
    actor, now = require_actor(), clock.now()
    view = queries.problem(actor, public_id, now)
    writes = may(actor, Permission.COMMON_WRITE)
    return show(
        "common.html",
        form,
        view=view,
        writes=writes,
        ended=view.state in rule.ENDED,
        members=queries.members(actor, public_id, now) if writes else [],
        states=[(str(state), state.zh) for state in (view.state, *view.next_states)],
        names=places.full_names({found.building for found in view.buildings}, with_community=False),
    )


@blueprint.post("/commons/<string(length=16):problem>/change")
@needs(Permission.COMMON_WRITE)
@idempotent
def change_common(problem: str) -> Response:
    """Change what it says and how it stands."""
    form = Form.sent("change")
    try:
        body = form.load(CommonProblemChangeSchema)
        service.change(require_actor(), problem, form.version, **body, now=clock.now())
    except Problem as refused:
        return _page(problem, form.refused(refused))
    return done("common_saved", "common", problem=problem)


@blueprint.post("/commons/<string(length=16):problem>/add")
@needs(Permission.COMMON_WRITE)
@idempotent
def add_to_common(problem: str) -> Response:
    """Put the ticked issues in."""
    form = Form.sent("add")
    try:
        issues = form.load(NamedIssuesSchema)["issues"]
        service.add(require_actor(), problem, form.version, issues, clock.now())
    except Problem as refused:
        return _page(problem, form.refused(refused))
    return done("common_added", "common", problem=problem)


@blueprint.post("/commons/<string(length=16):problem>/add_similar")
@needs(Permission.COMMON_WRITE)
@idempotent
def add_similar_to_common(problem: str) -> Response:
    """Put in whatever is like it."""
    form = Form.sent("add")
    try:
        service.add_similar(require_actor(), problem, form.version, clock.now())
    except Problem as refused:
        return _page(problem, form.refused(refused))
    return done("common_added", "common", problem=problem)


@blueprint.post("/commons/<string(length=16):problem>/remove")
@needs(Permission.COMMON_WRITE)
@idempotent
def remove_from_common(problem: str) -> Response:
    """Take the ticked issues out."""
    form = Form.sent("remove")
    try:
        issues = form.load(NamedIssuesSchema)["issues"]
        service.remove(require_actor(), problem, form.version, issues, clock.now())
    except Problem as refused:
        return _page(problem, form.refused(refused))
    return done("common_removed", "common", problem=problem)
