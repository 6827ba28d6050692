"""The addresses of api.weixin.qq.com. Each request is written down first, then perhaps spoiled, then answered."""

import json
import socket
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, current_app, g, request

from wechat.sandbox import codes, content, links, media, messages, operations, phones, risk, sessions
from wechat.sandbox.answers import Refused, answer, ok, refuse
from wechat.sandbox.apps import app_by_secret
from wechat.sandbox.desk import ENDPOINTS, Endpoint
from wechat.sandbox.faults import Fault, FaultKind, Faults
from wechat.sandbox.login import code_to_session
from wechat.sandbox.messages import Messages
from wechat.sandbox.operations import Rids
from wechat.sandbox.quotas import Quotas
from wechat.sandbox.service import code_to_page_identity
from wechat.sandbox.tokens import plain_token, stable_token
from wechat.sandbox.world import World

ROOMS = (codes, content, links, media, messages, operations, phones, risk, sessions)  # each put its calls on ENDPOINTS

blueprint = Blueprint("weixin", __name__)


def world() -> World:
    """The state of the sandbox this request talks to."""
    there: World = current_app.extensions["wechat_sandbox"]
    return there


@blueprint.route("/sns/jscode2session", methods=["GET", "POST"])
def login() -> Response:
    """/sns/jscode2session."""
    if request.method != "GET":
        raise Refused(43001)
    g.entry.user, identity = code_to_session(world(), request.args, request.remote_addr or "", world().clock.now())
    return answer(identity, content_type="text/plain")  # as WeChat really labels it


@blueprint.route("/cgi-bin/token", methods=["GET", "POST"])
def token() -> Response:
    """/cgi-bin/token: every call rotates the token."""
    return answer(plain_token(world(), request.args, request.remote_addr or "", world().clock.now()))


@blueprint.route("/cgi-bin/stable_token", methods=["GET", "POST"])
def steady_token() -> Response:
    """/cgi-bin/stable_token: the same token until it is nearly over."""
    if request.method != "POST":
        raise Refused(43002)
    return answer(stable_token(world(), _body(), request.remote_addr or "", world().clock.now()))


@blueprint.route("/sns/oauth2/access_token", methods=["GET", "POST"])
def page_identity() -> Response:
    """/sns/oauth2/access_token: who opened a page of the service account."""
    g.entry.user, identity = code_to_page_identity(
        world(), request.args, request.remote_addr or "", world().clock.now()
    )
    return answer(identity, content_type="text/plain")


@blueprint.route("/cgi-bin/clear_quota/v2", methods=["GET", "POST"])
def clear_quota_by_secret() -> Response:
    """/cgi-bin/clear_quota/v2: as with a token, from the same ten a month."""
    if request.method != "POST":
        raise Refused(43002)
    asked = _body()
    app = app_by_secret(world(), asked | {"secret": asked.get("appsecret")}, request.remote_addr or "")
    world().room(Quotas).clear(app.appid, world().clock.now())
    return answer(ok())


def _serve(endpoint: Endpoint) -> None:
    def serve() -> Response:
        token = request.args.get("access_token")
        return endpoint.serve(world(), request.method, token, request.args.to_dict(), g.body)

    blueprint.add_url_rule(endpoint.path, endpoint.path[1:].replace("/", "_"), serve, methods=["GET", "POST"])


for _endpoint in ENDPOINTS.values():
    _serve(_endpoint)


@blueprint.route("/<path:_>", methods=["GET", "POST"])
def anything_else(_: str) -> Response:
    """Any other address: as WeChat answers what it does not know."""
    raise Refused(40066)


@blueprint.errorhandler(Refused)
def refused(refusal: Refused) -> Response:
    """Turn a raised refusal into its answer."""
    return refuse(refusal.errcode, refusal.more)


@blueprint.before_request
def write_down_and_perhaps_fail() -> Response | None:
    """Note the request in the ledger, and let a waiting fault happen before it is handled."""
    there = world()
    g.body = _read(request.get_data())
    body = g.body if isinstance(g.body, dict) else {}
    g.entry = there.ledger.arrive(there.clock.now(), request.method, request.path, request.args.to_dict() | body)
    g.fault = there.faults.take(request.path)
    return None if g.fault is None else _instead_of_work(g.fault, there.faults)


