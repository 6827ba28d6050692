"""How long which access token lives, asked of the sandbox as a stranger would: plain HTTP, plain JSON."""

import json
from typing import Any

import pytest
import requests

from wechat.sandbox.server import RunningSandbox

LIVES, REPLACED, EXPIRED = None, 40001, 42001


class Stranger:
    """A client that knows nothing of ours."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self.sandbox = sandbox
        self.credentials = {"appid": sandbox.appid, "secret": sandbox.secret, "grant_type": "client_credential"}

    def get(self, path: str, **params: str) -> dict[str, Any]:
        return self._read(requests.get(self.sandbox.base_url + path, params=params, timeout=5))

    def post(self, path: str, body: bytes) -> dict[str, Any]:
        return self._read(requests.post(self.sandbox.base_url + path, data=body, timeout=5))

    def plain(self) -> str:
        return str(self.get("/cgi-bin/token", **self.credentials)["access_token"])

    def stable(self, **more: Any) -> dict[str, Any]:
        return self.post("/cgi-bin/stable_token", json.dumps(self.credentials | more).encode())

    def errcode(self, token: str) -> int | None:
        return self.get("/cgi-bin/getcallbackip", access_token=token).get("errcode")

    @staticmethod
    def _read(response: requests.Response) -> dict[str, Any]:
        assert response.status_code == 200
        answer: dict[str, Any] = response.json()
        assert "errcode" not in answer or ", rid: " in answer["errmsg"]
        return answer


@pytest.fixture
def stranger(sandbox: RunningSandbox) -> Stranger:
    return Stranger(sandbox)


def test_each_plain_call_rotates_and_the_old_token_lives_five_minutes(
    stranger: Stranger, sandbox: RunningSandbox
) -> None:
    old, new = stranger.plain(), stranger.plain()
    assert old != new
    assert (stranger.errcode(old), stranger.errcode(new)) == (LIVES, LIVES)

    sandbox.clock.advance(299)
    assert stranger.errcode(old) == LIVES
    sandbox.clock.advance(2)
    assert (stranger.errcode(old), stranger.errcode(new)) == (REPLACED, LIVES)


def test_a_token_nobody_replaced_expires_after_two_hours(stranger: Stranger, sandbox: RunningSandbox) -> None:
    token = stranger.plain()
    sandbox.clock.advance(7201)
    assert stranger.errcode(token) == EXPIRED


def test_a_stable_token_stays_the_same_until_five_minutes_before_its_end(
    stranger: Stranger, sandbox: RunningSandbox
) -> None:
    first = stranger.stable()
    assert first["expires_in"] == 7200

    sandbox.clock.advance(6800)
    again = stranger.stable()
    assert again["access_token"] == first["access_token"]
    assert 398 <= again["expires_in"] <= 400

    sandbox.clock.advance(150)
    renewed = stranger.stable()
    assert renewed["access_token"] != first["access_token"]
    assert renewed["expires_in"] == 7200
    assert stranger.errcode(first["access_token"]) == stranger.errcode(renewed["access_token"]) == LIVES

    sandbox.clock.advance(260)
    assert stranger.errcode(first["access_token"]) == EXPIRED
    assert stranger.errcode(renewed["access_token"]) == LIVES


def test_the_two_kinds_do_not_disturb_each_other(stranger: Stranger, sandbox: RunningSandbox) -> None:
    stable = stranger.stable()["access_token"]
    stranger.plain()
    plain = stranger.plain()
    sandbox.clock.advance(301)
    assert stranger.stable()["access_token"] == stable
    assert stranger.errcode(stable) == stranger.errcode(plain) == LIVES


def test_a_forced_refresh_kills_the_leaked_token_at_once(stranger: Stranger) -> None:
    leaked = stranger.stable()["access_token"]
    fresh = stranger.stable(force_refresh=True)["access_token"]
    assert (stranger.errcode(leaked), stranger.errcode(fresh)) == (REPLACED, LIVES)
    assert stranger.stable()["access_token"] == fresh


def test_forcing_is_limited_to_every_thirty_seconds_and_twenty_a_day(
    stranger: Stranger, sandbox: RunningSandbox
) -> None:
    sandbox.clock.advance(-((sandbox.clock.now() + 8 * 3600) % 86400) + 60)  # a minute past midnight in Beijing
    for _ in range(20):
        assert "access_token" in stranger.stable(force_refresh=True)
        assert stranger.stable(force_refresh=True)["errcode"] == 45011
        sandbox.clock.advance(31)
    assert stranger.stable(force_refresh=True)["errcode"] == 45009
    sandbox.clock.advance(86400)
    assert "access_token" in stranger.stable(force_refresh=True)


@pytest.mark.parametrize(
    ("changed", "errcode"),
    [
        ({"secret": "wrong"}, 40125),
        ({"secret": ""}, 41004),
        ({"appid": ""}, 41002),
        ({"appid": "wx0000000000000404"}, 40013),
        ({"grant_type": "authorization_code"}, 40002),
    ],
)
def test_both_kinds_check_who_asks(stranger: Stranger, changed: dict[str, str], errcode: int) -> None:
    stranger.credentials |= changed
    assert stranger.get("/cgi-bin/token", **stranger.credentials)["errcode"] == errcode
    assert stranger.stable()["errcode"] == errcode


@pytest.mark.parametrize(("body", "errcode"), [(b"", 44002), (b"appid=1&secret=2", 47001), (b"[1]", 47001)])
def test_a_stable_token_is_asked_for_in_json(stranger: Stranger, body: bytes, errcode: int) -> None:
    assert stranger.post("/cgi-bin/stable_token", body)["errcode"] == errcode


def test_a_stable_token_is_asked_for_by_post(stranger: Stranger) -> None:
    assert stranger.get("/cgi-bin/stable_token", **stranger.credentials)["errcode"] == 43002


def test_a_call_without_a_token_and_a_call_to_nowhere(stranger: Stranger) -> None:
    assert stranger.get("/cgi-bin/getcallbackip")["errcode"] == 41001
    assert stranger.get("/cgi-bin/no_such_thing")["errcode"] == 40066
    assert stranger.get("/sns/jscode2session")["errcode"] == 41002
