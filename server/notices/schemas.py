"""What an inbox gives."""

from marshmallow import fields

from models.enums import MessageKind
from server.core.schemas import PublicId, Schema, page_of


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
