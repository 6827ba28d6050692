"""What the departments' doors take and give."""

from marshmallow import ValidationError, fields, validates_schema

from server.core.schemas import PageQuery, PublicId, Schema, Text, page_of

NAME_LIMIT, DUTY_LIMIT = 40, 200


class DepartmentSchema(Schema):
    """A department of a district."""

    id = PublicId(required=True)
    name = fields.String(required=True)
    duty = fields.String(required=True, metadata={"description": "what it is called for, in words"})
    district = PublicId(required=True)
    district_name = fields.String(required=True)
    closed_at = fields.AwareDateTime(required=True, allow_none=True)
    version = fields.Integer(required=True)


DepartmentPageSchema = page_of(DepartmentSchema)


class DepartmentQuery(PageQuery):
    """Which departments."""

    closed = fields.Boolean(load_default=False, metadata={"description": "those no longer called too"})


class NewDepartmentSchema(Schema):
    """A department to register."""

    name = Text(1, NAME_LIMIT, required=True)
    duty = Text(0, DUTY_LIMIT, load_default="")
    district = PublicId(load_default=None, metadata={"description": "may be left out by who serves one district"})


class DepartmentChangeSchema(Schema):
    """What to change; what is left out stays."""

    name = Text(1, NAME_LIMIT)
    duty = Text(0, DUTY_LIMIT)
    closed = fields.Boolean(metadata={"description": "no longer called"})

    @validates_schema
    def _something(self, data: dict[str, object], **_: object) -> None:
        if not data:
            raise ValidationError("没有要改的内容。")
