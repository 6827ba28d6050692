"""户: buildings, the doors of one, searching them, registering and correcting a door."""

from typing import Any

from flask import Response, request

from models.enums import Relation, Tenancy
from server.core import clock
from server.core.access import needs, require_actor
from server.core.errors import Problem
from server.core.idempotency import idempotent
from server.households import queries, service
from server.households.schemas import HouseholdChangeSchema, HouseholdQuery, NewHouseholdSchema
from server.places import queries as places
from server.rules.permissions import Permission
from server.web.console import blueprint
from server.web.console.buildings import names_inside, options
from server.web.console.forms import Form, done, load_query, show

ROWS = 50


@blueprint.get("/households")
@needs(Permission.HOUSEHOLD_READ)
def households() -> Response:
    """The buildings to choose from; the doors of one; or what a search finds."""
    actor, query = require_actor(), load_query(HouseholdQuery)
    buildings = options(actor, Permission.HOUSEHOLD_READ)
    if len(buildings) == 1 and not query["building"]:
        query["building"] = buildings[0][0]
    page = None
    if query["building"] or query["q"]:
        page = queries.page(actor, **{**query, "limit": ROWS})
    building = places.detail(actor, query["building"]) if query["building"] else None
    kept = {"q": query["q"] or None, "building": query["building"], "cursor": query["cursor"]}
    return show("households.html", page=page, query=kept, buildings=buildings, building=building, names=dict(buildings))


@blueprint.get("/households/new")
@needs(Permission.HOUSEHOLD_WRITE)
def new_household() -> Response:
    """The form for a door."""
    return _new(Form.filled({"building": request.args.get("building", "")}))


def _new(form: Form) -> Response:
    buildings = options(require_actor(), Permission.HOUSEHOLD_WRITE)
    return show("household_new.html", form, buildings=buildings, tenancies=Tenancy)


@blueprint.post("/households/new")
@needs(Permission.HOUSEHOLD_WRITE)
@idempotent
def register_household() -> Response:
    """Register a door; who lives there is added on its page."""
    form = Form.sent()
    try:
        body = form.load(NewHouseholdSchema, residents=[])
        made = service.register(require_actor(), **body, now=clock.now())
    except Problem as problem:
        return _new(form.refused(problem))
    return done("household", "household", household=made)


@blueprint.get("/households/<string(length=16):household>")
@needs(Permission.HOUSEHOLD_READ)
def household(household: str) -> Response:
    """One household, masked."""
    return household_page(household)


def household_page(public_id: str, form: Form | None = None, **context: Any) -> Response:
    """The page of a household, with a form that was refused or a field that was opened."""
    view = queries.detail(require_actor(), public_id)
    name = names_inside([view.building])[view.building]
    return show("household.html", form, household=view, name=name, tenancies=Tenancy, relations=Relation, **context)


@blueprint.post("/households/<string(length=16):household>/correct")
@needs(Permission.HOUSEHOLD_WRITE)
@idempotent
def correct_household(household: str) -> Response:
    """Correct unit, door or tenancy. The form shows what is kept, so an emptied unit means "no unit"."""
    form = Form.sent("correct")
    try:
        changes = {"unit": "", **form.load(HouseholdChangeSchema)}
        service.correct(require_actor(), household, form.version, changes, clock.now())
    except Problem as problem:
        return household_page(household, form.refused(problem))
    return done("saved", "household", household=household)


@blueprint.post("/households/<string(length=16):household>/move-out")
@needs(Permission.HOUSEHOLD_WRITE)
@idempotent
def move_out_household(household: str) -> Response:
    """Everybody moves out: the door stays, vacant."""
    service.move_out_all(require_actor(), household, clock.now())
    return done("moved_out", "household", household=household)
