"""地点: walking the tree, registering a place, renaming and closing one."""

from flask import Response, request

from models.enums import ROLE_PLACES, PlaceKind
from server.core import clock, paging
from server.core.access import Actor, needs, require_actor
from server.core.errors import Problem
from server.core.idempotency import idempotent
from server.places import queries, service
from server.places.queries import PlaceView
from server.places.schemas import NewPlaceSchema, PlaceChangeSchema, PlaceQuery
from server.rules.permissions import Permission, may_appoint
from server.rules.place_tree import may_hang
from server.web.console import blueprint
from server.web.console.forms import Form, done, load_query, show


@blueprint.get("/places")
@needs(Permission.PLACE_READ)
def places() -> Response:
    """Where my posts stand, or what a search finds; somebody with one post starts at its place."""
    actor, query = require_actor(), load_query(PlaceQuery)
    if not query["q"]:
        roots = {post.place: post for post in actor.posts_granting(Permission.PLACE_READ)}
        if len(roots) == 1:
            return _page(next(iter(roots)))
        return show("places.html", roots=list(roots.values()), page=None, query={})
    page = queries.page(actor, **query)
    return show("places.html", roots=[], page=page, query={"q": query["q"], "cursor": query["cursor"]})


@blueprint.get("/places/<string(length=16):place>")
@needs(Permission.PLACE_READ)
def place(place: str) -> Response:
    """One place, what lies above it and what lies right below."""
    return _page(place)


def _page(public_id: str, form: Form | None = None) -> Response:
    actor = require_actor()
    view = queries.detail(actor, public_id)
    below = queries.page(
        actor, parent=public_id, kind=None, q=None, cursor=request.args.get("cursor"), limit=paging.MOST
    )
    items = list(below.items)  # as they were registered, unless they are numbered
    if all(any(sign.isdecimal() for sign in item.name) for item in items):
        items.sort(key=lambda item: queries.in_order(item.name))
    return show(
        "place.html",
        form,
        place=view,
        items=items,
        page=below,
        above=_above(actor, view),
        can_hold=_kinds_below(view),
        appoints=any(kind is view.kind and may_appoint(actor.roles, role) for role, kind in ROLE_PLACES.items()),
    )


def _above(actor: Actor, view: PlaceView) -> list[tuple[str, str]]:
    """The places above, each with its id when it is one of mine and "" when it lies outside."""
    mine = {post.place for post in actor.posts_granting(Permission.PLACE_READ)}
    inside, found = False, []
    for ancestor in view.ancestors:
        inside = inside or ancestor.id in mine
        found.append((ancestor.id if inside else "", ancestor.name))
    return found


def _kinds_below(view: PlaceView) -> list[PlaceKind]:
    return [kind for kind in PlaceKind if may_hang(kind, view.kind)]


@blueprint.get("/places/<string(length=16):place>/new")
@needs(Permission.PLACE_WRITE)
def new_place(place: str) -> Response:
    """The form for a place below this one."""
    return _new(place, Form())


def _new(parent: str, form: Form) -> Response:
    view = queries.detail(require_actor(), parent)
    return show("place_new.html", form, place=view, kinds=_kinds_below(view))


@blueprint.post("/places/<string(length=16):place>/new")
@needs(Permission.PLACE_WRITE)
@idempotent
def create_place(place: str) -> Response:
    """Register a place; a building gets its stairwell code with it."""
    form = Form.sent()
    try:
        made = service.create(require_actor(), **form.load(NewPlaceSchema, parent=place), now=clock.now())
    except Problem as problem:
        return _new(place, form.refused(problem))
    return done("place", "place", place=made)


@blueprint.post("/places/<string(length=16):place>/name")
@needs(Permission.PLACE_WRITE)
@idempotent
def rename_place(place: str) -> Response:
    """Give a place another name."""
    form = Form.sent("name")
    try:
        body = form.load(PlaceChangeSchema)
        service.change(require_actor(), place, form.version, clock.now(), name=body["name"])
    except Problem as problem:
        return _page(place, form.refused(problem))
    return done("saved", "place", place=place)


@blueprint.post("/places/<string(length=16):place>/<any(close,open):act>")
@needs(Permission.PLACE_WRITE)
@idempotent
def close_place(place: str, act: str) -> Response:
    """Close a place that was torn down or merged, or open it again."""
    form = Form.sent("close")
    try:
        service.change(require_actor(), place, form.version, clock.now(), closed=act == "close")
    except Problem as problem:
        return _page(place, form.refused(problem))
    return done("saved", "place", place=place)
