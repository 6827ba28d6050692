"""What the duty book takes and gives."""

from marshmallow import fields, validate

from models.enums import DutyGroup, DutyState, PhotoUse
from server.core.schemas import MonthField, PageQuery, PublicId, Schema, Text, page_of

PHOTOS_MOST = 6


class ItemSchema(Schema):
    """One of the duties."""

    id = PublicId(required=True)
    group = fields.Enum(DutyGroup, by_value=True, required=True)
    group_name = fields.String(required=True)
    title = fields.String(required=True)


class ItemsSchema(Schema):
    """All duties in use, in the office's order."""

    items = fields.List(fields.Nested(ItemSchema), required=True)


class RecordInSchema(Schema):
    """A duty done."""

    item = PublicId(required=True)
    done_on = fields.Date(required=True, metadata={"description": "this month or last, not in the future"})
    text = Text(1, 500, lines=True, required=True, metadata={"description": "what was done; no personal names"})
    building = PublicId(load_default=None, metadata={"description": "needed by who heads several buildings"})
    photo_ids = fields.List(
        PublicId(),
        load_default=list,
        validate=validate.Length(max=PHOTOS_MOST, error=f"最多 {PHOTOS_MOST} 张照片。"),
        metadata={"description": "photos uploaded before; never required"},
    )


class RecordPhotoSchema(Schema):
    """A photo of a duty done."""

    id = PublicId(required=True)
    use = fields.Enum(PhotoUse, by_value=True, required=True)
    width = fields.Integer(required=True)
    height = fields.Integer(required=True)


class RecordRowSchema(Schema):
    """A duty record in a list."""

    id = PublicId(required=True)
    item = PublicId(required=True)
    title = fields.String(required=True)
    group = fields.Enum(DutyGroup, by_value=True, required=True)
    group_name = fields.String(required=True)
    building = PublicId(required=True)
    building_name = fields.String(required=True)
    month = MonthField(required=True)
    done_on = fields.Date(required=True)
    text = fields.String(required=True)
    state = fields.Enum(DutyState, by_value=True, required=True)
    state_name = fields.String(required=True)
    decision = fields.String(required=True, metadata={"description": "the community's reason"})
    decided_at = fields.AwareDateTime(required=True, allow_none=True)
    created_at = fields.AwareDateTime(required=True)
    mine = fields.Boolean(required=True)
    version = fields.Integer(required=True)


class RecordSchema(RecordRowSchema):
    """A duty record with its photos."""

    photos = fields.List(fields.Nested(RecordPhotoSchema), required=True)


RecordPageSchema = page_of(RecordRowSchema)


class RecordQuery(PageQuery):
    """Which records to list."""

    month = MonthField(load_default=None, metadata={"description": "default: the current month"})
    building = PublicId(load_default=None)
    state = fields.Enum(DutyState, by_value=True, load_default=None)


class DecisionSchema(Schema):
    """Whether a record counts, and why not."""

    state = fields.Enum(
        DutyState,
        by_value=True,
        required=True,
        validate=validate.OneOf([DutyState.ACCEPTED, DutyState.REJECTED], error="只能是 accepted 或 rejected。"),
        metadata={"enum": [DutyState.ACCEPTED.value, DutyState.REJECTED.value]},
    )
    reason = Text(0, 200, load_default="", metadata={"description": "needed to reject, and to change an earlier word"})
