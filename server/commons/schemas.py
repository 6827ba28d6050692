"""What common problems take and give."""

from marshmallow import fields, validate

from models.enums import CommonState, IssueCategory, IssueState
from server.core.schemas import PageQuery, Plain, PublicId, Schema, Text, page_of

ISSUES_MOST = 100


class ProblemsQuery(PageQuery):
    """Only those in one state."""

    state = fields.Enum(CommonState, by_value=True, load_default=None)


class CommonProblemInSchema(Schema):
    """A common problem to be made."""

    community = PublicId(required=True)
    category = fields.Enum(IssueCategory, by_value=True, required=True)
    topic = Plain(0, 40, load_default="", metadata={"description": "second level; empty: the whole category"})
    title = Text(2, 80, required=True, metadata={"description": "reporters of its issues read it"})
    note = Text(0, 1000, lines=True, load_default="", metadata={"description": "what is planned; reporters read it"})
    similar = fields.Boolean(load_default=True, metadata={"description": "put in whatever is like it already"})


class CommonProblemChangeSchema(Schema):
    """What it says and how it stands from now on."""

    title = Text(2, 80, required=True)
    note = Text(0, 1000, lines=True, load_default="")
    state = fields.Enum(CommonState, by_value=True, required=True)


class NamedIssuesSchema(Schema):
    """Issues of the community."""

    issues = fields.List(
        PublicId(),
        required=True,
        validate=validate.Length(1, ISSUES_MOST, error=f"一次选 1 到 {ISSUES_MOST} 件。"),
    )


class SuggestionSchema(Schema):
    """Similar issues of several buildings, worth a look together."""

    community = PublicId(required=True)
    community_name = fields.String(required=True)
    category = fields.Enum(IssueCategory, by_value=True, required=True)
    category_name = fields.String(required=True)
    topic = fields.String(required=True)
    topic_name = fields.String(required=True)
    buildings = fields.Integer(required=True)
    issues = fields.Integer(required=True)
    reason = fields.String(required=True)


class SuggestionsSchema(Schema):
    """What the rule suggests, the widest first."""

    items = fields.List(fields.Nested(SuggestionSchema), required=True)


class CommonProblemItemSchema(Schema):
    """A common problem in a list."""

    id = PublicId(required=True)
    community_name = fields.String(required=True)
    title = fields.String(required=True)
    category = fields.Enum(IssueCategory, by_value=True, required=True)
    category_name = fields.String(required=True)
    topic = fields.String(required=True)
    state = fields.Enum(CommonState, by_value=True, required=True)
    state_name = fields.String(required=True)
    buildings = fields.Integer(required=True)
    issues = fields.Integer(required=True)
    open = fields.Integer(required=True, metadata={"description": "not settled yet"})
    changed_at = fields.AwareDateTime(required=True)


CommonProblemPageSchema = page_of(CommonProblemItemSchema)


class BuildingCountSchema(Schema):
    """A building of a problem."""

    building = PublicId(required=True)
    building_name = fields.String(required=True)
    issues = fields.Integer(required=True)
    open = fields.Integer(required=True)


class CommonProblemSchema(Schema):
    """One common problem. Nobody's words are in it."""

    id = PublicId(required=True)
    version = fields.Integer(required=True, metadata={"description": "to be sent back as If-Match"})
    community = PublicId(required=True)
    community_name = fields.String(required=True)
    title = fields.String(required=True)
    note = fields.String(required=True)
    category = fields.Enum(IssueCategory, by_value=True, required=True)
    category_name = fields.String(required=True)
    topic = fields.String(required=True)
    state = fields.Enum(CommonState, by_value=True, required=True)
    state_name = fields.String(required=True)
    next_states = fields.List(fields.Enum(CommonState, by_value=True), required=True)
    created_at = fields.AwareDateTime(required=True)
    changed_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(allow_none=True)
    buildings = fields.List(fields.Nested(BuildingCountSchema), required=True)
    issues = fields.Integer(required=True)
    open = fields.Integer(required=True)
    similar = fields.Integer(required=True, metadata={"description": "like it, in none, within 90 days"})


class MemberSchema(Schema):
    """An issue of a problem, or one like it."""

    id = PublicId(required=True)
    excerpt = fields.String(required=True)
    spot = fields.String(required=True)
    building_name = fields.String(required=True)
    state = fields.Enum(IssueState, by_value=True, required=True)
    state_name = fields.String(required=True)
    reported_at = fields.AwareDateTime(required=True)
    part = fields.Boolean(required=True, metadata={"description": "it is in the problem"})


class MembersSchema(Schema):
    """The issues of a problem, then those like it; at most a hundred."""

    items = fields.List(fields.Nested(MemberSchema), required=True)
