"""What asking to see a hidden reporter takes and gives, and what reporters are told of who looked."""

from marshmallow import fields

from models.enums import Anonymity, IssueCategory, Role
from server.core.schemas import PageQuery, PublicId, Schema, Text, page_of


class AskSchema(Schema):
    """Why it must be known who reported it. The reporter will read this."""

    reason = Text(2, 200, required=True)


class DecideOpeningSchema(Schema):
    """The second person's word. Refusing is said with a reason; the reporter reads it too."""

    grant = fields.Boolean(required=True)
    answer = Text(0, 200, load_default="")


class OpeningQuery(PageQuery):
    """Which requests: by default those that wait for a second person."""

    waiting = fields.Boolean(load_default=True)


class OpeningSchema(Schema):
    """A request to see a hidden reporter, as the office sees it."""

    id = PublicId(required=True)
    issue = PublicId(required=True)
    category = fields.Enum(IssueCategory, by_value=True, required=True)
    category_name = fields.String(required=True)
    building = PublicId(required=True)
    building_name = fields.String(required=True)
    about_head = fields.Boolean(required=True, metadata={"description": "street or district decide"})
    asked_at = fields.AwareDateTime(required=True)
    asked_by = fields.String(
        required=True, metadata={"description": "a colleague's name; reporters are told role and unit"}
    )
    asked_role = fields.Enum(Role, by_value=True, required=True)
    asked_role_name = fields.String(required=True)
    asked_unit = fields.String(required=True)
    reason = fields.String(required=True)
    granted = fields.Boolean(allow_none=True, metadata={"description": "null: waits for a second person"})
    decided_at = fields.AwareDateTime(allow_none=True)
    decided_by = fields.String(required=True)
    decided_role_name = fields.String(required=True)
    decided_unit = fields.String(required=True)
    answer = fields.String(required=True)
    opened_at = fields.AwareDateTime(allow_none=True)
    look_until = fields.AwareDateTime(allow_none=True, metadata={"description": "when granted: until when it opens"})
    mine = fields.Boolean(required=True, metadata={"description": "I asked: I cannot decide, and only I can look"})


OpeningPageSchema = page_of(OpeningSchema)


class OpeningsSchema(Schema):
    """The requests about one issue, newest first."""

    items = fields.List(fields.Nested(OpeningSchema), required=True)


class ReporterSchema(Schema):
    """Who a hidden reporter is. Kept nowhere by this answer."""

    name = fields.String(required=True, metadata={"description": "as the office knows them; empty for most residents"})
    phone = fields.String(
        required=True, metadata={"description": "left with the report, or else with us; may be empty"}
    )


class ReadSchema(Schema):
    """Somebody of the office opened the issue: the first time that day."""

    role = fields.Enum(Role, by_value=True, required=True)
    role_name = fields.String(required=True)
    unit = fields.String(required=True, metadata={"description": "a place or a department, never a name"})
    at = fields.AwareDateTime(required=True)


class PhoneLookSchema(Schema):
    """A handler opened the phone the reporter left."""

    role_name = fields.String(required=True)
    at = fields.AwareDateTime(required=True)
    reason = fields.String(required=True)


class ToldOpeningSchema(Schema):
    """A decided request to see who the reporter is, as the reporter sees it."""

    asked_at = fields.AwareDateTime(required=True)
    asked_role_name = fields.String(required=True)
    asked_unit = fields.String(required=True)
    reason = fields.String(required=True)
    granted = fields.Boolean(required=True)
    decided_at = fields.AwareDateTime(required=True)
    decided_role_name = fields.String(required=True)
    decided_unit = fields.String(required=True)
    answer = fields.String(required=True)
    opened_at = fields.AwareDateTime(allow_none=True, metadata={"description": "null: granted, but nobody looked"})


class ShieldSchema(Schema):
    """What is kept of the reporter, and who looked."""

    anonymity = fields.Enum(Anonymity, by_value=True, required=True)
    anonymity_name = fields.String(required=True)
    means = fields.String(required=True, metadata={"description": "in one line, for the reporter"})
    kept = fields.Boolean(required=True, metadata={"description": "who a hidden reporter is still is sealed here"})
    reads = fields.List(fields.Nested(ReadSchema), required=True)
    phone_looks = fields.List(fields.Nested(PhoneLookSchema), required=True)
    openings = fields.List(fields.Nested(ToldOpeningSchema), required=True)
