"""What appointments and invitations take and give."""

from datetime import UTC, datetime

from marshmallow import ValidationError, fields, validate

from models.enums import PlaceKind, Role
from server.core.schemas import PageQuery, PublicId, Schema, Text, page_of
from server.heads.queries import InvitationState, TermState

INVITED = (Role.HEAD, Role.GRID)
LAST = datetime(2200, 1, 1, tzinfo=UTC)


def _within_reach(moment: datetime) -> None:
    """Years near 9999 cannot be told in another time zone."""
    if moment > LAST:
        raise ValidationError("时间太远了，请检查年份。")


class AppointedPlaceSchema(Schema):
    """The place of an appointment or invitation."""

    id = PublicId(required=True)
    kind = fields.Enum(PlaceKind, by_value=True, required=True)
    name = fields.String(required=True)
    estate_name = fields.String(required=True, allow_none=True)


class AppointedPersonSchema(Schema):
    """The person appointed."""

    id = PublicId(required=True)
    name = fields.String(required=True)


class AppointmentSchema(Schema):
    """A person × a role × a place × a term."""

    id = PublicId(required=True)
    role = fields.Enum(Role, by_value=True, required=True)
    role_name = fields.String(required=True)
    person = fields.Nested(AppointedPersonSchema, required=True)
    place = fields.Nested(AppointedPlaceSchema, required=True)
    department_name = fields.String(required=True, allow_none=True)
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True, allow_none=True)
    ended_reason = fields.String(required=True)
    state = fields.Enum(TermState, by_value=True, required=True)


AppointmentPageSchema = page_of(AppointmentSchema)


class AppointmentQuery(PageQuery):
    """Which appointments."""

    place = PublicId(load_default=None, metadata={"description": "at this place and inside it"})
    role = fields.Enum(Role, by_value=True, load_default=None)
    state = fields.Enum(TermState, by_value=True, load_default=None)


class NewAppointmentSchema(Schema):
    """Whom to appoint to what, where, and for how long."""

    person = PublicId(required=True)
    role = fields.Enum(Role, by_value=True, required=True)
    place = PublicId(required=True)
    department = PublicId(
        load_default=None, allow_none=True, metadata={"description": "which department; for a department's post only"}
    )
    starts_at = fields.AwareDateTime(
        load_default=None, validate=_within_reach, metadata={"description": "now, when left out"}
    )
    ends_at = fields.AwareDateTime(load_default=None, allow_none=True, validate=_within_reach)


class EndSchema(Schema):
    """Why an appointment ends."""

    reason = Text(1, 200, required=True)


class NewInvitationSchema(Schema):
    """Whom the office means to appoint."""

    place = PublicId(required=True)
    name = Text(1, 40, required=True)
    role = fields.Enum(
        Role, by_value=True, load_default=Role.HEAD, validate=validate.OneOf(INVITED, error="只能邀请楼栋长或网格员。")
    )
    term_ends_at = fields.AwareDateTime(load_default=None, allow_none=True, validate=_within_reach)


class InvitationSchema(Schema):
    """An invitation; never with its code."""

    id = PublicId(required=True)
    role = fields.Enum(Role, by_value=True, required=True)
    role_name = fields.String(required=True)
    name = fields.String(required=True)
    place = fields.Nested(AppointedPlaceSchema, required=True)
    term_ends_at = fields.AwareDateTime(required=True, allow_none=True)
    created_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)
    accepted_at = fields.AwareDateTime(required=True, allow_none=True)
    revoked_at = fields.AwareDateTime(required=True, allow_none=True)
    state = fields.Enum(InvitationState, by_value=True, required=True)


InvitationPageSchema = page_of(InvitationSchema)


class NewInvitationAnswerSchema(Schema):
    """A new invitation with its code, shown this once."""

    code = fields.String(required=True, metadata={"description": "shown once; hand it over on paper or by phone"})
    invitation = fields.Nested(InvitationSchema, required=True)


class InvitationQuery(PageQuery):
    """Which invitations."""

    place = PublicId(load_default=None, metadata={"description": "at this place and inside it"})
    open = fields.Boolean(load_default=False, metadata={"description": "only those that can still be accepted"})


class AcceptanceSchema(Schema):
    """The code on the office's invitation."""

    code = Text(6, 32, required=True)
