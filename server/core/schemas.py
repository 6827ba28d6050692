"""Fields and manners shared by every room's schemas: unknown fields refused, text cleaned, messages in Chinese."""

from typing import Any

import marshmallow as ma
from flask_smorest.fields import Upload
from marshmallow import fields, validate
from werkzeug.datastructures import FileStorage

from server.rules import calendar, writing

_MESSAGES: dict[type[fields.Field[Any]], dict[str, str]] = {
    fields.Field: {
        "required": "必须填写。",
        "null": "不能为空。",
        "validator_failed": "填写的内容不对。",
    },
    fields.String: {"invalid": "应为文字。", "invalid_utf8": "文字编码不对。"},
    fields.Integer: {"invalid": "应为整数。"},
    fields.Number: {"invalid": "应为数字。", "too_large": "数字太大。"},
    fields.Boolean: {"invalid": "应为 true 或 false。"},
    fields.DateTime: {"invalid": "时间格式不对。", "format": "时间格式不对。"},
    fields.AwareDateTime: {"invalid": "时间格式不对。", "invalid_awareness": "时间要带时区。"},
    fields.Date: {"invalid": "日期格式应为 年-月-日。", "format": "日期格式不对。"},
    fields.List: {"invalid": "应为列表。"},
    fields.Nested: {
        "type": "内容的结构不对。",
    },
    fields.Enum: {"unknown": "只能是：{choices}。"},
}
for _field, _texts in _MESSAGES.items():
    _field.default_error_messages = {**_field.default_error_messages, **_texts}


class Schema(ma.Schema):
    """Parent of every schema. An unknown field is refused, so a misspelt one is not silently lost."""

    error_messages = {  # noqa: RUF012 -- marshmallow declares it so
        "unknown": "没有这个字段。",
        "type": "内容的结构不对。",
    }

    class Meta:
        unknown = ma.RAISE


class _Length(validate.Length):
    """A length check that says by how much a text is too long, so that it can be shortened without counting."""

    def __init__(self, least: int, most: int) -> None:
        super().__init__(
            min=least, max=most, error=f"应为 {least} 到 {most} 个字。" if least else f"最多 {most} 个字。"
        )
        self.most = most

    def __call__(self, value: Any) -> Any:
        over = len(value) - self.most
        if over > 0 and isinstance(value, str):
            raise ma.ValidationError(f"最多 {self.most} 个字，多了 {over} 个，请删短一些。")
        return super().__call__(value)


def length(least: int, most: int) -> validate.Length:
    """A length check that speaks Chinese."""
    return _Length(least, most)


def between(least: int, most: int) -> validate.Range:
    """A range check that speaks Chinese."""
    return validate.Range(min=least, max=most, error=f"应在 {least} 到 {most} 之间。")


def pattern(expression: str, message: str) -> validate.Regexp:
    """A pattern check that speaks Chinese. Keep to what JavaScript understands too: it goes into the contract."""
    return validate.Regexp(expression, error=message)


class Text(fields.String):
    """What people type: trimmed, one kind of line break, NFC; control characters and direction overrides are refused."""

    def __init__(self, least: int, most: int, *, lines: bool = False, **kwargs: Any) -> None:
        super().__init__(validate=length(least, most), **kwargs)
        self._lines = lines

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = clean(super()._deserialize(value, attr, data, **kwargs) or "", lines=self._lines)
        if text and not writing.says_something(text):
            raise ma.ValidationError("里面没有看得见的字。")
        return text


def clean(text: str, *, lines: bool = False) -> str:
    """Text as it is kept. Raises ValidationError for characters nobody types and databases refuse."""
    try:
        return writing.clean(text, lines=lines)
    except ValueError as error:
        raise ma.ValidationError(str(error)) from None


class Plain(fields.String):
    """A code that machines hand on: visible ASCII. What else JSON can say (NUL, half a sign), databases choke on."""

    def __init__(self, least: int, most: int, **kwargs: Any) -> None:
        shape = pattern(f"^[!-~]{{{least},{most}}}$", f"应为 {least} 到 {most} 个字母、数字或符号。")
        super().__init__(validate=shape, **kwargs)


class PublicId(fields.String):
    """The opaque id of a thing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=pattern("^[0-9a-hjkmnp-tv-z]{16}$", "编号的格式不对。"), **kwargs)


class File(Upload):
    """A file of a form, as werkzeug's FileStorage."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=_is_file, error_messages={"required": "请选择文件。"}, **kwargs)


def _is_file(value: Any) -> None:
    if not isinstance(value, FileStorage):
        raise ma.ValidationError("应为文件。")


class MonthField(fields.String):
    """A month: `"2026-10"` outside, 202610 inside."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("metadata", {"example": "2026-10", "pattern": r"^20[0-9]{2}-(0[1-9]|1[0-2])$"})
        super().__init__(**kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            return calendar.parse_month(text or "")
        except ValueError as error:
            raise ma.ValidationError(str(error)) from None

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        return None if value is None else calendar.show_month(value)


class PageQuery(Schema):
    """`cursor` and `limit` of every list."""

    cursor = fields.String(load_default=None, validate=validate.Length(max=64))
    limit = fields.Integer(strict=False, load_default=20, validate=between(1, 100))


def page_of(item: type[Schema]) -> type[Schema]:
    """The schema of a page of `item`: `items` and `next_cursor`."""
    name = f"{item.__name__.removesuffix('Schema')}Page"
    return type(
        name,
        (Schema,),
        {
            "items": fields.List(fields.Nested(item), required=True),
            "next_cursor": fields.String(allow_none=True, metadata={"description": "null on the last page"}),
            "__doc__": f"A page of {item.__name__}.",
        },
    )


class ProblemSchema(Schema):
    """RFC 9457 problem."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    code = fields.String(required=True, metadata={"description": "stable word for programs"})
    detail = fields.String(required=True, metadata={"description": "a Chinese sentence for people"})
    request_id = fields.String(required=True)
    errors = fields.List(fields.Dict(keys=fields.String(), values=fields.String()))
