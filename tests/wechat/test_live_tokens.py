"""The access token of wechatpy's client: a stable token, fetched with a deadline, once."""

import time
from collections.abc import Iterator

import pytest

from wechat.gateway import WeChatBusy, WeChatMisconfigured
from wechat.live import MiniProgramClient, Timeouts
from wechat.sandbox.server import RunningSandbox

STABLE = "/cgi-bin/stable_token"


@pytest.fixture
def client(sandbox: RunningSandbox) -> Iterator[MiniProgramClient]:
    timeouts = Timeouts(connect=1.0, read=0.4, whole=0.6)
    with MiniProgramClient(sandbox.appid, sandbox.secret, base_url=sandbox.base_url, timeouts=timeouts) as client:
        yield client


def test_a_token_is_fetched_once_in_normal_mode_and_opens_an_endpoint(
    client: MiniProgramClient, sandbox: RunningSandbox
) -> None:
    assert client.access_token == client.access_token
    assert client.get("getcallbackip") == {"ip_list": ["127.0.0.1"]}

    [asked] = sandbox.ledger.entries(STABLE)
    assert asked.asked["force_refresh"] is False
    assert sandbox.ledger.count("/cgi-bin/token") == 0


def test_two_clients_share_what_wechat_keeps_stable(client: MiniProgramClient, sandbox: RunningSandbox) -> None:
    with MiniProgramClient(sandbox.appid, sandbox.secret, base_url=sandbox.base_url) as other:
        assert client.access_token == other.access_token


def test_a_bad_token_is_one_error_and_no_storm(client: MiniProgramClient, sandbox: RunningSandbox) -> None:
    client.session.set(client.access_token_key, "stale")

    with pytest.raises(WeChatMisconfigured) as caught:
        client.get("getcallbackip")

    assert caught.value.errcode == 40001
    assert sandbox.ledger.count() == 1, "auto_retry would go on until the stack ends"


@pytest.mark.parametrize("fault", ["hang", "html_502", "truncated", "drop", "errcode"])
def test_a_token_endpoint_in_trouble_fails_soon(client: MiniProgramClient, sandbox: RunningSandbox, fault: str) -> None:
    sandbox.faults.add(fault, path=STABLE)
    started = time.monotonic()

    with pytest.raises(WeChatBusy):
        client.get("getcallbackip")

    assert time.monotonic() - started < 2
    assert sandbox.ledger.count() == 1


@pytest.mark.parametrize("body", ["{}", '{"access_token": "", "expires_in": 7200}', '{"access_token": "t"}'])
def test_a_reply_without_a_token_is_not_kept(client: MiniProgramClient, sandbox: RunningSandbox, body: str) -> None:
    sandbox.faults.add("reply", body=body)
    with pytest.raises(WeChatBusy):
        client.fetch_access_token()
    assert client.session.get(client.access_token_key) is None


def test_every_family_of_calls_goes_to_our_address(client: MiniProgramClient, sandbox: RunningSandbox) -> None:
    assert client.wxa.check_text_security("你好")["errcode"] == 0
    assert sandbox.ledger.count("/wxa/msg_sec_check") == 1
