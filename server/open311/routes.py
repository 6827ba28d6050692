"""Open311: the door of other systems (GeoReport v2 with FixMyStreet's request updates), and the keys it is opened with.

The door speaks as the standard says: forms in, JSON or XML out, refusals as `errors`. Its answers go through
`server.open311.formats`, refusals too (`server.core.errors` asks the faces of `create_app`).
"""

from typing import Any

import marshmallow as ma
from flask import Blueprint as Plain
from flask import Response, current_app, request

from server.core import api, clock, crypto, limits
from server.core.access import needs, open_to_all, require_actor
from server.core.errors import GENERAL, Problem, flatten, invalid
from server.core.idempotency import Attempt, idempotent
from server.core.limits import slowed
from server.core.paging import Page
from server.open311 import queries, service
from server.open311.formats import TYPES, answer
from server.open311.queries import Found, Jurisdiction, KeyView, Search
from server.open311.schemas import (
    KeyPageSchema,
    KeyQuery,
    MadeKeySchema,
    NewKeySchema,
    RequestSchema,
    RequestsQuery,
    UpdateSchema,
    WindowQuery,
)
from server.open311.service import Wanted
from server.rules import allowances, open311
from server.rules.permissions import Permission

door = Plain("open311", __name__, url_prefix="/open311")
blueprint = api.Blueprint("api_keys", __name__, description="接口密钥")

FORM = "<any(json, xml):form>"
PUBLIC = "what neighbours may see anyway, and only where the district opened the door (docs/open311.md)"
BY_KEY = "another system proves itself by its API key"
SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
CHANGESET = "2026-11-26T00:00:00+08:00"  # when services or their definitions last changed


# --- discovery and services


@door.get(f"/discovery.{FORM}")
@open_to_all(PUBLIC)
@slowed(allowances.OPEN311_READING)
def discovery(form: str) -> Response:
    """Where the API is and what it speaks"""
    settings = current_app.extensions["settings"]
    endpoint = {
        "specification": SPECIFICATION,
        "url": f"{settings.public_url}/open311/v2",
        "changeset": CHANGESET,
        "type": "production" if settings.is_production else "test",
        "formats": [kind.partition(";")[0] for kind in TYPES.values()],
    }
    about = {
        "changeset": CHANGESET,
        "contact": f"{settings.public_url}/console",
        "key_service": "密钥由区里在网页工作台“接口密钥”里发放。",
        "endpoints": [endpoint],
    }
    return answer(form, "discovery", about)


@door.get(f"/v2/services.{FORM}")
@open_to_all(PUBLIC)
@slowed(allowances.OPEN311_READING)
def services(form: str) -> Response:
    """GET Service List"""
    return answer(form, "services", queries.services(_asked()))


@door.get(f"/v2/services/<string(maxlength=80):code>.{FORM}")
@open_to_all(PUBLIC)
@slowed(allowances.OPEN311_READING)
def definition(code: str, form: str) -> Response:
    """GET Service Definition"""
    return answer(form, "service_definition", queries.definition(_asked(), code))


@door.get(f"/v2/addresses.{FORM}")
@open_to_all(BY_KEY)
@slowed(allowances.OPEN311_READING)
def addresses(form: str) -> Response:
    """Buildings by their ids, for a key: our own addition, since we know no coordinates"""
    return _page(form, "addresses", queries.addresses(_with_key(), request.args.get("cursor", "")[:64] or None))


# --- requests


@door.post(f"/v2/requests.{FORM}")
@open_to_all(BY_KEY)
@slowed(allowances.OPEN311_WRITES)
@idempotent
def file_request(form: str) -> Response:
    """POST Service Request"""
    jurisdiction = _writing()
    body = _load(RequestSchema, request.form)
    wanted = Wanted(
        service_code=body["service_code"],
        address_id=body["address_id"] or body["building"],
        description=body["description"],
        address=body["address_string"],
        phone=body["phone"],
        external_id=body["external_id"],
        about_head=body["about_head"],
        has_media=bool(body["media_url"]),
        attributes=body["attributes"],
    )
    filed = service.file_request(jurisdiction, wanted, clock.now())
    told = {"service_request_id": filed.id, "service_notice": filed.notice, "account_id": None}
    return answer(form, "service_requests", [told], 201 if filed.fresh else 200)


@door.get(f"/v2/requests.{FORM}")
@open_to_all(PUBLIC)
@slowed(allowances.OPEN311_READING)
def requests(form: str) -> Response:
    """GET Service Requests"""
    query = _load(RequestsQuery, request.args)
    start, end = _window(query)
    search = Search(start, end, query["service_request_id"], query["service_code"], query["status"], query["cursor"])
    return _page(form, "service_requests", queries.requests(_asked(), search))


@door.get(f"/v2/requests/<string(maxlength=40):public_id>.{FORM}")
@open_to_all(PUBLIC)
@slowed(allowances.OPEN311_READING)
def one_request(public_id: str, form: str) -> Response:
    """GET Service Request"""
    return answer(form, "service_requests", [queries.request(_asked(), public_id)])


