"""What months, scores and deductions take and give. Points are integers in thousandths; `…_shown` is for reading."""

from marshmallow import fields

from models.enums import Component, MonthState, Satisfaction, StandingState
from server.core.schemas import MonthField, PageQuery, PublicId, Schema, Text, between, page_of

MOST_POINTS = 10_000
MOST_VERSIONS = 9999


class VersionSchema(Schema):
    """One version of a month: the first, or a correction of the one before."""

    version = fields.Integer(required=True)
    state = fields.Enum(MonthState, by_value=True, required=True)
    state_name = fields.String(required=True)
    in_force = fields.Boolean(required=True, metadata={"description": "this one counts; given without ?version="})
    correction_reason = fields.String(required=True, metadata={"description": "empty for version 1"})
    notice_ends_at = fields.AwareDateTime(required=True, allow_none=True)
    sealed_at = fields.AwareDateTime(required=True, allow_none=True)
    published_at = fields.AwareDateTime(required=True, allow_none=True)
    manifest_hash = fields.String(required=True, metadata={"description": "SHA-256 once sealed; else empty"})


class MonthSchema(Schema):
    """A community's month in one version."""

    community = PublicId(required=True)
    community_name = fields.String(required=True)
    month = MonthField(required=True)
    version = fields.Integer(required=True, metadata={"description": "2 and on: a correction of a sealed month"})
    state = fields.Enum(MonthState, by_value=True, required=True)
    state_name = fields.String(required=True)
    rule_set = fields.String(required=True)
    rule_set_version = fields.Integer(required=True)
    drafted_at = fields.AwareDateTime(required=True)
    notice_opened_at = fields.AwareDateTime(required=True, allow_none=True)
    notice_ends_at = fields.AwareDateTime(required=True, allow_none=True)
    sealed_at = fields.AwareDateTime(required=True, allow_none=True)
    published_at = fields.AwareDateTime(required=True, allow_none=True)
    manifest_hash = fields.String(required=True, metadata={"description": "SHA-256 of the sealed month; else empty"})
    correction_reason = fields.String(required=True, metadata={"description": "why this version; empty for version 1"})


class MonthWithVersionsSchema(MonthSchema):
    """A community's month, and in which versions it may be read."""

    versions = fields.List(fields.Nested(VersionSchema), required=True, metadata={"description": "oldest first"})


MonthPageSchema = page_of(MonthWithVersionsSchema)


def _version() -> fields.Integer:
    return fields.Integer(
        load_default=None,
        validate=between(1, MOST_VERSIONS),
        metadata={"description": "default: the version in force"},
    )


class VersionQuery(Schema):
    """Which version of a month."""

    version = _version()


class EvidenceQuery(PageQuery):
    """Which rows of the evidence, and of which version's line."""

    version = _version()


class CorrectSchema(Schema):
    """Why a sealed month is corrected."""

    reason = Text(1, 200, required=True, metadata={"description": "shown to the heads; no personal names"})


class MonthsQuery(PageQuery):
    """Which months to list."""

    community = PublicId(load_default=None)
    month = MonthField(load_default=None)


class MovedSchema(Schema):
    """A month after a move, and what was done, in words."""

    month = fields.Nested(MonthWithVersionsSchema, required=True)
    message = fields.String(required=True)


class StandingSchema(Schema):
    """A building's place in its community's month."""

    building = PublicId(required=True)
    building_name = fields.String(required=True)
    total = fields.Integer(required=True)
    total_shown = fields.String(
        required=True, metadata={"example": "85.714", "description": "数据不足 when data are thin"}
    )
    state = fields.Enum(StandingState, by_value=True, required=True)
    rank = fields.Integer(required=True, allow_none=True, metadata={"description": "null when data are thin"})
    tied = fields.Boolean(required=True)
    red_flag = fields.Boolean(required=True)
    reason = fields.String(required=True)


class RankingSchema(Schema):
    """A community's month with its ranking, best first; buildings with thin data last."""

    month = fields.Nested(MonthWithVersionsSchema, required=True)
    standings = fields.List(fields.Nested(StandingSchema), required=True)
    flags_are_final = fields.Boolean(required=True, metadata={"description": "red flags are proposals until published"})


