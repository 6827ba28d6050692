"""What registering households takes and gives. Names and phones leave masked."""

import re
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from models.enums import Relation, Tenancy
from server.core.masking import Kind
from server.core.schemas import File, PageQuery, PublicId, Schema, Text, page_of
from server.households import doors, personal
from server.households.doors import DOOR_LIMIT, UNIT_LIMIT
from server.households.personal import NAME_LIMIT, PHONE_LIMIT
from server.households.service import RESIDENTS_MOST

_NUMBER = re.compile(r"(?:[0-9][ -]?){7,}")


class Name(Text):
    """A person's name, without the blanks people type between two characters."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(1, NAME_LIMIT, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        return personal.tidy_name(super()._deserialize(value, attr, data, **kwargs))


class Phone(Text):
    """A Chinese mobile or landline number, however it is spaced. Empty is none."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(0, PHONE_LIMIT, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return personal.tidy_phone(super()._deserialize(value, attr, data, **kwargs))

    def _validate(self, value: Any) -> None:
        if value is not None:
            super()._validate(value)


class Unit(Text):
    """单元: "2单元" and "二单元" are unit 2."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(0, UNIT_LIMIT, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        return doors.tidy_unit(super()._deserialize(value, attr, data, **kwargs))


class Door(Text):
    """房号: "301室" is door 301."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(1, DOOR_LIMIT, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        return doors.tidy_door(super()._deserialize(value, attr, data, **kwargs))


def _yes_or_no(**kwargs: Any) -> fields.Boolean:
    return fields.Boolean(truthy={True}, falsy={False}, **kwargs)


class _Change(Schema):
    @ma.validates_schema
    def _something(self, data: dict[str, Any], **_: Any) -> None:
        if not data:
            raise ma.ValidationError("没有要改的内容。")


class NewResidentSchema(Schema):
    """Somebody to register in a household."""

    name = Name(required=True)
    phone = Phone(load_default=None, allow_none=True)
    relation = fields.Enum(Relation, by_value=True, load_default=Relation.OTHER)
    is_contact = _yes_or_no(load_default=False, metadata={"description": "at most one in a household"})


class ResidentChangeSchema(_Change):
    """What to correct; what is left out stays. `phone: null` takes the phone away."""

    name = Name()
    phone = Phone(allow_none=True)
    relation = fields.Enum(Relation, by_value=True)
    is_contact = _yes_or_no(metadata={"description": "true takes it from the old contact"})


class NewHouseholdSchema(Schema):
    """A door to register, with who lives behind it."""

    building = PublicId(required=True)
    unit = Unit(load_default="", metadata={"description": "empty where a building has only one"})
    door = Door(required=True)
    tenancy = fields.Enum(Tenancy, by_value=True, required=True)
    residents = fields.List(
        fields.Nested(NewResidentSchema),
        load_default=list,
        validate=validate.Length(max=RESIDENTS_MOST, error=f"一次最多登记 {RESIDENTS_MOST} 人。"),
    )


class HouseholdChangeSchema(_Change):
    """What to correct; what is left out stays."""

    unit = Unit()
    door = Door()
    tenancy = fields.Enum(Tenancy, by_value=True)


class ResidentSchema(Schema):
    """Somebody who lives there, masked."""

    id = PublicId(required=True)
    name = fields.String(required=True, metadata={"description": "masked: 张**"})
    phone = fields.String(required=True, allow_none=True, metadata={"description": "masked: 138******78"})
    relation = fields.Enum(Relation, by_value=True, required=True)
    relation_name = fields.String(required=True)
    is_contact = fields.Boolean(required=True)
    matched = fields.Boolean(required=True, metadata={"description": "a search found this person"})


class HouseholdSchema(Schema):
    """A door and who lives behind it."""

    id = PublicId(required=True)
    building = PublicId(required=True)
    building_name = fields.String(required=True)
    unit = fields.String(required=True)
    door = fields.String(required=True)
    tenancy = fields.Enum(Tenancy, by_value=True, required=True)
    tenancy_name = fields.String(required=True)
    residents = fields.List(fields.Nested(ResidentSchema), required=True)
    updated_at = fields.AwareDateTime(required=True)
    version = fields.Integer(required=True, metadata={"description": "also the ETag"})


HouseholdPageSchema = page_of(HouseholdSchema)


class HouseholdQuery(PageQuery):
    """Which households."""

    building = PublicId(load_default=None)
    q = Text(
        0,
        40,
        load_default="",
        metadata={"description": "a door, a name, its pinyin letters (zxm), a phone or its last 4"},
    )


class ResidentRevealSchema(Schema):
    """Which field to open, and why. The reason is kept where others read it: no names or numbers in it."""

    field = fields.Enum(Kind, by_value=True, required=True)
    reason = Text(2, 100, required=True)

    @ma.validates("reason")
    def _impersonal(self, value: str, **_: Any) -> None:
        if _NUMBER.search(value):
            raise ma.ValidationError("理由会留在操作记录里，请不要写号码。")


class RevealedFieldSchema(Schema):
    """The one field that was opened."""

    field = fields.Enum(Kind, by_value=True, required=True)
    value = fields.String(required=True)


class ExportQuery(Schema):
    """Of which community, grid, estate or building."""

    place = PublicId(required=True)


class HouseholdImportSchema(Schema):
    """A table of households. Headings: 单元, 房号, 姓名, 电话, 关系, 居住情况; 楼栋编号 where it is about several."""

    file = File(required=True, metadata={"description": ".xlsx, .xls or .csv"})
    building = PublicId(load_default=None, metadata={"description": "of a table without 楼栋编号"})
    dry_run = fields.Boolean(load_default=True, metadata={"description": "only say what would happen"})


class HouseholdRowErrorSchema(Schema):
    """What is wrong with one cell."""

    line = fields.Integer(required=True)
    column = fields.String(required=True)
    reason = fields.String(required=True)


class HouseholdImportReportSchema(Schema):
    """What an import did, would do, or why it did nothing."""

    dry_run = fields.Boolean(required=True)
    done = fields.Boolean(required=True, metadata={"description": "the database now says what the table says"})
    rows = fields.Integer(required=True)
    ignored = fields.List(fields.String(), required=True, metadata={"description": "columns nobody asked for"})
    households_new = fields.Integer(required=True)
    households_changed = fields.Integer(required=True)
    residents_new = fields.Integer(required=True)
    residents_changed = fields.Integer(required=True)
    unchanged = fields.Integer(required=True, metadata={"description": "rows that say what we knew"})
    error_count = fields.Integer(required=True)
    errors = fields.List(fields.Nested(HouseholdRowErrorSchema), required=True, metadata={"description": "at most 200"})
