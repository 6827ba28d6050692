"""What an inbox gives, what consent and notices take."""

from marshmallow import fields, validate

from models.enums import MessageKind
from server.core.schemas import PublicId, Schema, Text, length, page_of


class MessageSchema(Schema):
    """A message to me."""

    id = PublicId(required=True)
    kind = fields.Enum(MessageKind, by_value=True, required=True)
    kind_name = fields.String(required=True)
    title = fields.String(required=True)
    body = fields.String(required=True)
    link = fields.String(required=True, metadata={"description": "API path of what it is about; may be empty"})
    created_at = fields.AwareDateTime(required=True)
    read_at = fields.AwareDateTime(required=True, allow_none=True)


MessagePageSchema = page_of(MessageSchema)


class UnreadSchema(Schema):
    """How many messages I have not read."""

    unread = fields.Integer(required=True)


class SubscriptionSchema(Schema):
    """What I agreed to get through WeChat for one kind of message."""

    kind = fields.Enum(MessageKind, by_value=True, required=True)
    kind_name = fields.String(required=True)
    template = fields.String(required=True, metadata={"description": "for wx.requestSubscribeMessage"})
    long_term = fields.Boolean(
        required=True, metadata={"description": "one accept is good for many; never mixed with one-time ones"}
    )
    good_for = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "how many messages it is still good for; null: without a limit"},
    )


class SubscriptionsSchema(Schema):
    """Every kind of message WeChat can carry; empty where none is configured."""

    items = fields.List(fields.Nested(SubscriptionSchema), required=True)


class ResultsSchema(Schema):
    """What wx.requestSubscribeMessage answered."""

    results = fields.Dict(
        keys=fields.String(validate=length(1, 64)),
        values=fields.String(
            validate=validate.OneOf(
                ["accept", "reject", "ban", "filter"], error="只能是：accept、reject、ban、filter。"
            )
        ),
        required=True,
        validate=validate.Length(1, 10, error="一次最多 10 个模板。"),
        metadata={"description": "template id → accept, reject, ban or filter"},
    )


class NoticeSchema(Schema):
    """A 通知 to the heads of a place."""

    place = PublicId(required=True)
    title = Text(1, 40, required=True)
    text = Text(1, 800, required=True)


class SentSchema(Schema):
    """A notice that was told."""

    id = PublicId(required=True)
    place_name = fields.String(required=True)
    told = fields.Integer(required=True, metadata={"description": "how many heads have it in their inbox"})
