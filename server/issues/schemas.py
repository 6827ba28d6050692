"""What reporting and working on an issue takes and gives."""

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from models.enums import (
    Anonymity,
    Channel,
    CheckState,
    IssueCategory,
    IssueState,
    Level,
    Move,
    Role,
    Satisfaction,
    WhistleEnd,
)
from models.issue import TEXT_LIMIT
from server.core.schemas import Plain, PublicId, Schema, Text, pattern
from server.issues.life_schemas import HandsSchema
from server.rules import templates

PHOTOS_MOST = 6
STAFF_CHANNELS = (Channel.HEAD, Channel.PHONE, Channel.PAPER)


def anonymity() -> fields.Enum[Anonymity]:
    """How much of the reporter is kept."""
    return fields.Enum(
        Anonymity,
        by_value=True,
        load_default=Anonymity.OPEN,
        metadata={
            "description": "hidden: sealed, two people and a reason open it; none: nothing kept (docs/shield.md)"
        },
    )


def photo_ids() -> fields.List[str]:
    """Ids of photos uploaded before."""
    return fields.List(
        PublicId(),
        load_default=list,
        validate=validate.Length(max=PHOTOS_MOST, error=f"最多 {PHOTOS_MOST} 张照片。"),
    )


def phone(**kwargs: Any) -> Text:
    """A phone the reporter chose to leave."""
    field = Text(0, 20, load_default="", **kwargs)
    field.validators.append(pattern(r"^$|^[0-9+() -]{5,20}$", "电话号码只能是数字、空格和横线。"))
    return field


def check_state() -> fields.Enum[CheckState]:
    """How the content check of something stands."""
    told = {"description": "whether the public may see it (docs/moderation.md); null: nobody was asked"}
    return fields.Enum(CheckState, by_value=True, allow_none=True, metadata=told)


def one_phone(data: dict[str, Any]) -> None:
    """Refuse a typed number beside one's own."""
    if data.get("use_my_phone") and data.get("contact"):
        raise ma.ValidationError("联系电话和“用我的手机号”二者选一。", "use_my_phone")


class ReportFields(Schema):
    """What every report says."""

    category = fields.Enum(IssueCategory, by_value=True, required=True)
    text = Text(1, TEXT_LIMIT, lines=True, required=True)
    spot = Text(0, 60, load_default="", metadata={"description": "where in the building"})
    about_head = fields.Boolean(load_default=False, metadata={"description": "it is about the head herself"})
    contact = phone(metadata={"description": "optional; sealed; only handlers may open it, with a reason"})
    use_my_phone = fields.Boolean(
        load_default=False,
        metadata={"description": "leave the number I gave at /me/phone as contact; only signed in, never by itself"},
    )
    photo_ids = photo_ids()
    topic = Plain(
        0, 40, load_default="", metadata={"description": "key from /codes/{code}/topics; one not known is none"}
    )
    answers = fields.Dict(
        keys=Text(1, 40),
        values=Text(0, 40),
        load_default=dict,
        validate=validate.Length(max=3, error="最多三个问题。"),
        metadata={"description": "to the questions of the topic, by their text"},
    )
    anonymity = anonymity()

    @ma.validates_schema
    def _one_phone(self, data: dict[str, Any], **_: Any) -> None:
        one_phone(data)


class ReportByCodeSchema(ReportFields):
    """A report by whoever scanned a stairwell code."""


class ReportSchema(ReportFields):
    """A report by somebody signed in: with the scanned code, or on behalf of a resident of a building in their care."""

    code = Plain(1, 16, load_default=None, metadata={"description": "stairwell code"})
    building = PublicId(load_default=None, metadata={"description": "for reports taken by head or office"})
    channel = fields.Enum(
        Channel,
        by_value=True,
        load_default=None,
        metadata={"description": "how the resident told us, when `building` is given", "enum": [*STAFF_CHANNELS]},
    )

    @ma.validates_schema
    def _one_way(self, data: dict[str, Any], **_: Any) -> None:
        if (data.get("code") is None) == (data.get("building") is None):
            raise ma.ValidationError("请给出楼道码，或者（代报时）给出楼栋，二者选一。", "code")
        if data.get("use_my_phone") and data.get("building") is not None:
            raise ma.ValidationError("代报时请填居民的电话，不能用自己的。", "use_my_phone")
        if data.get("channel") is not None and data["channel"] not in STAFF_CHANNELS:
            raise ma.ValidationError("代报的方式只能是楼栋长代报、电话或书面。", "channel")


