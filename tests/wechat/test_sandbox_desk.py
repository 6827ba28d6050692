"""What every call that needs a token has in common."""

import pytest

from tests.wechat.asking import Asker, read
from wechat.sandbox.desk import ENDPOINTS
from wechat.sandbox.server import RunningSandbox


@pytest.mark.parametrize("path", sorted(ENDPOINTS))
def test_every_call_checks_method_token_and_body(ask: Asker, path: str) -> None:
    endpoint = ENDPOINTS[path]
    wrong = "GET" if endpoint.method == "POST" else "POST"
    assert read(ask.raw(wrong, path, access_token=ask.token))["errcode"] == (43002 if wrong == "GET" else 43001)
    assert read(ask.raw(endpoint.method, path))["errcode"] == 41001
    assert read(ask.raw(endpoint.method, path, access_token="made-up"))["errcode"] == 40001
    if endpoint.method == "POST":
        assert read(ask.raw("POST", path, access_token=ask.token))["errcode"] == endpoint.empty
        assert ask.form(path, scene="x", path="y")["errcode"] == endpoint.no_json
        assert read(ask.raw("POST", path, b"[1]", access_token=ask.token))["errcode"] == endpoint.no_json


@pytest.mark.parametrize("path", sorted(ENDPOINTS))
def test_a_token_that_ran_out_is_42001(ask: Asker, sandbox: RunningSandbox, path: str) -> None:
    sandbox.clock.advance(7201)
    assert read(ask.raw(ENDPOINTS[path].method, path, access_token=ask.token))["errcode"] == 42001


def test_json_counts_whatever_the_content_type(ask: Asker) -> None:
    url = f"{ask.sandbox.base_url}/wxa/getwxacodeunlimit?access_token={ask.token}"
    for label in ("application/x-www-form-urlencoded", "text/plain", "application/json"):
        answer = ask.http.post(url, data=b'{"scene": "a"}', headers={"Content-Type": label}, timeout=5)
        assert answer.headers["Content-Type"] == "image/jpeg"


@pytest.mark.parametrize(
    "body", [b"\xff\xfe", b"[" * 100_000, b'{"scene": "' + b"x" * 1_000_000 + b'"}', b"null", b"1e999"]
)
def test_hostile_bodies_are_answered(ask: Asker, body: bytes) -> None:
    assert read(ask.raw("POST", "/wxa/getwxacodeunlimit", body, access_token=ask.token))["errcode"] == 40169
