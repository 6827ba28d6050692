"""The check of pictures: a trace now, and a verdict when somebody says so, or when it was looked at."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.wechat.asking import Asker
from tests.wechat.test_sandbox_pushes import wait_for
from wechat.sandbox.letters import Letter
from wechat.sandbox.server import RunningSandbox

MEDIA = "/wxa/media_check_async"
URL = "https://louzhang.example/photos/abc?sig=1"


@pytest.fixture
def pushed(sandbox: RunningSandbox) -> list[dict[str, Any]]:
    """The verdicts that arrived."""
    arrived: list[dict[str, Any]] = []

    def post(_: str, what: Letter) -> tuple[int, str]:
        arrived.append(json.loads(what.body))
        return 200, "success"

    sandbox.callback(token="t", post=post)
    return arrived


@pytest.fixture
def body(sandbox: RunningSandbox) -> dict[str, Any]:
    sandbox.visit("王大姐")
    return {"version": 2, "scene": 2, "openid": sandbox.openid("王大姐"), "media_type": 2, "media_url": URL}


def test_a_verdict_comes_on_command_once_twice_or_never(
    ask: Asker, sandbox: RunningSandbox, pushed: list[dict[str, Any]], body: dict[str, Any]
) -> None:
    trace = ask.post(MEDIA, **body)["trace_id"]
    assert [check.trace for check in sandbox.media()] == [trace]
    assert pushed == []

    sandbox.verdict(trace, "risky", label=20002)
    [told] = pushed
    assert (told["Event"], told["trace_id"], told["appid"], told["version"]) == (
        "wxa_media_check",
        trace,
        sandbox.appid,
        2,
    )
    assert (told["errcode"], told["result"]) == (0, {"suggest": "risky", "label": 20002})
    assert told["FromUserName"] == body["openid"]

    sandbox.verdict(trace, "pass", times=2)
    assert len(pushed) == 3
    assert pushed[1] == pushed[2]
    assert sandbox.media()[0].pushed == 3


def test_what_could_not_be_fetched_has_no_result(
    ask: Asker, sandbox: RunningSandbox, pushed: list[dict[str, Any]], body: dict[str, Any]
) -> None:
    sandbox.verdict(ask.post(MEDIA, **body)["trace_id"], errcode=-1008)
    assert pushed[0]["errcode"] == -1008
    assert "result" not in pushed[0]


@pytest.mark.parametrize(
    ("changed", "errcode"),
    [
        ({"media_type": 1}, 0),
        ({"media_type": 3}, 40004),
        ({"media_type": None}, 40004),
        ({"media_url": "ftp://x/y"}, 47001),
        ({"media_url": ""}, 47001),
        ({"version": 1}, 47001),
        ({"scene": 9}, 40129),
        ({"openid": ""}, 47001),
        ({"openid": "oNobody"}, 40003),
    ],
)
def test_a_mistaken_order_is_refused(ask: Asker, body: dict[str, Any], changed: dict[str, Any], errcode: int) -> None:
    assert ask.post(MEDIA, **body | changed)["errcode"] == errcode


def test_nobodys_picture_is_checked_after_two_hours_nor_one_picture_for_ever(
    ask: Asker, sandbox: RunningSandbox, body: dict[str, Any]
) -> None:
    sandbox.repeat_media(2)
    assert [ask.post(MEDIA, **body)["errcode"] for _ in range(3)] == [0, 0, 87020]
    sandbox.clock.advance(7201)
    assert Asker(sandbox).post(MEDIA, **body)["errcode"] == 61010


@pytest.fixture
def gallery() -> Iterator[str]:
    """One picture on this machine."""

    class Wall(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if "picture" in self.path else 404)
            self.end_headers()
            self.wfile.write(b"a picture")

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Wall)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "errcode", "suggest"),
    [("/picture", 0, "pass"), ("/picture?坏", 0, "risky"), ("/gone", -1008, None)],
)
def test_in_the_plan_auto_a_picture_on_this_machine_is_looked_at(
    ask: Asker,
    sandbox: RunningSandbox,
    pushed: list[dict[str, Any]],
    body: dict[str, Any],
    gallery: str,
    path: str,
    errcode: int,
    suggest: str | None,
) -> None:
    sandbox.risky_words("坏")
    sandbox.media_plan("auto")
    ask.post(MEDIA, **body | {"media_url": gallery + path})
    wait_for(lambda: pushed)
    assert pushed[0]["errcode"] == errcode
    assert pushed[0].get("result", {}).get("suggest") == suggest


def test_in_the_plan_auto_an_address_elsewhere_is_not_asked(
    ask: Asker, sandbox: RunningSandbox, pushed: list[dict[str, Any]], body: dict[str, Any]
) -> None:
    sandbox.media_plan("auto")
    ask.post(MEDIA, **body | {"media_url": "http://203.0.113.7:1/nothing"})
    wait_for(lambda: pushed)
    assert pushed[0]["result"]["suggest"] == "pass"