class EmergencyToldSchema(Schema):
    """A number to call before anything else."""

    key = fields.String(required=True)
    name = fields.String(required=True)
    number = fields.String(required=True, metadata={"example": "119"})
    sentence = fields.String(required=True)


class MeTooSchema(Schema):
    """What somebody adds who only joins; all of it may be left out."""

    text = Text(0, 1000, lines=True, load_default="", metadata={"description": "seen by the handlers, not neighbours"})
    spot = Text(0, 60, load_default="")
    contact = phone(metadata={"description": "optional; sealed; only handlers may open it, with a reason"})
    use_my_phone = fields.Boolean(load_default=False, metadata={"description": "as in a report"})
    photo_ids = photo_ids()
    anonymity = anonymity()

    @ma.validates_schema
    def _one_phone(self, data: dict[str, Any], **_: Any) -> None:
        one_phone(data)


class ReportedSchema(Schema):
    """The answer to a report. The claim code is shown this once."""

    id = PublicId(required=True)
    claim_code = fields.String(required=True, metadata={"description": "to follow, confirm, reopen, rate or withdraw"})
    status_url = fields.String(required=True)
    state = fields.Enum(IssueState, by_value=True, required=True)
    level = fields.Enum(Level, by_value=True, required=True)
    message = fields.String(required=True, metadata={"description": "where it went, in words"})
    urgent = fields.Boolean(required=True)
    emergency = fields.Nested(
        EmergencyToldSchema, required=True, allow_none=True, metadata={"description": "show it before anything else"}
    )


class EventSchema(Schema):
    """One line of the timeline."""

    at = fields.AwareDateTime(required=True)
    move = fields.Enum(Move, by_value=True, required=True)
    move_name = fields.String(required=True)
    to_state = fields.Enum(IssueState, by_value=True, required=True)
    level = fields.Enum(Level, by_value=True, required=True)
    role = fields.Enum(Role, by_value=True, allow_none=True, metadata={"description": "null: reporter or clock"})
    who = fields.String(required=True, metadata={"description": "the role in words; never a name"})
    text = fields.String(required=True)
    check = check_state()


class PhotoLinkSchema(Schema):
    """A photo of the issue."""

    id = PublicId(required=True)
    use = fields.String(required=True)
    width = fields.Integer(required=True)
    height = fields.Integer(required=True)
    check = check_state()


class CalledSchema(Schema):
    """A department that was called to an issue, as its reporter sees it."""

    department_name = fields.String(required=True)
    sounded_at = fields.AwareDateTime(required=True)
    sounded_by = fields.String(required=True, metadata={"description": "the role in words; never a name"})
    due_at = fields.AwareDateTime(required=True)
    signed_in_at = fields.AwareDateTime(required=True, allow_none=True)
    contacted_at = fields.AwareDateTime(required=True, allow_none=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)
    end = fields.Enum(WhistleEnd, by_value=True, required=True, allow_none=True)
    state_name = fields.String(required=True)
    report = fields.String(required=True, metadata={"description": "what the department says it did, and when"})


class JoinedSchema(Schema):
    """How the issue stands that one's own was joined to; nothing of its text, place or timeline."""

    state = fields.Enum(IssueState, by_value=True, required=True)
    level = fields.Enum(Level, by_value=True, required=True, metadata={"description": "who has it in hand"})
    outcome = fields.String(required=True)
    responsible = fields.String(required=True)
    resolved_at = fields.AwareDateTime(allow_none=True)
    ended_at = fields.AwareDateTime(allow_none=True)
    due_at = fields.AwareDateTime(allow_none=True)
    suspended_until = fields.AwareDateTime(allow_none=True)
    suspended_why = fields.String(required=True)


class JoinerSchema(Schema):
    """A report that was joined to the issue."""

    id = PublicId(required=True)
    excerpt = fields.String(required=True, metadata={"description": "the first 200 characters"})
    spot = fields.String(required=True)
    building_name = fields.String(required=True)
    reported_at = fields.AwareDateTime(required=True)
    has_contact = fields.Boolean(required=True)


class JoinersSchema(Schema):
    """What was joined to an issue, newest first, at most fifty."""

    items = fields.List(fields.Nested(JoinerSchema), required=True)


