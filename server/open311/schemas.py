"""What other systems send (GeoReport's forms, which may hold more than we know) and what keys look like in the API."""

from datetime import datetime
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from models.issue import TEXT_LIMIT
from server.core.schemas import PageQuery, PublicId, Schema, Text, page_of, pattern
from server.open311.queries import ABOUT_HEAD, BUILDING, EXTERNAL_ID
from server.rules import open311 as rule
from server.rules.open311 import Status

EXTERNAL_ID_LIMIT = 60  # as `issues.number`


class Lenient(ma.Schema):
    """GeoReport's arguments: empty counts as not given, and what we do not know is passed over (its clients send more)."""

    class Meta:
        unknown = ma.EXCLUDE

    @ma.pre_load
    def _given(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {name: value for name, value in data.items() if str(value).strip()}


class Moment(fields.String):
    """A moment in W3 format."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        try:
            return rule.read_moment(super()._deserialize(value, attr, data, **kwargs) or "")
        except ValueError as error:
            raise ma.ValidationError(str(error)) from None


class Listed(fields.String):
    """Several words, comma separated."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs) or ""
        return [part.strip() for part in text.split(",") if part.strip() and "\0" not in part]


class WindowQuery(Lenient):
    """From when to when."""

    start_date = Moment(load_default=None)
    end_date = Moment(load_default=None)
    cursor = fields.String(load_default=None, validate=validate.Length(max=64))


class RequestsQuery(WindowQuery):
    """GET Service Requests."""

    service_request_id = Listed(load_default=list, validate=validate.Length(max=100, error="一次最多 100 个。"))
    service_code = Listed(load_default=list, validate=validate.Length(max=100, error="一次最多 100 个。"))
    status = Listed(load_default=list)

    @ma.post_load
    def _statuses(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**data, "status": [_status(word) for word in data["status"]]}


def _status(word: str) -> Status:
    found = rule.STATUSES.get(word.lower())
    if found is None:
        raise ma.ValidationError("只能是 open 或 closed。", "status")
    return found


class RequestSchema(Lenient):
    """POST Service Request. Names, e-mail, device and account of the reporter are not asked for and never kept."""

    service_code = fields.String(required=True)
    address_id = Text(1, 32, load_default="")
    address_string = Text(0, 200, load_default="")
    lat = fields.String(load_default="")
    long = fields.String(load_default="")
    description = Text(0, TEXT_LIMIT, lines=True, load_default="")
    phone = fields.String(
        load_default="", validate=pattern(r"^[0-9+() -]{5,20}$", "电话号码只能是 5 到 20 个数字、空格和横线。")
    )
    media_url = fields.Raw(load_default="")
    # Answers to the service definition: `attribute[code]=value`.
    building = Text(1, 32, load_default="", data_key=f"attribute[{BUILDING}]")
    external_id = Text(1, EXTERNAL_ID_LIMIT, load_default="", data_key=f"attribute[{EXTERNAL_ID}]")
    about_head = fields.Boolean(load_default=False, data_key=f"attribute[{ABOUT_HEAD}]")

    @ma.pre_load
    def _attributes(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The answers to the topic's questions, whose codes only its book knows."""
        asked = {name: value for name, value in data.items() if name.startswith("attribute[q")}
        return {**data, "attributes": asked}

    attributes = fields.Dict(
        keys=fields.String(),
        values=Text(0, 40),
        load_default=dict,
        validate=validate.Length(max=20, error="最多三个问题。"),
    )

    @ma.validates_schema
    def _where(self, data: dict[str, Any], **_: Any) -> None:
        if data["address_id"] or data["building"]:
            return
        if data["lat"] or data["long"]:
            raise ma.ValidationError("这里没有经纬度定位，请用 address_id 给出楼栋编号（见 addresses）。", "address_id")
        raise ma.ValidationError("必须填写楼栋编号（见 addresses）；address_string 只用来写楼里的位置。", "address_id")


class UpdateSchema(Lenient):
    """POST Service Request Update."""

    service_request_id = fields.String(required=True)
    update_id = Text(1, 100, required=True)
    status = fields.String(required=True)
    description = Text(0, 1000, lines=True, load_default="")
    updated_datetime = Moment(load_default=None)

    @ma.post_load
    def _status(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        at: datetime | None = data["updated_datetime"]
        return {**data, "status": _status(data["status"]), "updated_datetime": at}


class NewKeySchema(Schema):
    """A key for another system."""

    place = PublicId(required=True)
    jurisdiction = fields.String(
        required=True,
        validate=pattern("^[a-z0-9][a-z0-9.-]{1,39}$", "辖区代号应为 2 到 40 个小写字母、数字、点或横线。"),
        metadata={"description": "jurisdiction_id in Open311's words"},
    )
    name = Text(2, 80, required=True, metadata={"description": "which system, and who answers for it"})


class KeySchema(Schema):
    """A key as the office sees it: never the key itself."""

    id = PublicId(required=True)
    name = fields.String(required=True)
    jurisdiction = fields.String(required=True)
    place = PublicId(required=True)
    place_name = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    revoked_at = fields.AwareDateTime(allow_none=True)


class MadeKeySchema(Schema):
    """A new key, shown this once."""

    key = fields.String(required=True)
    about = fields.Nested(KeySchema, required=True)


KeyPageSchema = page_of(KeySchema)
KeyQuery = PageQuery
