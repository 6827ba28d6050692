"""What the ledger's figures, files and templates take and give."""

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from models.enums import Level, PlaceKind
from server.core.schemas import MonthField, PublicId, Schema, Text
from server.rules.figures import Key, Period, of_days, of_month
from server.rules.templates import TEXT_LIMIT, TITLE_LIMIT, ReplyKind

BY = (PlaceKind.COMMUNITY, PlaceKind.GRID, PlaceKind.BUILDING)


class FiguresQuery(Schema):
    """A place and a period: a month, or days of Shanghai, both counted. Default: this month, the place of my first post."""

    place = PublicId(load_default=None)
    month = MonthField(load_default=None)
    since = fields.Date(load_default=None)
    until = fields.Date(load_default=None)
    by = fields.Enum(PlaceKind, by_value=True, load_default=None, validate=validate.OneOf(BY, error="不能这样列。"))

    @ma.post_load
    def _period(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        month, since, until = data.pop("month"), data.pop("since"), data.pop("until")
        data["period"] = _period(month, since, until)
        return data


def _period(month: int | None, since: Any, until: Any) -> Period | None:
    if month is not None and (since or until):
        raise ma.ValidationError("月份和日期二者选一。", "month")
    if month is not None:
        return of_month(month)
    if since is None and until is None:
        return None
    if since is None or until is None:
        raise ma.ValidationError("开始和结束的日期要一起填。", "until" if until is None else "since")
    try:
        return of_days(since, until)
    except (ValueError, OverflowError) as error:
        raise ma.ValidationError(str(error) if isinstance(error, ValueError) else "日期太远了。", "until") from None


class FigureSchema(Schema):
    """A share: `part` of `whole`, and how it is said; no share where there was nothing to take one of."""

    key = fields.Enum(Key, by_value=True, required=True)
    name = fields.String(required=True, attribute="key.zh")
    part = fields.Integer(required=True)
    whole = fields.Integer(required=True)
    share = fields.String(required=True, allow_none=True)
    thin = fields.Boolean(required=True, metadata={"description": "fewer than 5 cases: says little"})


class CountsSchema(Schema):
    """What the shares rest on."""

    reported = fields.Integer(required=True)
    left_out = fields.Integer(required=True, metadata={"description": "withdrawn or joined"})
    above = fields.Integer(required=True, metadata={"description": "with or settled by somebody above the community"})
    declined = fields.Integer(required=True)
    median_acceptance = fields.Integer(
        required=True, allow_none=True, metadata={"description": "seconds until accepted, the median"}
    )


class ToldSchema(Schema):
    """A place with its figures."""

    id = PublicId(required=True, allow_none=True)
    name = fields.String(required=True)
    counts = fields.Nested(CountsSchema, required=True)
    figures = fields.List(fields.Nested(FigureSchema), required=True)


class LevelSchema(Schema):
    """A level's own clocks."""

    level = fields.Enum(Level, by_value=True, required=True)
    figures = fields.List(fields.Nested(FigureSchema), required=True)


class DefinitionSchema(Schema):
    """What a figure says, in words."""

    key = fields.Enum(Key, by_value=True, required=True)
    numerator = fields.String(required=True)
    denominator = fields.String(required=True)
    left_out = fields.String(required=True)
    source = fields.String(required=True)


class PeriodSchema(Schema):
    """[since, until)."""

    since = fields.AwareDateTime(required=True)
    until = fields.AwareDateTime(required=True)


class FiguresSchema(Schema):
    """The figures of a place and a period."""

    place = PublicId(required=True)
    place_name = fields.String(required=True)
    period = fields.Nested(PeriodSchema, required=True)
    by = fields.Enum(PlaceKind, by_value=True, required=True, allow_none=True)
    whole = fields.Nested(ToldSchema, required=True)
    levels = fields.List(fields.Nested(LevelSchema), required=True)
    parts = fields.List(fields.Nested(ToldSchema), required=True)
    definitions = fields.List(fields.Nested(DefinitionSchema), required=True)


class TemplateFields(Schema):
    """A template's own words."""

    title = Text(1, TITLE_LIMIT, required=True)
    text = Text(1, TEXT_LIMIT, lines=True, required=True, metadata={"description": "gaps in braces: {谁}于{何时}…"})


class NewTemplateSchema(TemplateFields):
    """A template and the office it is for."""

    place = PublicId(load_default=None, metadata={"description": "default: my own office"})


class TemplateSchema(Schema):
    """A template one is offered."""

    id = fields.String(required=True, metadata={"description": "public id, or the key of a shipped one"})
    title = fields.String(required=True)
    text = fields.String(required=True)
    gaps = fields.List(fields.String(), required=True, metadata={"description": "to be filled in before sending"})
    kind = fields.Enum(ReplyKind, by_value=True, required=True, allow_none=True)
    place_name = fields.String(required=True)
    own = fields.Boolean(required=True, metadata={"description": "I may change it"})
    version = fields.Integer(required=True)


class TemplatesSchema(Schema):
    """All I am offered."""

    items = fields.List(fields.Nested(TemplateSchema), required=True)
