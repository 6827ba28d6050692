"""`/_sandbox/…`: what WeChat does not offer and a developer or a test needs. Plain JSON in and out."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, jsonify, request
from marshmallow import Schema, ValidationError, fields, validate

from wechat.sandbox.api import world
from wechat.sandbox.faults import FaultKind
from wechat.sandbox.world import CODE_SECONDS, App

blueprint = Blueprint("control", __name__, url_prefix="/_sandbox")

NAME = validate.Regexp(r"[^\x00-\x1f\x7f]{1,64}$", error="1 to 64 characters, none of them a control character")


class CodeBody(Schema):
    """What asking for a login code takes."""

    appid = fields.String()


class UserBody(Schema):
    """What changing a user takes."""

    blocked = fields.Boolean(required=True)


class AppBody(Schema):
    """What changing an app takes."""

    secret = fields.String(required=True, validate=validate.Length(1, 128))
    open_platform = fields.String(load_default=None, allow_none=True)
    frozen = fields.Boolean(load_default=False)
    ip_whitelist = fields.List(fields.String(), load_default=list)


class FaultBody(Schema):
    """What ordering a fault takes."""

    kind = fields.Enum(FaultKind, by_value=True, required=True)
    path = fields.String(load_default="")
    times = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(min=0))
    seconds = fields.Float(load_default=60.0, validate=validate.Range(min=0, max=600))
    errcode = fields.Integer(load_default=-1)
    status = fields.Integer(load_default=200, validate=validate.Range(min=200, max=599))
    body = fields.String(load_default="")
    chance = fields.Float(load_default=1.0, validate=validate.Range(min=0, max=1))
    seed = fields.Integer(load_default=None, allow_none=True)


class ClockBody(Schema):
    """How far to move the clock."""

    advance_seconds = fields.Float(required=True)


@blueprint.get("/health")
def health() -> Response:
    """The sandbox answers."""
    return jsonify(ok=True)


@blueprint.post("/users/<name>/login-code")
def login_code(name: str) -> Response:
    """A fresh login code for a named user, as wx.login would give it."""
    there = world()
    NAME(name)
    appid = _body(CodeBody()).get("appid") or there.first_appid()
    if appid not in there.apps:
        raise ValidationError({"appid": ["no such app"]})
    code = there.issue_code(name, appid, there.clock.now())
    there.save_soon()
    return jsonify(code=code.value, appid=appid, openid=there.openid(name, appid), expires_in=CODE_SECONDS)


@blueprint.get("/users")
def users() -> Response:
    """Every user seen so far."""
    there = world()
    return jsonify(
        [
            {"name": name, "blocked": blocked, "openids": {appid: there.openid(name, appid) for appid in there.apps}}
            for name, blocked in there.blocked.items()
        ]
    )


@blueprint.put("/users/<name>")
def change_user(name: str) -> Response:
    """Block or unblock a user (40226)."""
    NAME(name)
    blocked = _body(UserBody())["blocked"]
    world().block(name, blocked)
    world().save_soon()
    return jsonify(name=name, blocked=blocked)


@blueprint.put("/apps/<appid>")
def change_app(appid: str) -> Response:
    """Make or change an app: secret, freezing, whitelist, open platform."""
    app = App(appid, **_body(AppBody()))
    world().apps[appid] = app
    world().save_soon()
    return jsonify(asdict(app) | {"secret": "***"})


@blueprint.get("/ledger")
def read_ledger() -> Response:
    """Every request so far, for tests to assert on."""
    after = request.args.get("after", 0, int)
    return jsonify([asdict(entry) for entry in world().ledger.entries(request.args.get("path", ""), after)])


@blueprint.delete("/ledger")
def clear_ledger() -> tuple[str, int]:
    """Forget the requests so far."""
    world().ledger.clear()
    return "", 204


@blueprint.get("/faults")
def read_faults() -> Response:
    """The faults still waiting to happen."""
    return jsonify([asdict(fault) | {"left": left} for fault, left in world().faults.waiting()])


@blueprint.post("/faults")
def add_fault() -> Response:
    """Order a fault."""
    return jsonify(asdict(world().faults.add(**_body(FaultBody()))))


@blueprint.delete("/faults")
def clear_faults() -> tuple[str, int]:
    """Forget every waiting fault."""
    world().faults.clear()
    return "", 204


@blueprint.get("/clock")
def read_clock() -> Response:
    """The sandbox's time."""
    clock = world().clock
    return jsonify(now=clock.now(), ahead_seconds=clock.ahead)


@blueprint.post("/clock")
def move_clock() -> Response:
    """Move the clock forward."""
    world().clock.advance(_body(ClockBody())["advance_seconds"])
    world().save_soon()
    return read_clock()


@blueprint.delete("/clock")
def reset_clock() -> Response:
    """Back to the machine's time."""
    world().clock.reset()
    world().save_soon()
    return read_clock()


@blueprint.errorhandler(ValidationError)
def explain(error: ValidationError) -> tuple[Response, int]:
    """Say what was wrong with a control request."""
    return jsonify(error=error.messages), 400


def _body(schema: Schema) -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = schema.load(request.get_json(force=True, silent=True) or {})
    return loaded
