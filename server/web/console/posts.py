"""任职: who holds which post in my places, ending one, inviting, and buildings without a head."""

from flask import Response, request

from models.enums import Role
from server.core import clock
from server.core.access import Actor, needs, require_actor
from server.core.errors import Problem
from server.core.idempotency import idempotent
from server.heads import queries, service
from server.heads.queries import TermState
from server.heads.schemas import AppointmentQuery, EndSchema
from server.places.queries import BuildingName
from server.rules.permissions import Permission, may_end
from server.web.console import blueprint
from server.web.console.buildings import in_care
from server.web.console.forms import Form, done, load_query, show


@blueprint.get("/posts")
@needs(Permission.APPOINTMENT_READ)
def posts() -> Response:
    """Appointments in my places; those in force unless asked otherwise."""
    return _page(Form())


def _page(form: Form) -> Response:
    actor, now, query = require_actor(), clock.now(), load_query(AppointmentQuery)
    query["state"] = query["state"] or TermState.LIVE
    page = queries.appointments(actor, now, **query)
    ends = {role for role in Role if may_end(actor.roles, role)}
    kept = {name: value for name, value in query.items() if value is not None and name != "limit"}
    return show(
        "posts.html", form, page=page, query=kept, states=TermState, roles=Role, ends=ends, headless=headless(actor)
    )


def headless(actor: Actor) -> list[BuildingName]:
    """The buildings in my care that nobody heads now; empty for who does not invite."""
    buildings = in_care(actor, Permission.INVITATION_WRITE)
    headed = queries.heads_of([building.id for building in buildings], clock.now())
    return [building for building in buildings if building.id not in headed]


@blueprint.post("/posts/<string(length=16):appointment>/end")
@needs(Permission.APPOINTMENT_END)
@idempotent
def end_post(appointment: str) -> Response:
    """End an appointment with a reason: its rights are dark at the next request."""
    form = Form.sent(f"end-{appointment}")
    try:
        service.end(require_actor(), appointment, form.load(EndSchema)["reason"], clock.now())
    except Problem as problem:
        return _page(form.refused(problem))
    return done("ended", "posts")


@blueprint.get("/posts/invitations")
@needs(Permission.INVITATION_READ)
def invitations() -> Response:
    """Invitations in my places: those that can still be accepted, or all."""
    everything = "all" in request.args
    page = queries.invitations(
        require_actor(), clock.now(), open_only=not everything, cursor=request.args.get("cursor")
    )
    return show("invitations.html", page=page, everything=everything)


@blueprint.post("/posts/invitations/<string(length=16):invitation>/revoke")
@needs(Permission.INVITATION_WRITE)
@idempotent
def revoke_invitation(invitation: str) -> Response:
    """Take an invitation back."""
    service.revoke(require_actor(), invitation, clock.now())
    return done("uninvited", "invitations")