@blueprint.after_request
def perhaps_spoil_and_complete(response: Response) -> Response:
    """Let a waiting fault spoil the answer, and note how the request ended."""
    there, fault = world(), g.get("fault")
    if "entry" not in g:  # whoever asked was gone before the question was whole
        return response
    there.save_soon()
    if (rid := g.get("rid")) is not None:
        _remember(there, rid, response)
    if fault is not None:
        g.entry.fault = fault.kind.value
        response = _after_work(response, fault, there.faults)
    arrived = not g.get("gone") and (fault is None or fault.kind in (FaultKind.LATENCY, FaultKind.ERRCODE))
    there.ledger.complete(g.entry, 0 if g.get("gone") else response.status_code, g.get("errcode"))
    there.room(Messages).answered(g.entry, arrived and not _is_gone())
    if g.get("errcode") == 43101:
        return _watched(response, there)
    return response


def _watched(response: Response, there: World) -> Response:
    """An answer nobody read was heard by nobody: the kernel of an asker that died with it unread resets us."""
    whole, entry = response.get_data(), g.entry
    connection: socket.socket | None = request.environ.get("werkzeug.socket")
    if connection is None:
        return response

    def write() -> Iterator[bytes]:
        yield whole
        before = connection.gettimeout()
        connection.settimeout(1.0)  # whoever is alive has read and closed by then
        try:
            connection.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            pass
        except OSError:
            there.room(Messages).unheard(entry)
        finally:
            connection.settimeout(before)

    return Response(write(), response.status_code, response.headers)


def _is_gone() -> bool:
    """Whether whoever asked closed the connection instead of waiting for the answer."""
    connection: socket.socket | None = request.environ.get("werkzeug.socket")
    if connection is None:
        return False
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def _remember(there: World, rid: str, response: Response) -> None:
    """For `/cgi-bin/openapi/rid/get`; what is secret is masked in the ledger's copy already."""
    asked = json.dumps(g.entry.asked, ensure_ascii=False)
    told = {"request_url": request.path, "request_body": asked, "response_body": response.get_data(as_text=True)}
    times = {"invoke_time": int(g.entry.at), "cost_in_ms": 1, "client_ip": request.remote_addr}
    there.room(Rids).keep(rid, there.appid_of(request.args.get("access_token")), times | told)


def _instead_of_work(fault: Fault, faults: Faults) -> Response | None:
    match fault.kind:
        case FaultKind.ERRCODE:
            return refuse(fault.errcode)
        case FaultKind.REPLY:
            return Response(fault.body, fault.status, content_type="application/json; encoding=utf-8")
        case FaultKind.HTML_502:
            return Response("<html><h1>502 Bad Gateway</h1></html>", 502, content_type="text/html")
        case FaultKind.HANG:
            g.entry.fault = fault.kind.value
            faults.pause(fault.seconds)
            return _hang_up()
        case FaultKind.DROP:
            return _hang_up()
    return None


def _after_work(response: Response, fault: Fault, faults: Faults) -> Response:
    whole = response.get_data()
    match fault.kind:
        case FaultKind.LATENCY:
            faults.pause(fault.seconds)
        case FaultKind.LOST_REPLY:
            return _hang_up()
        case FaultKind.TRUNCATED:
            response.set_data(whole[: len(whole) // 2])
        case FaultKind.CUT_OFF:
            response.set_data(whole[: len(whole) // 2])
            response.headers["Content-Length"] = str(len(whole))
        case FaultKind.DRIP:
            return Response(_dripping(whole, fault, faults), headers={"Content-Length": str(len(whole))})
    return response


def _dripping(whole: bytes, fault: Fault, faults: Faults) -> Iterator[bytes]:
    for place in range(len(whole)):
        faults.pause(fault.seconds)
        yield whole[place : place + 1]


def _hang_up() -> Response:
    """Close the connection under the answer. Only a real socket has one to close; a Flask test client gets a 599."""
    g.gone = True
    connection: socket.socket | None = request.environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
    return Response(status=599)


def _body() -> dict[str, Any]:
    """JSON whatever the Content-Type says, as WeChat reads it."""
    if isinstance(g.body, dict):
        return g.body
    raise Refused(47001 if g.body else 44002)


def _read(data: bytes) -> dict[str, Any] | bytes:
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        return data
    return body if isinstance(body, dict) else data
