"""What the place tree takes and gives."""

from marshmallow import ValidationError, fields, validates_schema

from models.enums import CodeEnd, PlaceKind, Role
from server.core.schemas import File, PageQuery, PublicId, Schema, Text, page_of
from server.places.layout import CODE_LIMIT, NAME_LIMIT
from server.places.posters import Size

NOTE_LIMIT = 80


class AncestorSchema(Schema):
    """A place above."""

    id = PublicId(required=True)
    kind = fields.Enum(PlaceKind, by_value=True, required=True)
    name = fields.String(required=True)


class PlaceItemSchema(Schema):
    """A place in a list."""

    id = PublicId(required=True)
    kind = fields.Enum(PlaceKind, by_value=True, required=True)
    kind_name = fields.String(required=True)
    code = fields.String(required=True, metadata={"description": "the office's own code"})
    name = fields.String(required=True)
    parent = PublicId(required=True, allow_none=True)
    parent_name = fields.String(required=True, allow_none=True)
    closed_at = fields.AwareDateTime(required=True, allow_none=True, metadata={"description": "takes no new reports"})


class PlaceSchema(Schema):
    """A place with what lies above it, from the district down."""

    id = PublicId(required=True)
    kind = fields.Enum(PlaceKind, by_value=True, required=True)
    kind_name = fields.String(required=True)
    code = fields.String(required=True, metadata={"description": "the office's own code"})
    name = fields.String(required=True)
    ancestors = fields.List(fields.Nested(AncestorSchema), required=True)
    created_at = fields.AwareDateTime(required=True)
    closed_at = fields.AwareDateTime(required=True, allow_none=True)
    version = fields.Integer(required=True)


PlacePageSchema = page_of(PlaceItemSchema)


class PlaceQuery(PageQuery):
    """Which places."""

    parent = PublicId(load_default=None, metadata={"description": "only its children"})
    kind = fields.Enum(PlaceKind, by_value=True, load_default=None)
    q = Text(0, 40, load_default=None, metadata={"description": "part of the name, or the start of the code"})


class NewPlaceSchema(Schema):
    """A place to register."""

    parent = PublicId(required=True)
    kind = fields.Enum(PlaceKind, by_value=True, required=True)
    code = Text(1, CODE_LIMIT, required=True)
    name = Text(1, NAME_LIMIT, required=True)


class PlaceChangeSchema(Schema):
    """What to change; what is left out stays."""

    name = Text(1, NAME_LIMIT)
    closed = fields.Boolean(truthy={True}, falsy={False}, metadata={"description": "torn down or merged"})

    @validates_schema
    def _something(self, data: dict[str, object], **_: object) -> None:
        if not data:
            raise ValidationError("没有要改的内容。")


class PlaceImportSchema(Schema):
    """A table of places. Headings: 编码, 名称, 类别, 上级 (the parent's code)."""

    file = File(required=True, metadata={"description": ".xlsx, .xls or .csv"})
    dry_run = fields.Boolean(load_default=True, metadata={"description": "only say what would happen"})


class PlaceRowErrorSchema(Schema):
    """What is wrong with one cell."""

    line = fields.Integer(required=True)
    column = fields.String(required=True)
    reason = fields.String(required=True)


class PlaceImportReportSchema(Schema):
    """What an import did, would do, or why it did nothing."""

    dry_run = fields.Boolean(required=True)
    done = fields.Boolean(required=True, metadata={"description": "the database now says what the table says"})
    rows = fields.Integer(required=True)
    created = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    renamed = fields.Integer(required=True)
    unchanged = fields.Integer(required=True)
    error_count = fields.Integer(required=True)
    errors = fields.List(fields.Nested(PlaceRowErrorSchema), required=True, metadata={"description": "at most 200"})


class StairwellCodeSchema(Schema):
    """A building's code in use."""

    code = fields.String(required=True)
    url = fields.Url(required=True, require_tld=False)
    created_at = fields.AwareDateTime(required=True)


class CodeRotationSchema(Schema):
    """Why a code is replaced; needed unless the building has none."""

    why = fields.Enum(CodeEnd, by_value=True, load_default=None)
    note = Text(0, NOTE_LIMIT, load_default="", metadata={"description": "for the office; no residents' names"})


class CodeRevocationSchema(CodeRotationSchema):
    """Why a code is revoked."""

    why = fields.Enum(CodeEnd, by_value=True, required=True)


class CodeRevocationQuery(Schema):
    """Why a code is revoked."""

    why = fields.Enum(CodeEnd, by_value=True, required=True)


class PastCodeSchema(Schema):
    """A code a building has or had."""

    id = PublicId(required=True)
    code = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    created_role = fields.Enum(Role, by_value=True, required=True, allow_none=True)
    revoked_at = fields.AwareDateTime(required=True, allow_none=True, metadata={"description": "null: in use"})
    revoked_role = fields.Enum(Role, by_value=True, required=True, allow_none=True)
    why = fields.Enum(CodeEnd, by_value=True, required=True, allow_none=True)
    note = fields.String(
        required=True, allow_none=True, metadata={"description": "null for those who cannot change codes"}
    )


PastCodePageSchema = page_of(PastCodeSchema)


class ScannedSchema(Schema):
    """Where somebody with a code stands."""

    code = fields.String(required=True, metadata={"description": "as it is kept: report with this one"})
    name = fields.String(required=True, metadata={"description": "幸福社区 阳光小区 3栋"})
    building = fields.String(required=True)
    estate = fields.String(required=True, allow_none=True)
    community = fields.String(required=True)


class PosterQuery(Schema):
    """What to print on."""

    size = fields.Enum(Size, by_value=True, load_default=Size.A4)
