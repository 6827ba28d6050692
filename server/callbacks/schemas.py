"""What WeChat's deliveries carry in their address."""

from marshmallow import EXCLUDE, fields

from server.core.schemas import Schema, length


class DeliverySchema(Schema):
    """How a delivery is signed. All optional: what is missing does not fit, and is refused as forged."""

    class Meta:
        unknown = EXCLUDE

    signature = fields.String(validate=length(0, 128))
    msg_signature = fields.String(validate=length(0, 128))
    timestamp = fields.String(validate=length(0, 20))
    nonce = fields.String(validate=length(0, 128))


class VerificationSchema(DeliverySchema):
    """WeChat asks whether the address is ours."""

    echostr = fields.String(validate=length(0, 1024))