class LineSchema(Schema):
    """A part of a score and why it is what it is."""

    component = fields.Enum(Component, by_value=True, required=True)
    component_name = fields.String(required=True)
    points = fields.Integer(required=True)
    points_shown = fields.String(required=True, metadata={"description": "数据不足 when the part is thin"})
    weight = fields.Integer(required=True, metadata={"description": "most this part can bring this month"})
    weight_shown = fields.String(required=True)
    thin = fields.Boolean(required=True, metadata={"description": "数据不足: not zero, its weight moved"})
    reason = fields.String(required=True)
    would_raise = fields.String(required=True)
    steps = fields.List(fields.String(), required=True)
    rule_id = fields.String(required=True)
    rule_version = fields.Integer(required=True)
    evidence = fields.String(required=True, metadata={"description": "API path of the rows behind it"})


class BuildingScoreSchema(Schema):
    """A building's month, line by line."""

    building = PublicId(required=True)
    building_name = fields.String(required=True)
    month = fields.Nested(MonthSchema, required=True)
    total = fields.Integer(required=True)
    total_shown = fields.String(required=True, metadata={"description": "数据不足 when data are thin"})
    state = fields.Enum(StandingState, by_value=True, required=True)
    rank = fields.Integer(required=True, allow_none=True)
    ranked_buildings = fields.Integer(required=True, allow_none=True)
    tied = fields.Boolean(required=True)
    red_flag = fields.Boolean(required=True)
    reason = fields.String(required=True)
    lines = fields.List(fields.Nested(LineSchema), required=True)


class MineQuery(Schema):
    """Which month of my building; default: the latest."""

    month = MonthField(load_default=None)
    building = PublicId(load_default=None, metadata={"description": "needed by who heads several buildings"})
    version = _version()


class EvidenceItemSchema(Schema):
    """One row behind a line."""

    id = PublicId(required=True, allow_none=True)
    link = fields.String(required=True, metadata={"description": "API path of the thing itself; may be empty"})
    on = fields.Date(required=True)
    title = fields.String(required=True)
    text = fields.String(required=True)
    contacted = fields.Boolean(required=True, allow_none=True)
    solved = fields.Boolean(required=True, allow_none=True)
    satisfaction = fields.Enum(Satisfaction, by_value=True, required=True, allow_none=True)
    points = fields.Integer(required=True, allow_none=True, metadata={"description": "of a deduction"})


class EvidencePageSchema(Schema):
    """A page of the rows behind a line."""

    items = fields.List(fields.Nested(EvidenceItemSchema), required=True)
    next_cursor = fields.String(allow_none=True, metadata={"description": "null on the last page"})
    not_shown = fields.Integer(required=True, metadata={"description": "rows that counted and are not for this reader"})
    may_differ = fields.Boolean(
        required=True,
        metadata={"description": "these are the rows of now: a draft's, or a version's that was corrected later"},
    )


class ReviewSchema(Schema):
    """A building for which an appointment review is due: the rule's reason, and where help would begin."""

    building = PublicId(required=True)
    building_name = fields.String(required=True)
    reason = fields.String(required=True)
    first_step = fields.String(required=True, metadata={"description": "of the support plan; may be empty"})


class ReviewsSchema(Schema):
    """The appointment reviews a month asks for. People decide what comes of them."""

    items = fields.List(fields.Nested(ReviewSchema), required=True)


class DeductionInSchema(Schema):
    """Points taken off a building's month."""

    building = PublicId(required=True)
    month = MonthField(required=True)
    points = fields.Integer(
        strict=True, required=True, validate=between(1, MOST_POINTS), metadata={"description": "thousandths"}
    )
    reason = Text(1, 200, required=True, metadata={"description": "shown to the head; no personal names"})
    evidence = Text(1, 500, lines=True, required=True, metadata={"description": "what shows it; no personal names"})


class DeductionSchema(Schema):
    """A deduction and, if it was taken back, why."""

    id = PublicId(required=True)
    building = PublicId(required=True)
    building_name = fields.String(required=True)
    month = MonthField(required=True)
    points = fields.Integer(required=True)
    points_shown = fields.String(required=True)
    reason = fields.String(required=True)
    evidence = fields.String(required=True)
    entered_at = fields.AwareDateTime(required=True)
    cancelled_at = fields.AwareDateTime(required=True, allow_none=True)
    cancel_reason = fields.String(required=True)


DeductionPageSchema = page_of(DeductionSchema)


class DeductionsQuery(PageQuery):
    """Which deductions to list."""

    month = MonthField(load_default=None, metadata={"description": "default: the current month"})
    building = PublicId(load_default=None)


class CancelSchema(Schema):
    """Why a deduction is taken back."""

    reason = Text(1, 200, required=True)
