"""What whistling takes and gives."""

from marshmallow import fields, validate

from models.enums import IssueCategory, IssueState, Move, Satisfaction, WhistleEnd
from server.core.schemas import MonthField, PageQuery, PublicId, Schema, Text, page_of
from server.rules.whistling import MOST_CALLED

_HOW_MANY = f"请选择 1 到 {MOST_CALLED} 个部门。"
TEXT_LIMIT = 900  # with the day it was done in front, a report still fits its column


class WhistleSchema(Schema):
    """A department called to an issue, and how it answered."""

    id = PublicId(required=True)
    issue = PublicId(required=True)
    department = PublicId(required=True)
    department_name = fields.String(required=True)
    reason = fields.String(required=True, metadata={"description": "what the department is asked for"})
    sounded_at = fields.AwareDateTime(required=True)
    sounded_by = fields.String(required=True, metadata={"description": "the role in words; never a name"})
    sign_in_due_at = fields.AwareDateTime(required=True)
    signed_in_at = fields.AwareDateTime(required=True, allow_none=True)
    contact_due_at = fields.AwareDateTime(required=True)
    contacted_at = fields.AwareDateTime(required=True, allow_none=True)
    due_at = fields.AwareDateTime(required=True, metadata={"description": "report back by"})
    state_name = fields.String(required=True)
    overdue = fields.Boolean(required=True, metadata={"description": "not, or not in time, reported back"})
    ended_at = fields.AwareDateTime(required=True, allow_none=True)
    end = fields.Enum(WhistleEnd, by_value=True, required=True, allow_none=True)
    report = fields.String(required=True, metadata={"description": "what the department says it did, and when"})
    pushed_back_why = fields.String(required=True)
    urged = fields.Integer(required=True)
    urged_at = fields.AwareDateTime(required=True, allow_none=True)
    rating = fields.Enum(Satisfaction, by_value=True, required=True, allow_none=True)
    rating_text = fields.String(required=True)
    rated_at = fields.AwareDateTime(required=True, allow_none=True)
    moves = fields.List(
        fields.Enum(Move, by_value=True), required=True, metadata={"description": "what you could do with it now"}
    )


class WhistlesSchema(Schema):
    """The whistles of one issue."""

    items = fields.List(fields.Nested(WhistleSchema), required=True)


class SoundSchema(Schema):
    """Which departments are called, and for what."""

    departments = fields.List(
        PublicId(),
        required=True,
        validate=validate.Length(1, MOST_CALLED, error=_HOW_MANY),
        error_messages={"required": _HOW_MANY},
    )
    text = Text(1, 1000, lines=True, required=True, metadata={"description": "what they are asked to do"})
    short = fields.Boolean(
        load_default=False, metadata={"description": "report back within three working days instead of five"}
    )


class WordSchema(Schema):
    """A word that may come with an answer."""

    text = Text(0, 1000, lines=True, load_default="")


class WhistleReasonSchema(Schema):
    """Why."""

    text = Text(2, 200, lines=True, required=True)


class ReportBackSchema(Schema):
    """What the department did, and on which day."""

    text = Text(1, TEXT_LIMIT, lines=True, required=True)
    done_on = fields.Date(required=True)


class RatingSchema(Schema):
    """How satisfied the caller is with the department."""

    rating = fields.Enum(Satisfaction, by_value=True, required=True)
    text = Text(0, 200, load_default="")


class WhistleQuery(PageQuery):
    """Which whistles."""

    state = fields.String(load_default=None, validate=validate.OneOf(["open", "overdue", "ended"]))
    department = PublicId(load_default=None)


class WhistleItemSchema(Schema):
    """A whistle in a list."""

    id = PublicId(required=True)
    issue = PublicId(required=True)
    category = fields.Enum(IssueCategory, by_value=True, required=True)
    excerpt = fields.String(required=True, metadata={"description": "the first 60 characters of the issue"})
    urgent = fields.Boolean(required=True)
    building = PublicId(required=True)
    building_name = fields.String(required=True)
    department_name = fields.String(required=True)
    sounded_at = fields.AwareDateTime(required=True)
    sounded_by = fields.String(required=True)
    sign_in_due_at = fields.AwareDateTime(required=True)
    signed_in_at = fields.AwareDateTime(required=True, allow_none=True)
    due_at = fields.AwareDateTime(required=True)
    state_name = fields.String(required=True)
    overdue = fields.Boolean(required=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)
    end = fields.Enum(WhistleEnd, by_value=True, required=True, allow_none=True)
    urged = fields.Integer(required=True)
    issue_state = fields.Enum(IssueState, by_value=True, required=True)


WhistlePageSchema = page_of(WhistleItemSchema)


class FiguresQuery(Schema):
    """Which month's whistles."""

    month = MonthField(required=True)


class DepartmentFiguresSchema(Schema):
    """One department's month. Every share is a pair: how many, of how many."""

    department = PublicId(required=True)
    department_name = fields.String(required=True)
    whistles = fields.Integer(required=True)
    called_off = fields.Integer(required=True)
    signed_in_on_time = fields.Integer(required=True)
    sign_in_counted = fields.Integer(required=True)
    contacted_on_time = fields.Integer(required=True)
    contact_counted = fields.Integer(required=True)
    reported_on_time = fields.Integer(required=True)
    report_counted = fields.Integer(required=True)
    pushed_back = fields.Integer(required=True)
    urged = fields.Integer(required=True)
    overdue = fields.Integer(required=True)
    overdue_days = fields.Integer(required=True)
    open = fields.Integer(required=True)
    satisfied = fields.Integer(required=True)
    fairly = fields.Integer(required=True)
    unsatisfied = fields.Integer(required=True)


class DepartmentDefinitionSchema(Schema):
    """What a figure means."""

    name = fields.String(required=True)
    title = fields.String(required=True)
    meaning = fields.String(required=True)


class DepartmentReportSchema(Schema):
    """The report on departments: a month's figures, and what each means."""

    month = MonthField(required=True)
    items = fields.List(fields.Nested(DepartmentFiguresSchema), required=True)
    definitions = fields.List(fields.Nested(DepartmentDefinitionSchema), required=True)
