"""What lists of issues are narrowed to, and what an issue shows in one."""

from datetime import datetime, time, timedelta
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from models.enums import Channel, IssueCategory, IssueState, Level, Triage
from server.core.schemas import PageQuery, Plain, PublicId, Schema, Text, page_of
from server.rules.calendar import SHANGHAI
from server.rules.grams import QUERY_LIMIT


def words() -> Text:
    """Words to look for."""
    told = {"description": "words that must all be found in the report, its spot, what was done or its ledger number"}
    return Text(0, QUERY_LIMIT, load_default="", metadata=told)


def flag(description: str) -> fields.Boolean:
    """A filter that is on or not."""
    return fields.Boolean(load_default=False, metadata={"description": description})


class FilterFields(Schema):
    """What a list of issues may be narrowed to; all filters hold together."""

    state = fields.Enum(IssueState, by_value=True, load_default=None)
    family = fields.String(load_default=None, validate=validate.OneOf(["open", "waiting", "ended"]))
    category = fields.Enum(IssueCategory, by_value=True, load_default=None)
    topic = Plain(1, 40, load_default=None, metadata={"description": "second level, a key of the rule book"})
    triage = fields.Enum(Triage, by_value=True, load_default=None)
    level = fields.Enum(Level, by_value=True, load_default=None, metadata={"description": "who has it in hand"})
    channel = fields.Enum(Channel, by_value=True, load_default=None)
    place = PublicId(load_default=None, metadata={"description": "street, community, grid, estate or building"})
    building = PublicId(load_default=None)
    department = PublicId(load_default=None, metadata={"description": "that was whistled to"})
    since = fields.Date(load_default=None, metadata={"description": "first day of reporting, in Shanghai"})
    until = fields.Date(load_default=None, metadata={"description": "last day of reporting, in Shanghai"})
    urgent = flag("urgent ones")
    overdue = flag("open, past their due, not suspended")
    suspended = flag("suspended now")
    reworked = flag("the reporter said 还没好 at least once")
    pushed_back = flag("sent back at least once")
    mine = flag("handed to me, and not ended")
    q = words()

    @ma.post_load
    def _days(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Days of Shanghai as moments, [since, until)."""
        try:
            if data["since"] is not None:
                data["since"] = datetime.combine(data["since"], time(), SHANGHAI)
            if data["until"] is not None:
                data["until"] = datetime.combine(data["until"] + timedelta(days=1), time(), SHANGHAI)
        except OverflowError:
            raise ma.ValidationError("日期太远了。", "until") from None
        if data["since"] is not None and data["since"].year < 2000:
            raise ma.ValidationError("日期太早了。", "since")
        return data


class IssueQuery(PageQuery, FilterFields):
    """Filters of the ledger."""


class ExportQuery(FilterFields):
    """The ledger's filters."""


class ExportTextQuery(FilterFields):
    """The ledger's filters, and why the words are needed."""

    reason = Text(2, 200, required=True)


class OwnIssueQuery(IssueQuery):
    """Filters of one's own reports."""

    class Meta:
        exclude = ("topic", "triage", "channel", "department", "pushed_back", "mine")


class IssueItemSchema(Schema):
    """An issue in a list."""

    id = PublicId(required=True)
    category = fields.Enum(IssueCategory, by_value=True, required=True)
    topic_name = fields.String(required=True)
    state = fields.Enum(IssueState, by_value=True, required=True)
    state_name = fields.String(required=True)
    level = fields.Enum(Level, by_value=True, required=True)
    triage = fields.Enum(Triage, by_value=True, required=True, allow_none=True)
    urgent = fields.Boolean(required=True)
    excerpt = fields.String(required=True, metadata={"description": "the first 60 characters"})
    spot = fields.String(required=True)
    building = PublicId(required=True)
    building_name = fields.String(required=True)
    reported_at = fields.AwareDateTime(required=True)
    due_at = fields.AwareDateTime(required=True, allow_none=True)
    overdue = fields.Boolean(required=True)
    suspended = fields.Boolean(required=True)
    assigned = fields.Boolean(required=True, metadata={"description": "handed to one person of the level"})
    rework = fields.Integer(required=True)


IssuePageSchema = page_of(IssueItemSchema)
