"""Reading who is appointed where, and who has been invited."""

from server.heads.queries.appointments import AppointmentView, TermState, Who, appointment, appointments
from server.heads.queries.invitations import InvitationState, InvitationView, invitation, invitations
from server.heads.queries.live import heads_of, live, live_head_exists
from server.heads.queries.places import Where

__all__ = [
    "AppointmentView",
    "InvitationState",
    "InvitationView",
    "TermState",
    "Where",
    "Who",
    "appointment",
    "appointments",
    "heads_of",
    "invitation",
    "invitations",
    "live",
    "live_head_exists",
]
