"""Session keys: checked and renewed by a signature."""

import hashlib
import hmac

import pytest

from tests.wechat.asking import Asker
from wechat.live import LiveWeChat
from wechat.sandbox.server import RunningSandbox

CHECK, RESET = "/wxa/checksession", "/wxa/resetusersessionkey"


def sign(session_key: str) -> dict[str, str]:
    return {
        "sig_method": "hmac_sha256",
        "signature": hmac.new(session_key.encode(), b"", hashlib.sha256).hexdigest(),
    }


def test_a_session_is_good_until_the_next_login(ask: Asker, gateway: LiveWeChat, sandbox: RunningSandbox) -> None:
    first = gateway.login(sandbox.login_code("王大姐"))
    assert ask.get(CHECK, openid=first.openid, **sign(first.session_key)) == {"errcode": 0, "errmsg": "ok"}

    gateway.login(sandbox.login_code("王大姐"))
    assert ask.get(CHECK, openid=first.openid, **sign(first.session_key))["errcode"] == 87009


def test_a_session_key_is_renewed_and_the_old_one_is_dead(
    ask: Asker, gateway: LiveWeChat, sandbox: RunningSandbox
) -> None:
    who = gateway.login(sandbox.login_code("王大姐"))
    fresh = ask.get(RESET, openid=who.openid, **sign(who.session_key))

    assert fresh["openid"] == who.openid
    assert fresh["session_key"] != who.session_key
    assert ask.get(CHECK, openid=who.openid, **sign(fresh["session_key"]))["errcode"] == 0
    assert ask.get(RESET, openid=who.openid, **sign(who.session_key))["errcode"] == 87009


@pytest.mark.parametrize("path", [CHECK, RESET])
@pytest.mark.parametrize(
    ("changed", "errcode"),
    [
        ({"signature": "0" * 64}, 87009),
        ({"signature": ""}, 40097),
        ({"sig_method": "md5"}, 87008),
        ({"openid": ""}, 40097),
        ({"openid": "oNobody"}, 40003),
    ],
)
def test_what_is_wrong_is_named(
    ask: Asker, gateway: LiveWeChat, sandbox: RunningSandbox, path: str, changed: dict[str, str], errcode: int
) -> None:
    who = gateway.login(sandbox.login_code("王大姐"))
    asked = {"openid": who.openid, **sign(who.session_key)} | changed
    assert ask.get(path, **asked)["errcode"] == errcode


def test_whoever_never_logged_in_has_no_session(ask: Asker, sandbox: RunningSandbox) -> None:
    assert ask.get(CHECK, openid=sandbox.openid("李大爷"), **sign("none"))["errcode"] == 87007


def test_no_session_key_stands_in_the_ledger(ask: Asker, gateway: LiveWeChat, sandbox: RunningSandbox) -> None:
    who = gateway.login(sandbox.login_code("王大姐"))
    ask.get(RESET, openid=who.openid, **sign(who.session_key))
    written = str(sandbox.ledger.entries())
    for secret in (who.session_key, sandbox.session_key("王大姐"), ask.token, sandbox.secret):
        assert secret
        assert secret not in written
