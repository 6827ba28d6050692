"""What signing in takes and gives."""

from marshmallow import fields

from models.enums import PlaceKind, Role
from server.core.schemas import Plain, PublicId, Schema


class SignInSchema(Schema):
    """The code of `wx.login`."""

    code = Plain(1, 128, required=True, metadata={"description": "from wx.login; used once"})


class SessionSchema(Schema):
    """A session's token, shown this once."""

    token = fields.String(required=True)
    expires_at = fields.AwareDateTime(required=True)


class PhoneCodeSchema(Schema):
    """The code of WeChat's phone button."""

    code = Plain(1, 128, required=True, metadata={"description": "from getPhoneNumber; used once"})


class PhoneSchema(Schema):
    """The number that was kept, masked."""

    phone = fields.String(required=True)


class PostSchema(Schema):
    """One live appointment and what it lets me do there."""

    role = fields.Enum(Role, by_value=True, required=True)
    role_name = fields.String(required=True)
    place = PublicId(required=True)
    place_kind = fields.Enum(PlaceKind, by_value=True, required=True)
    place_name = fields.String(required=True)
    permissions = fields.List(fields.String(), required=True)


class MeSchema(Schema):
    """Who I am and what I may do where."""

    id = PublicId(required=True)
    name = fields.String(required=True)
    phone = fields.String(required=True, allow_none=True, metadata={"description": "my own, masked; null: none given"})
    posts = fields.List(fields.Nested(PostSchema), required=True)
    permissions = fields.List(fields.String(), required=True, metadata={"description": "what anybody signed in may do"})
