"""What the star book takes and gives."""

from marshmallow import fields, validate

from models.enums import PhotoUse
from models.survey import STARS
from server.core.schemas import MonthField, PageQuery, PublicId, Schema, Text, between, page_of

PHOTOS_MOST = 6


def _stars(what: str) -> fields.Integer:
    return fields.Integer(strict=True, required=True, validate=between(1, STARS), metadata={"description": what})


class InspectionInSchema(Schema):
    """What the office saw: 1–5 stars for each aspect."""

    stairwell = _stars("楼道环境")
    safety = _stars("安全")
    care = _stars("关爱帮扶")
    neighbours = _stars("政策宣传与邻里")
    note = Text(0, 500, lines=True, load_default="", metadata={"description": "what was seen; no personal names"})
    photo_ids = fields.List(
        PublicId(),
        load_default=list,
        validate=validate.Length(max=PHOTOS_MOST, error=f"最多 {PHOTOS_MOST} 张照片。"),
        metadata={"description": "photos uploaded before; added to those already there"},
    )


class EvidencePhotoSchema(Schema):
    """A photo taken as evidence."""

    id = PublicId(required=True)
    use = fields.Enum(PhotoUse, by_value=True, required=True)
    width = fields.Integer(required=True)
    height = fields.Integer(required=True)


class InspectionRowSchema(Schema):
    """A building and its inspection of the month; everything from `stairwell` on is null while it is missing."""

    building = PublicId(required=True)
    building_name = fields.String(required=True)
    month = MonthField(required=True)
    done = fields.Boolean(required=True)
    stairwell = fields.Integer(required=True, allow_none=True)
    safety = fields.Integer(required=True, allow_none=True)
    care = fields.Integer(required=True, allow_none=True)
    neighbours = fields.Integer(required=True, allow_none=True)
    note = fields.String(required=True, allow_none=True)
    inspected_at = fields.AwareDateTime(required=True, allow_none=True)
    version = fields.Integer(required=True, allow_none=True)


class InspectionSchema(InspectionRowSchema):
    """A building's inspection with its photos."""

    photos = fields.List(fields.Nested(EvidencePhotoSchema), required=True)


InspectionPageSchema = page_of(InspectionRowSchema)


class InspectionQuery(PageQuery):
    """Which inspections to list."""

    month = MonthField(load_default=None, metadata={"description": "default: the current month"})
    community = PublicId(load_default=None, metadata={"description": "a place to narrow to"})
    missing = fields.Boolean(load_default=None, metadata={"description": "only those still missing (or not)"})
