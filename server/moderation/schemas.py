"""What the review queue and the public list take and give."""

from marshmallow import fields

from models.enums import CheckedBy, CheckState, HeldFor, IssueCategory, IssueState
from server.core.schemas import PageQuery, PublicId, Schema, Text, page_of


class CheckQuery(PageQuery):
    """Which checks: by default those that wait for a person; `passed` gives samples to look over."""

    state = fields.Enum(CheckState, by_value=True, load_default=CheckState.QUEUED)


class CheckSchema(Schema):
    """One text or photo and how its check stands."""

    id = PublicId(required=True)
    version = fields.Integer(required=True, metadata={"description": "to be sent back as If-Match"})
    state = fields.Enum(CheckState, by_value=True, required=True)
    state_name = fields.String(required=True)
    label = fields.Enum(HeldFor, by_value=True, allow_none=True, metadata={"description": "what it was held for"})
    label_name = fields.String(required=True)
    checked_by = fields.Enum(CheckedBy, by_value=True, allow_none=True)
    checked_by_name = fields.String(required=True)
    text = fields.String(required=True, metadata={"description": "empty when it is a photo"})
    spot = fields.String(required=True)
    photo = PublicId(allow_none=True, metadata={"description": "see GET /photos/{photo}"})
    width = fields.Integer(allow_none=True)
    height = fields.Integer(allow_none=True)
    issue = PublicId(required=True)
    category = fields.Enum(IssueCategory, by_value=True, required=True)
    category_name = fields.String(required=True)
    building = PublicId(required=True)
    building_name = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    decided_at = fields.AwareDateTime(allow_none=True)
    reason = fields.String(required=True)
    shows = fields.Boolean(required=True, metadata={"description": "whether neighbours see it once it passes"})


CheckPageSchema = page_of(CheckSchema)


class DecideSchema(Schema):
    """May the public see it? Withholding and overturning are said with a reason."""

    passes = fields.Boolean(required=True, data_key="pass")
    reason = Text(0, 200, load_default="")


class PublicPhotoSchema(Schema):
    """A photo that passed."""

    id = PublicId(required=True, metadata={"description": "see GET /codes/{code}/photos/{photo}"})
    width = fields.Integer(required=True)
    height = fields.Integer(required=True)


class PublicIssuesQuery(Schema):
    """Only those of one category: what somebody is about to report may be there already."""

    category = fields.Enum(IssueCategory, by_value=True, load_default=None)


class PublicIssueSchema(Schema):
    """An open issue as its neighbours may see it. Words and photos only after they passed; otherwise its category alone."""

    id = PublicId(required=True, metadata={"description": "for POST /codes/{code}/issues/{issue}/join, nothing else"})
    category = fields.Enum(IssueCategory, by_value=True, required=True)
    category_name = fields.String(required=True)
    state = fields.Enum(IssueState, by_value=True, required=True)
    state_name = fields.String(required=True)
    since = fields.Date(required=True, metadata={"description": "the day in Shanghai; never the minute"})
    excerpt = fields.String(required=True, metadata={"description": "at most 60 characters; doors and numbers masked"})
    spot = fields.String(required=True)
    photos = fields.List(fields.Nested(PublicPhotoSchema), required=True)
    joined = fields.Integer(required=True, metadata={"description": "how many neighbours said 我也遇到"})


class PublicIssuesSchema(Schema):
    """What is open in a building."""

    items = fields.List(fields.Nested(PublicIssueSchema), required=True)
