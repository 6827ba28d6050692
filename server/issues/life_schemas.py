"""What the moves between hands, pauses and clocks take, and who has an issue by when."""

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from models.enums import Level, Triage
from server.core.schemas import PublicId, Schema, Text, between

ASSIGN_MOST = 100


class HandsSchema(Schema):
    """Who has an issue and by when. Roles and units, never a name."""

    holder = fields.String(required=True, metadata={"example": "幸福社区居委会"})
    since = fields.AwareDateTime(required=True)
    sign_in_due_at = fields.AwareDateTime(required=True, allow_none=True)
    signed_in_at = fields.AwareDateTime(required=True, allow_none=True)
    contact_due_at = fields.AwareDateTime(required=True, allow_none=True)
    contacted_at = fields.AwareDateTime(required=True, allow_none=True)
    suspended_until = fields.AwareDateTime(
        required=True, allow_none=True, metadata={"description": "later than now: suspended; the deadlines are past it"}
    )
    suspended_why = fields.String(required=True)
    suspensions = fields.Integer(required=True)
    extension_asked = fields.Integer(
        required=True, allow_none=True, metadata={"description": "working days asked for and not yet decided"}
    )
    extensions = fields.Integer(required=True, metadata={"description": "granted"})
    pushed_back = fields.Integer(required=True)
    urged = fields.Integer(required=True)
    assigned = fields.Boolean(required=True, metadata={"description": "given to one colleague of the holder"})
    suggested = fields.Enum(Triage, by_value=True, required=True, allow_none=True)
    suggested_why = fields.String(required=True)
    triage = fields.Enum(Triage, by_value=True, required=True, allow_none=True)
    follow_up_at = fields.AwareDateTime(required=True, allow_none=True)
    photo_required = fields.Boolean(required=True, metadata={"description": "resolving it needs an after-photo"})


class TriageSchema(Schema):
    """Which of the three kinds of matter it is; a reason when that is not what was suggested."""

    triage = fields.Enum(Triage, by_value=True, required=True)
    text = Text(0, 200, lines=True, load_default="")


class FollowUpSchema(Schema):
    """How a private matter went, and when it is asked after again (none: no more)."""

    text = Text(1, 1000, lines=True, required=True)
    follow_up_at = fields.AwareDateTime(load_default=None)


class AssignSchema(Schema):
    """To which level below, or to which colleague on the level that has it."""

    to_level = fields.Enum(Level, by_value=True, load_default=None)
    assignee = PublicId(load_default=None, metadata={"description": "a person, see GET …/colleagues"})
    text = Text(0, 1000, lines=True, load_default="")

    @ma.validates_schema
    def _one(self, data: dict[str, Any], **_: Any) -> None:
        if (data.get("to_level") is None) == (data.get("assignee") is None):
            raise ma.ValidationError("请选择交给哪一级，或者交给哪一位同事，二者选一。", "to_level")


class AssignManySchema(AssignSchema):
    """The same for many issues at once."""

    issues = fields.List(
        PublicId(),
        required=True,
        validate=validate.Length(1, ASSIGN_MOST, error=f"请选 1 到 {ASSIGN_MOST} 件。"),
    )


class AssignedSchema(Schema):
    """What became of one of them."""

    id = PublicId(required=True)
    done = fields.Boolean(required=True)
    code = fields.String(required=True, metadata={"description": "why not, for programs; empty when it was done"})
    detail = fields.String(required=True, metadata={"description": "the same in words"})


class AssignedManySchema(Schema):
    """What became of each, in the order they were named."""

    items = fields.List(fields.Nested(AssignedSchema), required=True)


class ColleagueSchema(Schema):
    """Somebody on the level that has it in hand."""

    id = PublicId(required=True)
    name = fields.String(required=True)


class ColleaguesSchema(Schema):
    """Who may be asked for by name."""

    items = fields.List(fields.Nested(ColleagueSchema), required=True)


class SuspendSchema(Schema):
    """Why it has to wait, and until when; the reporter sees both."""

    text = Text(1, 200, lines=True, required=True)
    until = fields.AwareDateTime(required=True, metadata={"description": "one to ninety days ahead"})


class AskExtensionSchema(Schema):
    """Why more time is needed, and how much."""

    text = Text(1, 200, lines=True, required=True)
    workdays = fields.Integer(required=True, strict=True, validate=between(1, 15))


class ReasonSchema(Schema):
    """Why."""

    text = Text(1, 200, lines=True, required=True)


class OptionalReasonSchema(Schema):
    """Why, if there is something to say."""

    text = Text(0, 200, lines=True, load_default="")
