"""What each order under `/_sandbox/` takes, in JSON."""

from typing import Any

from marshmallow import RAISE, Schema, fields, validate

_SPOILS = validate.OneOf(["signature", "stale", "receiver", "cipher", "broken"])
_TIMES = validate.Range(min=1, max=100)
_WORDS = fields.Dict(keys=fields.String(validate=validate.Length(1)), values=fields.Integer())


def _schema(**declared: Any) -> Schema:
    return Schema.from_dict(declared)(unknown=RAISE)


TEMPLATE = _schema(
    fields=fields.Raw(required=True),
    long_term=fields.Boolean(load_default=False),
    title=fields.String(load_default=""),
    options=fields.Dict(keys=fields.String(), values=fields.List(fields.String()), load_default=dict),
    banned=fields.Boolean(load_default=False),
)
GRANT = _schema(
    template=fields.String(required=True),
    times=fields.Integer(load_default=1, validate=validate.Range(min=1)),
    long_term=fields.Boolean(load_default=None, allow_none=True),
)
ANSWERS = _schema(
    answers=fields.Dict(
        keys=fields.String(), values=fields.String(validate=validate.OneOf(["accept", "reject"])), required=True
    )
)
NUMBER = _schema(number=fields.String(required=True), country=fields.Raw(load_default="86"))
KINDS = _schema(kinds=fields.List(fields.Integer(), load_default=list))
PAGES = _schema(pages=fields.List(fields.String(), required=True), site=fields.String(load_default=None))
CONTENT = _schema(
    risky=_WORDS, review=_WORDS, here_seconds=fields.Float(allow_none=True), media=fields.String(
        validate=validate.OneOf(["wait", "auto"])
    )
)  # fmt: skip
VERDICT = _schema(
    suggest=fields.String(load_default="pass", validate=validate.OneOf(["pass", "review", "risky"])),
    label=fields.Integer(load_default=None, allow_none=True),
    errcode=fields.Integer(load_default=0),
    times=fields.Integer(load_default=1, validate=_TIMES),
    spoil=fields.String(load_default=None, allow_none=True, validate=_SPOILS),
)
CALLBACK = _schema(
    url=fields.String(required=True),
    token=fields.String(required=True),
    key=fields.String(load_default=""),
    mode=fields.String(load_default="", validate=validate.OneOf(["", "plain", "compatible", "safe"])),
    form=fields.String(load_default="json", validate=validate.OneOf(["json", "xml"])),
    timeout=fields.Float(load_default=5.0, validate=validate.Range(min=0.05, max=60)),
    tries=fields.Integer(load_default=3, validate=validate.Range(min=1, max=10)),
)
PUSH = _schema(
    event=fields.String(required=True),
    user=fields.String(required=True),
    times=fields.Integer(load_default=1, validate=_TIMES),
    spoil=fields.String(load_default=None, allow_none=True, validate=_SPOILS),
    fields=fields.Dict(load_default=dict),
)
QUOTA = _schema(
    path=fields.String(required=True),
    day=fields.Integer(load_default=None, allow_none=True),
    minute=fields.Integer(load_default=None, allow_none=True),
)
RISK = _schema(rank=fields.Integer(required=True, validate=validate.Range(0, 4)))
SERVICE = _schema(
    secret=fields.String(required=True),
    domain=fields.String(load_default=""),
    open_platform=fields.String(load_default=None, allow_none=True),
)
HOLDER = _schema(user=fields.String(required=True))
