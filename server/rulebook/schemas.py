"""What reading, changing and trying a rule book takes and gives."""

from marshmallow import fields

from models.enums import IssueCategory, Level, PlaceKind, Role, Triage
from server.core.schemas import Plain, PublicId, Schema, Text, page_of
from server.rules.book import Ask

TEXT_MOST = 4000


class OfferedQuestionSchema(Schema):
    """A question to whoever reports."""

    text = fields.String(required=True)
    ask = fields.Enum(Ask, by_value=True, required=True)
    choices = fields.List(fields.String(), required=True)
    required = fields.Boolean(required=True)


class OfferedTopicSchema(Schema):
    """The second level of what may be reported."""

    key = fields.String(required=True)
    name = fields.String(required=True)
    urgent = fields.Boolean(required=True)
    emergency = fields.String(required=True, metadata={"description": "key of an emergency, or empty"})
    questions = fields.List(fields.Nested(OfferedQuestionSchema), required=True)


class OfferedKindSchema(Schema):
    """A category with its topics."""

    category = fields.Enum(IssueCategory, by_value=True, required=True)
    name = fields.String(required=True)
    topics = fields.List(fields.Nested(OfferedTopicSchema), required=True)


class EmergencySchema(Schema):
    """Call this number first."""

    key = fields.String(required=True)
    name = fields.String(required=True)
    number = fields.String(required=True, metadata={"example": "119"})
    sentence = fields.String(required=True)


class OfferedSchema(Schema):
    """What may be reported here, and which emergencies call a number first."""

    kinds = fields.List(fields.Nested(OfferedKindSchema), required=True)
    emergencies = fields.List(fields.Nested(EmergencySchema), required=True)


class EmergencyCheckSchema(Schema):
    """A text being written."""

    text = Text(0, TEXT_MOST, lines=True, load_default="")
    topic = Plain(0, 40, load_default="", metadata={"description": "key of the chosen topic"})


class EmergencyCheckedSchema(Schema):
    """Whether a number should be called before anything is sent."""

    emergency = fields.Nested(EmergencySchema, allow_none=True)


class BookVersionSchema(Schema):
    """One published version."""

    id = PublicId(required=True)
    version = fields.Integer(required=True)
    note = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    created_role = fields.Enum(Role, by_value=True, allow_none=True)


BookVersionPageSchema = page_of(BookVersionSchema)


def _content() -> fields.Dict:
    told = {"description": "see docs/rules.md: kinds, topics, emergencies, words, clocks, office hours"}
    return fields.Dict(keys=fields.String(), required=True, metadata=told)


class BookSchema(Schema):
    """The book that holds at a place."""

    place = PublicId(required=True)
    place_name = fields.String(required=True)
    kind = fields.Enum(PlaceKind, by_value=True, required=True)
    version = fields.Integer(required=True, metadata={"description": "of the place's own book; 0: it has none"})
    of = PublicId(allow_none=True, metadata={"description": "whose book holds here; null: the shipped one"})
    of_name = fields.String(required=True)
    may_edit = fields.Boolean(required=True)
    latest = fields.Nested(BookVersionSchema, allow_none=True)
    content = _content()


class PublishSchema(Schema):
    """A new version, whole."""

    content = _content()
    note = Text(2, 200, required=True, metadata={"description": "what was changed and why"})


class TrySchema(Schema):
    """A report that is not filed."""

    building = PublicId(required=True)
    text = Text(0, TEXT_MOST, lines=True, load_default="")
    category = fields.Enum(IssueCategory, by_value=True, load_default=None)
    topic = Plain(0, 40, load_default="")
    about_head = fields.Boolean(load_default=False)


class TriedSchema(Schema):
    """Where it would go, by when, and why."""

    category = fields.Enum(IssueCategory, by_value=True, required=True)
    topic = fields.String(required=True)
    topic_name = fields.String(required=True)
    guessed = fields.Boolean(required=True, metadata={"description": "the topic was found in the text"})
    urgent = fields.Boolean(required=True)
    emergency = fields.Nested(EmergencySchema, allow_none=True)
    triage = fields.Enum(Triage, by_value=True, required=True)
    level = fields.Enum(Level, by_value=True, required=True)
    department = fields.String(required=True)
    sign_in_due_at = fields.AwareDateTime(allow_none=True)
    contact_due_at = fields.AwareDateTime(allow_none=True)
    due_at = fields.AwareDateTime(allow_none=True)
    why = fields.List(fields.String(), required=True, metadata={"description": "every step, in Chinese"})
