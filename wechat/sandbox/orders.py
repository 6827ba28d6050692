"""`/_sandbox/…`, continued: the levers of the rooms over HTTP, for tests and tools outside this process."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, jsonify, request
from marshmallow import RAISE, Schema, ValidationError, fields, validate

from wechat.sandbox.api import world
from wechat.sandbox.codes import Code
from wechat.sandbox.control import NAME
from wechat.sandbox.levers import RunningSandbox
from wechat.sandbox.messages import Messages
from wechat.sandbox.pages import Pages
from wechat.sandbox.pushes import Push, Pushes
from wechat.sandbox.world import CODE_SECONDS

blueprint = Blueprint("orders", __name__, url_prefix="/_sandbox")
DONE = "", 204
_SPOILS = validate.OneOf(["signature", "stale", "receiver", "cipher", "broken"])
_TIMES = validate.Range(min=1, max=100)
_WORDS = fields.Dict(keys=fields.String(validate=validate.Length(1)), values=fields.Integer())


def _schema(**declared: Any) -> Schema:
    return Schema.from_dict(declared)(unknown=RAISE)


_TEMPLATE = _schema(
    fields=fields.Raw(required=True),
    long_term=fields.Boolean(load_default=False),
    title=fields.String(load_default=""),
    options=fields.Dict(keys=fields.String(), values=fields.List(fields.String()), load_default=dict),
    banned=fields.Boolean(load_default=False),
)
_GRANT = _schema(
    template=fields.String(required=True),
    times=fields.Integer(load_default=1, validate=validate.Range(min=1)),
    long_term=fields.Boolean(load_default=None, allow_none=True),
)
_ANSWERS = _schema(
    answers=fields.Dict(
        keys=fields.String(), values=fields.String(validate=validate.OneOf(["accept", "reject"])), required=True
    )
)
_NUMBER = _schema(number=fields.String(required=True), country=fields.Raw(load_default="86"))
_KINDS = _schema(kinds=fields.List(fields.Integer(), load_default=list))
_PAGES = _schema(pages=fields.List(fields.String(), required=True), site=fields.String(load_default=None))
_CONTENT = _schema(
    risky=_WORDS, review=_WORDS, here_seconds=fields.Float(allow_none=True), media=fields.String(
        validate=validate.OneOf(["wait", "auto"])
    )
)  # fmt: skip
_VERDICT = _schema(
    suggest=fields.String(load_default="pass", validate=validate.OneOf(["pass", "review", "risky"])),
    label=fields.Integer(load_default=None, allow_none=True),
    errcode=fields.Integer(load_default=0),
    times=fields.Integer(load_default=1, validate=_TIMES),
    spoil=fields.String(load_default=None, allow_none=True, validate=_SPOILS),
)
_CALLBACK = _schema(
    url=fields.String(required=True),
    token=fields.String(required=True),
    key=fields.String(load_default=""),
    mode=fields.String(load_default="", validate=validate.OneOf(["", "plain", "compatible", "safe"])),
    form=fields.String(load_default="json", validate=validate.OneOf(["json", "xml"])),
    timeout=fields.Float(load_default=5.0, validate=validate.Range(min=0.05, max=60)),
    tries=fields.Integer(load_default=3, validate=validate.Range(min=1, max=10)),
)
_PUSH = _schema(
    event=fields.String(required=True),
    user=fields.String(required=True),
    times=fields.Integer(load_default=1, validate=_TIMES),
    spoil=fields.String(load_default=None, allow_none=True, validate=_SPOILS),
    fields=fields.Dict(load_default=dict),
)
_QUOTA = _schema(
    path=fields.String(required=True),
    day=fields.Integer(load_default=None, allow_none=True),
    minute=fields.Integer(load_default=None, allow_none=True),
)
_RISK = _schema(rank=fields.Integer(required=True, validate=validate.Range(0, 4)))
_SERVICE = _schema(
    secret=fields.String(required=True),
    domain=fields.String(load_default=""),
    open_platform=fields.String(load_default=None, allow_none=True),
)
_HOLDER = _schema(user=fields.String(required=True))


@blueprint.post("/reset")
def reset() -> tuple[str, int]:
    """As on the first day."""
    levers().reset()
    return DONE


@blueprint.get("/counts")
def counts() -> Response:
    """How many requests each path got, and how often somebody was tried again after 43101."""
    here = levers()
    return jsonify(paths=here.ledger.counts(), sends_after_43101=here.sends_after_43101)


@blueprint.post("/users/<name>/visit")
def visit(name: str) -> tuple[str, int]:
    """This person opens the mini-program."""
    levers().visit(name)
    return DONE


@blueprint.post("/users/<name>/phone-code")
def phone_code(name: str) -> Response:
    """A fresh code of the getPhoneNumber button."""
    here = levers()
    return jsonify(code=here.phone_code(name), openid=here.openid(name), expires_in=CODE_SECONDS)


@blueprint.put("/users/<name>/phone")
def phone(name: str) -> tuple[str, int]:
    """Give this person a number."""
    levers().phone(name, **_asked(_NUMBER))
    return DONE


@blueprint.post("/users/<name>/grants")
def grant(name: str) -> Response:
    """This person agrees; nothing is pushed."""
    here, asked = levers(), _asked(_GRANT)
    here.grant(name, asked["template"], times=asked["times"], long_term=asked["long_term"])
    left = here.grants(name, asked["template"])
    return jsonify(template=asked["template"], left=None if left == float("inf") else left)


@blueprint.post("/users/<name>/answers")
def answers(name: str) -> tuple[str, int]:
    """This person answers the dialog, and WeChat tells the callback."""
    levers().answer(name, _asked(_ANSWERS)["answers"])
    return DONE


@blueprint.delete("/users/<name>/grants/<template>")
def withdraw(name: str, template: str) -> tuple[str, int]:
    """This person switches a template off, and WeChat tells the callback."""
    levers().withdraw(name, template)
    return DONE


@blueprint.post("/users/<name>/revoke")
def revoke(name: str) -> Response:
    """This person withdraws authorisations."""
    return _pushed(levers().revoke(name, *_asked(_KINDS)["kinds"]))


@blueprint.post("/users/<name>/close")
def close(name: str) -> Response:
    """This person closes the account."""
    return _pushed(levers().close_account(name))


@blueprint.put("/users/<name>/risk")
def risk(name: str) -> tuple[str, int]:
    """Let the app ask for risk ranks, and give this person one."""
    levers().risk(name, _asked(_RISK)["rank"])
    return DONE


@blueprint.put("/templates/<id>")
def template(id: str) -> Response:
    """Register a template: `fields` is a list of keys, or keys with labels."""
    asked = dict(_asked(_TEMPLATE))
    if not isinstance(asked["fields"], list | dict):
        raise ValidationError({"fields": ["a list of keys, or keys with labels"]})
    return jsonify(asdict(levers().template(id, asked.pop("fields"), **asked)))


@blueprint.get("/templates")
def templates() -> Response:
    """The templates of the account."""
    return jsonify([asdict(known) for known in world().room(Messages).templates.values()])


@blueprint.get("/messages")
def messages() -> Response:
    """The messages delivered, oldest first; `?user=` for one person."""
    return jsonify([asdict(message) for message in levers().sent(request.args.get("user"))])


@blueprint.put("/pages")
def pages() -> tuple[str, int]:
    """The published pages, and the address of the site that a scan leads to."""
    asked, room = _asked(_PAGES), world().room(Pages)
    room.publish(*asked["pages"])
    room.site = room.site if asked["site"] is None else asked["site"]
    return DONE


@blueprint.get("/codes")
def codes() -> Response:
    """The mini-program codes drawn, each with the address its picture holds."""
    base = request.host_url.rstrip("/")

    def told(code: Code) -> dict[str, Any]:
        return asdict(code) | {"link": code.link(base)}

    return jsonify([told(code) for code in levers().codes()])


@blueprint.put("/content")
def content() -> tuple[str, int]:
    """Trigger words with their labels, the two-hour rule, and what happens to media."""
    here, asked = levers(), _asked(_CONTENT)
    for word, label in asked.get("risky", {}).items():
        here.risky_words(word, label=label)
    for word, label in asked.get("review", {}).items():
        here.review_words(word, label=label)
    if "here_seconds" in asked:
        here.here_for(asked["here_seconds"])
    if "media" in asked:
        here.media_plan(asked["media"])
    return DONE


@blueprint.get("/media")
def media() -> Response:
    """The media ordered to be checked."""
    return jsonify([asdict(check) for check in levers().media()])


@blueprint.post("/media/<trace>/verdict")
def verdict(trace: str) -> Response:
    """Push a verdict."""
    return _pushed(levers().verdict(trace, **_asked(_VERDICT)))


@blueprint.put("/callback")
def callback() -> tuple[str, int]:
    """Configure the message push; this machine only."""
    levers().callback(**_asked(_CALLBACK))
    return DONE


@blueprint.delete("/callback")
def no_callback() -> tuple[str, int]:
    """Push nothing any more."""
    world().room(Pushes).configure(None)
    return DONE


@blueprint.post("/callback/verify")
def verify() -> Response:
    """What the console does when the address is saved."""
    return jsonify(ok=levers().verify_callback())


@blueprint.get("/pushes")
def pushes() -> Response:
    """The pushes made, each with its tries."""
    return _pushed(levers().pushed())


@blueprint.post("/pushes")
def push() -> Response:
    """Push an event and wait for its end."""
    asked = _asked(_PUSH)
    more = {name: value for name, value in asked["fields"].items() if name not in ("event", "user", "times", "spoil")}
    made = levers().push(asked["event"], asked["user"], times=asked["times"], spoil=asked["spoil"], **more)
    return _pushed(made)


@blueprint.post("/pushes/<int:number>/replay")
def replay(number: int) -> Response:
    """The last request of a push again, byte for byte."""
    found = next((made for made in levers().pushed() if made.number == number), None)
    if found is None:
        raise ValueError("no such push")
    return jsonify(asdict(world().room(Pushes).replay(found)))


@blueprint.put("/quotas")
def quota() -> tuple[str, int]:
    """Limit a path."""
    asked = _asked(_QUOTA)
    levers().quota(asked["path"], day=asked["day"], minute=asked["minute"])
    return DONE


@blueprint.put("/services/<appid>")
def service(appid: str) -> tuple[str, int]:
    """Make a service account."""
    levers().service(appid, **_asked(_SERVICE))
    return DONE


@blueprint.put("/phone")
def holder() -> tuple[str, int]:
    """Who holds the phone from now on; "" asks on the page."""
    user = _asked(_HOLDER)["user"]
    levers().hold_phone(user)
    return DONE


@blueprint.before_request
def check_name() -> None:
    """People's names are as everywhere in the sandbox."""
    if request.view_args and "name" in request.view_args:
        NAME(request.view_args["name"])


@blueprint.errorhandler(ValidationError)
@blueprint.errorhandler(ValueError)
@blueprint.errorhandler(KeyError)
def explain(error: Exception) -> tuple[Response, int]:
    """Say what was wrong with an order."""
    return jsonify(error=error.messages if isinstance(error, ValidationError) else str(error)), 400


@blueprint.after_request
def keep(response: Response) -> Response:
    """What an order changed outlives a restart."""
    world().save_soon()
    return response


def levers() -> RunningSandbox:
    """The same levers a test in this process has."""
    there = world()
    return RunningSandbox(request.host_url.rstrip("/"), there.first_appid(), "", there)


def _asked(schema: Schema) -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = schema.load(request.get_json(force=True, silent=True) or {})
    return loaded


def _pushed(made: list[Push]) -> Response:
    return jsonify(
        [
            {
                "number": push.number,
                "at": push.at,
                "fields": push.fields,
                "spoil": push.spoil,
                "taken": push.taken,
                "attempts": [asdict(attempt) for attempt in push.attempts],
            }
            for push in made
        ]
    )