@door.get(f"/v2/tokens/<string(maxlength=40):token>.{FORM}")
@open_to_all(PUBLIC)
@slowed(allowances.OPEN311_READING)
def token(token: str, form: str) -> Response:
    """GET service_request_id from a token: we give the id at once, so an id is its own token"""
    found = queries.request(_asked(), token)
    return answer(form, "service_requests", [{"service_request_id": found["service_request_id"], "token": token}])


# --- request updates


@door.get(f"/v2/servicerequestupdates.{FORM}")
@open_to_all(PUBLIC)
@slowed(allowances.OPEN311_READING)
def updates(form: str) -> Response:
    """GET Service Request Updates"""
    query = _load(WindowQuery, request.args)
    start, end = _window(query)
    return _page(form, "service_request_updates", queries.updates(_asked(), start, end, query["cursor"]))


@door.post(f"/v2/servicerequestupdates.{FORM}")
@open_to_all(BY_KEY)
@slowed(allowances.OPEN311_WRITES)
def update_request(form: str) -> Response:
    """POST Service Request Update; the same update_id of the same key is told once"""
    jurisdiction = _writing()
    body = _load(UpdateSchema, request.form)
    told_once = crypto.blind_index(f"{jurisdiction.key} {body['update_id']}", "open311.told")
    attempt = Attempt(told_once.hex())
    if known := attempt.replay():
        return known
    made = service.update_request(
        jurisdiction,
        body["service_request_id"],
        body["status"],
        body["description"],
        body["updated_datetime"],
        clock.now(),
    )
    response = answer(form, "service_request_updates", [{"update_id": made}], 201)
    attempt.remember(response)
    return response


# --- what the views share


def _presented() -> str:
    """The key: in the form as the standard says, in a header so that no log of addresses holds it, or in the address."""
    header = request.headers.get("X-Api-Key", "")
    return (header or request.form.get("api_key", "") or request.args.get("api_key", ""))[:200]


def _named() -> str:
    return request.form.get("jurisdiction_id", "") or request.args.get("jurisdiction_id", "")


def _asked() -> Jurisdiction:
    """Of which jurisdiction something is asked: that of the key if one is shown."""
    key = _presented()
    return queries.by_key(key, _named()) if key else queries.by_name(_named())


def _with_key() -> Jurisdiction:
    return queries.by_key(_presented(), _named())


def _writing() -> Jurisdiction:
    """Whose key writes. Too fast is refused before the database is asked whose it is."""
    limits.spend_by(allowances.OPEN311_WRITES, "key", _presented())
    return _with_key()


def _load(schema: type[ma.Schema], told: Any) -> dict[str, Any]:
    """A form or an address's arguments by a schema. Raises 422, which the door calls 400."""
    try:
        return dict(schema().load(told.to_dict()))
    except ma.ValidationError as error:
        raise Problem(422, *GENERAL[422], errors=tuple(flatten(error.messages))) from None


def _window(query: dict[str, Any]) -> tuple[Any, Any]:
    try:
        return open311.window(query["start_date"], query["end_date"], clock.now())
    except ValueError as error:
        raise invalid("start_date", str(error)) from None


def _page(form: str, root: str, found: Found) -> Response:
    """An answer of many; what did not fit is behind the `next` link (the standard has no word for it)."""
    response = answer(form, root, found.items)
    if found.next_cursor:
        told: dict[str, Any] = {
            name: value for name, value in request.args.items() if name not in ("cursor", "api_key")
        }
        url = current_app.url_for(f"{request.endpoint}", form=form, **told, cursor=found.next_cursor)
        response.headers["Link"] = f'<{url}>; rel="next"'
    return response


# --- keys


@blueprint.get("/api-keys")
@needs(Permission.API_KEY_READ)
@blueprint.arguments(KeyQuery, location="query")
@blueprint.response(200, KeyPageSchema)
def keys(query: dict[str, Any]) -> Page[KeyView]:
    """The keys of my places"""
    return queries.keys(require_actor(), **query)


@blueprint.post("/api-keys")
@needs(Permission.API_KEY_WRITE)
@idempotent
@blueprint.arguments(NewKeySchema)
@blueprint.response(201, MadeKeySchema)
def make_key(body: dict[str, Any]) -> dict[str, Any]:
    """Make a key for another system; it is shown this once"""
    made = service.make_key(require_actor(), **body, now=clock.now())
    return {"key": made.key, "about": queries.key(require_actor(), made.id)}


@blueprint.post("/api-keys/<string(length=16):key>/renewal")
@needs(Permission.API_KEY_WRITE)
@idempotent
@blueprint.response(201, MadeKeySchema)
def renew_key(key: str) -> dict[str, Any]:
    """Another key in its place: the old one is dark at once"""
    made = service.renew_key(require_actor(), key, clock.now())
    return {"key": made.key, "about": queries.key(require_actor(), made.id)}


@blueprint.delete("/api-keys/<string(length=16):key>")
@needs(Permission.API_KEY_WRITE)
@blueprint.response(204)
def revoke_key(key: str) -> None:
    """Revoke a key: dark at once"""
    service.revoke_key(require_actor(), key, clock.now())