class IssueSchema(Schema):
    """An issue with its timeline."""

    id = PublicId(required=True)
    category = fields.Enum(IssueCategory, by_value=True, required=True)
    category_name = fields.String(required=True)
    state = fields.Enum(IssueState, by_value=True, required=True)
    state_name = fields.String(required=True)
    level = fields.Enum(Level, by_value=True, required=True)
    level_name = fields.String(required=True)
    topic = fields.String(required=True, metadata={"description": "key of the rule book, or empty"})
    topic_name = fields.String(required=True)
    answers = fields.List(
        fields.List(fields.String()), required=True, metadata={"description": "[[question, answer], …]"}
    )
    urgent = fields.Boolean(required=True)
    text = fields.String(required=True)
    spot = fields.String(required=True)
    channel = fields.Enum(Channel, by_value=True, required=True)
    building = PublicId(required=True)
    building_name = fields.String(required=True)
    about_head = fields.Boolean(required=True)
    has_contact = fields.Boolean(required=True)
    reported_at = fields.AwareDateTime(required=True)
    due_at = fields.AwareDateTime(allow_none=True)
    resolved_at = fields.AwareDateTime(allow_none=True)
    ended_at = fields.AwareDateTime(allow_none=True)
    outcome = fields.String(required=True)
    responsible = fields.String(required=True)
    duplicate_of = PublicId(allow_none=True)
    rework = fields.Integer(required=True)
    done_by = fields.String(required=True, metadata={"description": "who did the work, in words"})
    done_at = fields.AwareDateTime(required=True, allow_none=True)
    hands = fields.Nested(HandsSchema, required=True, metadata={"description": "who has it and by when"})
    photos = fields.List(fields.Nested(PhotoLinkSchema), required=True)
    timeline = fields.List(fields.Nested(EventSchema), required=True)
    moves = fields.List(
        fields.Enum(Move, by_value=True), required=True, metadata={"description": "what you could do with it now"}
    )
    whistles = fields.List(
        fields.Nested(CalledSchema), required=True, metadata={"description": "departments that were called"}
    )
    joiners = fields.Integer(required=True, metadata={"description": "how many reports were joined to it"})
    joined = fields.Nested(
        JoinedSchema, allow_none=True, metadata={"description": "of a report of mine that was joined"}
    )
    recurrence = fields.Integer(
        required=True, metadata={"description": "the how manieth time here within 90 days each"}
    )
    recurs_of = PublicId(allow_none=True, metadata={"description": "the earlier one; staff only"})
    common_problem = fields.String(
        required=True, metadata={"description": "the common problem it is part of, in words"}
    )


class NoteSchema(Schema):
    """A word on the timeline, seen by the reporter too."""

    text = Text(1, 1000, lines=True, required=True)


def reply(least: int = 1, most: int = 1000, **kwargs: Any) -> Text:
    """What staff tell a reporter: refused while a gap of a template is left in it."""
    field = Text(least, most, lines=True, **kwargs)
    field.validators.append(no_gap)
    return field


def no_gap(text: str) -> None:
    """Refuse a text with an unfilled gap."""
    if refusal := templates.may_send(text):
        raise ma.ValidationError(refusal.reason)


class ReplySchema(NoteSchema):
    """A word of staff on the timeline."""

    text = reply(required=True)


class OptionalNoteSchema(Schema):
    """A move that may come with a word."""

    text = Text(0, 1000, lines=True, load_default="")


class ResolveSchema(Schema):
    """What was done."""

    text = reply(required=True)
    done_by = Text(1, 80, required=True, metadata={"description": "who did it, in words: 物业电工"})
    done_at = fields.AwareDateTime(load_default=None, metadata={"description": "default: now"})
    photo_ids = photo_ids()


class DeclineSchema(Schema):
    """Why not, and who is responsible."""

    text = reply(required=True)
    responsible = Text(1, 80, required=True, metadata={"description": "who is responsible, with how to reach them"})


class JoinSchema(Schema):
    """The issue it is the same as."""

    target = PublicId(required=True)
    text = Text(0, 1000, lines=True, load_default="")


class PassUpSchema(Schema):
    """To whom, and why."""

    to_level = fields.Enum(
        Level, by_value=True, load_default=None, metadata={"description": "the next level above, and no other"}
    )
    text = reply(required=True)


class AnswersSchema(Schema):
    """The three answers of a return visit; at least one."""

    contacted = fields.Boolean(load_default=None, allow_none=True)
    solved = fields.Boolean(load_default=None, allow_none=True)
    satisfaction = fields.Enum(Satisfaction, by_value=True, load_default=None, allow_none=True)
    text = Text(0, 1000, lines=True, load_default="")


class VisitSchema(AnswersSchema):
    """The three answers, noted down after a phone call."""

    caller = Text(0, 40, load_default="", metadata={"description": "who phoned; default: whoever notes it down"})


class RevealSchema(Schema):
    """Why the reporter's phone is needed."""

    reason = Text(2, 200, required=True)


class ContactSchema(Schema):
    """The phone the reporter left."""

    contact = fields.String(required=True)
