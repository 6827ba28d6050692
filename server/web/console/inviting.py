"""邀请楼栋长, and appointing people who sign in to the console with a password."""

import secrets
from typing import Any

import marshmallow as ma
from flask import Response, request
from marshmallow import fields

from models.enums import ROLE_PLACES, Role
from server.core import clock, paging
from server.core.access import needs, require_actor
from server.core.errors import Problem
from server.core.idempotency import idempotent
from server.core.schemas import PublicId, Schema, Text
from server.departments import queries as departments
from server.heads import queries, service
from server.heads.schemas import INVITED, NewInvitationSchema
from server.heads.service import Term
from server.identity import queries as people
from server.identity import service as identity
from server.places import queries as places
from server.rules.permissions import Permission, may_appoint
from server.web.console import blueprint
from server.web.console.buildings import options
from server.web.console.forms import Form, show, wrong

# A first password is read off a screen and typed once: no 0 o 1 i l, and it is changed by whoever gets it.
SIGNS = "23456789abcdefghjkmnpqrstuvwxyz"


class NewPostSchema(Schema):
    """Whom to appoint: somebody with an account, or somebody new by name."""

    role = fields.Enum(Role, by_value=True, required=True)
    username = Text(3, 40, required=True)
    name = Text(0, 40, load_default="")
    department = PublicId(load_default=None)

    @ma.post_load
    def _lower(self, data: dict[str, Any], **_: object) -> dict[str, Any]:
        return {**data, "username": data["username"].lower()}


@blueprint.get("/posts/invite")
@needs(Permission.INVITATION_WRITE)
def invite_form() -> Response:
    """The form, for a building if the address names one."""
    return _invite(Form.filled({"place": request.args.get("building", "")}))


def _invite(form: Form) -> Response:
    buildings = options(require_actor(), Permission.INVITATION_WRITE)
    return show("invite.html", form, buildings=buildings)


@blueprint.post("/posts/invite")
@needs(Permission.INVITATION_WRITE)
@idempotent
def invite() -> Response:
    """Make an invitation; its code is shown on this page only."""
    actor, now, form = require_actor(), clock.now(), Form.sent()
    try:
        body = form.load(NewInvitationSchema, without=("term_ends_on",))
        made = service.invite(actor, **{**body, "term_ends_at": form.day("term_ends_on")}, now=now)
    except Problem as problem:
        return _invite(form.refused(problem))
    return show("invited.html", code=made.code, invitation=queries.invitation(made.id, now))


@blueprint.get("/posts/appoint/<string(length=16):place>")
@needs(Permission.APPOINTMENT_WRITE)
def appoint_form(place: str) -> Response:
    """The form for a post at a place."""
    return _appoint(place, Form())


def _appoint(place: str, form: Form) -> Response:
    actor = require_actor()
    view = places.detail(actor, place)
    roles = [role for role in Role if ROLE_PLACES[role] is view.kind and may_appoint(actor.roles, role)]
    callable_now = departments.departments(actor, limit=paging.MOST).items if Role.DEPARTMENT in roles else []
    known = [(each.id, each.name) for each in callable_now if each.district == view.id]
    return show("appoint.html", form, place=view, roles=roles, invited=INVITED, departments=known)


@blueprint.post("/posts/appoint/<string(length=16):place>")
@needs(Permission.APPOINTMENT_WRITE)
@idempotent
def appoint(place: str) -> Response:
    """Appoint somebody, making the account first when the user name is new. A first password is shown once."""
    actor, now, form = require_actor(), clock.now(), Form.sent()
    password = ""
    try:
        body = form.load(NewPostSchema, without=("term_ends_on",))
        term = Term(now, form.day("term_ends_on"))
        person = people.staff_id(body["username"])
        if person is None:
            if not body["name"]:
                raise wrong("name", "还没有这个用户名。要开通新账号，请填写姓名。")
            password = "-".join("".join(secrets.choice(SIGNS) for _ in range(4)) for _ in range(3))
            identity.create_staff(body["name"], body["username"], password, now, by=actor)
            person = people.staff_id(body["username"])
        assert person is not None
        appointment = service.appoint(actor, person, body["role"], place, term, now, department=body["department"])
    except Problem as problem:
        return _appoint(place, form.refused(problem))
    made = queries.appointment(appointment, now)
    return show("appointed.html", appointment=made, username=body["username"], password=password)
