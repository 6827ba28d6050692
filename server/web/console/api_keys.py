"""接口密钥: what other systems file with. A key is shown on the page it was made on, and never again."""

from flask import Response, request

from server.core import clock
from server.core.access import needs, require_actor
from server.core.errors import Problem
from server.core.idempotency import idempotent
from server.open311 import queries, service
from server.open311.schemas import NewKeySchema
from server.open311.service import Made
from server.rules.permissions import Permission
from server.web.console import blueprint
from server.web.console.forms import Form, done, show
from server.web.console.words import may


@blueprint.get("/api-keys")
@needs(Permission.API_KEY_READ)
def api_keys() -> Response:
    """The keys of my places, and the form for another."""
    return _page(Form())


def _page(form: Form) -> Response:
    actor = require_actor()
    places = queries.places_for_keys(actor) if may(actor, Permission.API_KEY_WRITE) else []
    return show("api_keys.html", form, page=queries.keys(actor, request.args.get("cursor")), places=places)


@blueprint.post("/api-keys")
@needs(Permission.API_KEY_WRITE)
@idempotent
def make_api_key() -> Response:
    """Make a key and show it."""
    form = Form.sent("new")
    try:
        made = service.make_key(require_actor(), **form.load(NewKeySchema), now=clock.now())
    except Problem as problem:
        return _page(form.refused(problem))
    return _made(made)


@blueprint.post("/api-keys/<string(length=16):api_key>/renew")
@needs(Permission.API_KEY_WRITE)
@idempotent
def renew_api_key(api_key: str) -> Response:
    """Another key in its place, and show it."""
    try:
        made = service.renew_key(require_actor(), api_key, clock.now())
    except Problem as problem:
        return _page(Form.sent(api_key).refused(problem))
    return _made(made)


def _made(made: Made) -> Response:
    return show("api_key_made.html", key=made.key, about=queries.key(require_actor(), made.id))


@blueprint.post("/api-keys/<string(length=16):api_key>/revoke")
@needs(Permission.API_KEY_WRITE)
@idempotent
def revoke_api_key(api_key: str) -> Response:
    """Dark at once."""
    service.revoke_key(require_actor(), api_key, clock.now())
    return done("key_revoked", "api_keys")
