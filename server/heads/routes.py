"""楼栋长: inviting and appointing, and ending an appointment."""

from typing import Any

from server.core import clock
from server.core.access import needs, require_actor
from server.core.api import Blueprint
from server.core.idempotency import idempotent
from server.core.paging import Page
from server.heads import queries, service
from server.heads.queries import AppointmentView, InvitationView
from server.heads.schemas import (
    AcceptanceSchema,
    AppointmentPageSchema,
    AppointmentQuery,
    AppointmentSchema,
    EndSchema,
    InvitationPageSchema,
    InvitationQuery,
    NewAppointmentSchema,
    NewInvitationAnswerSchema,
    NewInvitationSchema,
)
from server.heads.service import Term
from server.rules.permissions import Permission

blueprint = Blueprint("heads", __name__, description="任职与邀请")


@blueprint.get("/invitations")
@needs(Permission.INVITATION_READ)
@blueprint.arguments(InvitationQuery, location="query")
@blueprint.response(200, InvitationPageSchema)
def invitations(query: dict[str, Any]) -> Page[InvitationView]:
    """Invitations in my places"""
    return queries.invitations(require_actor(), clock.now(), open_only=query.pop("open"), **query)


@blueprint.post("/invitations")
@needs(Permission.INVITATION_WRITE)
@idempotent
@blueprint.arguments(NewInvitationSchema)
@blueprint.response(201, NewInvitationAnswerSchema)
def invite(body: dict[str, Any]) -> dict[str, Any]:
    """Invite a head or a grid worker; the code is shown this once and is good for seven days"""
    made = service.invite(require_actor(), **body, now=clock.now())
    return {"code": made.code, "invitation": queries.invitation(made.id, clock.now())}


@blueprint.delete("/invitations/<string(length=16):invitation>")
@needs(Permission.INVITATION_WRITE)
@blueprint.response(204)
def revoke(invitation: str) -> None:
    """Take an invitation back"""
    service.revoke(require_actor(), invitation, clock.now())


@blueprint.post("/invitations/acceptances")
@needs(Permission.INVITATION_ACCEPT)
@idempotent
@blueprint.arguments(AcceptanceSchema)
@blueprint.response(201, AppointmentSchema)
def accept(body: dict[str, Any]) -> AppointmentView:
    """Take an invitation up: I am appointed at once"""
    made = service.accept(require_actor(), body["code"], clock.now())
    return queries.appointment(made, clock.now())


@blueprint.get("/appointments")
@needs(Permission.APPOINTMENT_READ)
@blueprint.arguments(AppointmentQuery, location="query")
@blueprint.response(200, AppointmentPageSchema)
def appointments(query: dict[str, Any]) -> Page[AppointmentView]:
    """Appointments in my places"""
    return queries.appointments(require_actor(), clock.now(), **query)


@blueprint.post("/appointments")
@needs(Permission.APPOINTMENT_WRITE)
@idempotent
@blueprint.arguments(NewAppointmentSchema)
@blueprint.response(201, AppointmentSchema)
def appoint(body: dict[str, Any]) -> AppointmentView:
    """Appoint somebody; each level appoints the next one down"""
    now = clock.now()
    term = Term(body["starts_at"] or now, body["ends_at"])
    whom, role, place = body["person"], body["role"], body["place"]
    made = service.appoint(require_actor(), whom, role, place, term, now, department=body["department"])
    return queries.appointment(made, now)


@blueprint.post("/appointments/<string(length=16):appointment>/end")
@needs(Permission.APPOINTMENT_END)
@idempotent
@blueprint.arguments(EndSchema)
@blueprint.response(200, AppointmentSchema)
def end(body: dict[str, Any], appointment: str) -> AppointmentView:
    """End an appointment: its rights are dark at the next request"""
    service.end(require_actor(), appointment, body["reason"], clock.now())
    return queries.appointment(appointment, clock.now())
