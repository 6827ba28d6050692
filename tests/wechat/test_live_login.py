"""Logging in through the live gateway: every way it ends, over a real socket."""

import gzip
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from wechat.gateway import (
    CodeUsedOrExpired,
    TooManyCalls,
    UserBlocked,
    WeChatBusy,
    WeChatError,
    WeChatIdentity,
    WeChatMisconfigured,
)
from wechat.live import MAX_REPLY_BYTES, LiveWeChat, Timeouts
from wechat.sandbox import DEFAULT_APPID
from wechat.sandbox.server import RunningSandbox

LOGIN = "/sns/jscode2session"


def test_a_fresh_code_gives_an_identity_in_one_request(gateway: LiveWeChat, sandbox: RunningSandbox) -> None:
    identity = gateway.login(sandbox.login_code("王大姐"))

    assert identity.openid == sandbox.openid("王大姐")
    assert identity.unionid is None
    assert len(identity.session_key) == 24
    [entry] = sandbox.ledger.entries()  # and no access token was fetched for it
    assert (entry.path, entry.status, entry.errcode, entry.user) == (LOGIN, 200, None, "王大姐")


def test_the_same_person_keeps_her_openid_and_gets_a_new_session_key(
    gateway: LiveWeChat, sandbox: RunningSandbox
) -> None:
    first, second = (gateway.login(sandbox.login_code("王大姐")) for _ in range(2))
    neighbour = gateway.login(sandbox.login_code("李大爷"))

    assert first.openid == second.openid != neighbour.openid
    assert first.session_key != second.session_key


def test_another_app_knows_her_by_another_openid_and_bound_apps_by_one_unionid(
    sandbox: RunningSandbox, create_gateway: Callable[[str, str], LiveWeChat]
) -> None:
    sandbox.add_app("wx00000000000000a1", "a" * 32, open_platform="street")
    sandbox.add_app("wx00000000000000b2", "b" * 32, open_platform="street")

    one = create_gateway("wx00000000000000a1", "a" * 32).login(sandbox.login_code("王大姐", "wx00000000000000a1"))
    two = create_gateway("wx00000000000000b2", "b" * 32).login(sandbox.login_code("王大姐", "wx00000000000000b2"))

    assert one.openid != two.openid
    assert one.unionid == two.unionid is not None


def test_a_code_works_once(gateway: LiveWeChat, sandbox: RunningSandbox) -> None:
    code = sandbox.login_code("王大姐")
    gateway.login(code)

    with pytest.raises(CodeUsedOrExpired) as caught:
        gateway.login(code)
    assert caught.value.errcode == 40163


@pytest.mark.parametrize(("seconds", "still_good"), [(299, True), (301, False)])
def test_a_code_lives_five_minutes(
    gateway: LiveWeChat, sandbox: RunningSandbox, seconds: int, still_good: bool
) -> None:
    code = sandbox.login_code("王大姐")
    sandbox.clock.advance(seconds)

    if still_good:
        assert gateway.login(code).openid
    else:
        with pytest.raises(CodeUsedOrExpired) as caught:
            gateway.login(code)
        assert caught.value.errcode == 40029
        assert caught.value.detail == "登录已失效，请重新进入小程序"


def test_a_code_of_another_app_is_no_code_here(gateway: LiveWeChat, sandbox: RunningSandbox) -> None:
    sandbox.add_app("wx00000000000000a1", "a" * 32)

    with pytest.raises(CodeUsedOrExpired):
        gateway.login(sandbox.login_code("王大姐", "wx00000000000000a1"))


@pytest.mark.parametrize("code", ["", " ", "has space", "换行\n", "x" * 129, "\ud800", "nul\0"])
def test_what_cannot_be_a_code_is_refused_without_asking(
    gateway: LiveWeChat, sandbox: RunningSandbox, code: str
) -> None:
    with pytest.raises(CodeUsedOrExpired):
        gateway.login(code)
    assert sandbox.ledger.count() == 0


def test_a_code_cannot_smuggle_parameters(gateway: LiveWeChat, sandbox: RunningSandbox) -> None:
    with pytest.raises(CodeUsedOrExpired):
        gateway.login("x&appid=wxother&secret=#?")

    [entry] = sandbox.ledger.entries()
    assert entry.asked["appid"] == sandbox.appid
    assert entry.asked["js_code"] == "x&appid=wxother&secret=#?"


def test_a_risky_user_is_blocked_until_wechat_relents(gateway: LiveWeChat, sandbox: RunningSandbox) -> None:
    sandbox.block("黄牛")
    with pytest.raises(UserBlocked):
        gateway.login(sandbox.login_code("黄牛"))

    sandbox.block("黄牛", False)
    assert gateway.login(sandbox.login_code("黄牛")).openid


@pytest.mark.parametrize(
    ("appid", "secret", "errcode"), [(DEFAULT_APPID, "wrong", 40125), ("wx0000000000000404", "any", 40013)]
)
def test_wrong_credentials_are_ours_to_mend(
    sandbox: RunningSandbox, create_gateway: Callable[[str, str], LiveWeChat], appid: str, secret: str, errcode: int
) -> None:
    with pytest.raises(WeChatMisconfigured) as caught:
        create_gateway(appid, secret).login(sandbox.login_code("王大姐"))
    assert caught.value.errcode == errcode


def test_a_frozen_secret_and_a_closed_whitelist_are_ours_to_mend(
    gateway: LiveWeChat, sandbox: RunningSandbox, create_gateway: Callable[[str, str], LiveWeChat]
) -> None:
    app = sandbox.world.apps[sandbox.appid]
    app.ip_whitelist = ["203.0.113.7"]
    with pytest.raises(WeChatMisconfigured) as caught:
        gateway.login(sandbox.login_code("王大姐"))
    assert caught.value.errcode == 40164

    app.ip_whitelist, app.frozen = [], True
    another = create_gateway(sandbox.appid, sandbox.secret)  # the first asks no more for a while
    with pytest.raises(WeChatMisconfigured) as caught:
        another.login(sandbox.login_code("王大姐"))
    assert caught.value.errcode == 40243


RID = "6502ab31-4c77aa01-1f2e3d4c"


@pytest.mark.parametrize(
    ("errcode", "kind"),
    [
        (-1, WeChatBusy),
        (45011, TooManyCalls),
        (45009, TooManyCalls),
        (40029, CodeUsedOrExpired),
        (40163, CodeUsedOrExpired),
        (40226, UserBlocked),
        (40013, WeChatMisconfigured),
        (40125, WeChatMisconfigured),
        (40164, WeChatMisconfigured),
        (40243, WeChatMisconfigured),
        (41002, WeChatMisconfigured),
        (41004, WeChatMisconfigured),
        (99999, WeChatError),
    ],
)
def test_each_errcode_has_one_meaning_for_us(
    gateway: LiveWeChat, sandbox: RunningSandbox, errcode: int, kind: type[WeChatError]
) -> None:
    sandbox.faults.add("reply", body=json.dumps({"errcode": errcode, "errmsg": f"no, rid: {RID}"}))

    with pytest.raises(WeChatError) as caught:
        gateway.login(sandbox.login_code("王大姐"))

    assert type(caught.value) is kind
    assert (caught.value.errcode, caught.value.rid) == (errcode, RID)
    assert caught.value.detail.isprintable()
    assert not caught.value.detail.isascii()


GOOD = {"openid": "oSample-openid_0000000000001", "session_key": "c2Vzc2lvbi1rZXktMDAwMQ=="}


@pytest.mark.parametrize(
    ("fields", "unionid"),
    [
        (GOOD, None),
        ({**GOOD, "errcode": 0, "errmsg": "ok"}, None),
        ({**GOOD, "errcode": "0"}, None),
        ({**GOOD, "unionid": "o6_bmSample00000000000000001"}, "o6_bmSample00000000000000001"),
        ({**GOOD, "unionid": ""}, None),
        ({**GOOD, "a_field_of_next_year": [1, 2]}, None),
    ],
)
def test_success_is_an_errcode_of_nought_or_none(
    gateway: LiveWeChat, sandbox: RunningSandbox, fields: dict[str, object], unionid: str | None
) -> None:
    sandbox.faults.add("reply", body=json.dumps(fields))

    identity = gateway.login(sandbox.login_code("王大姐"))

    assert identity == WeChatIdentity(GOOD["openid"], unionid, GOOD["session_key"])


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        "{}",
        '"ok"',
        "not json",
        "[" * 100_000,
        '{"errcode": "many"}',
        '{"errcode": null}',
        '{"openid": "oSample"}',
        '{"openid": "", "session_key": "k"}',
        '{"openid": 7, "session_key": "k"}',
        '{"openid": "o\\ud800", "session_key": "k"}',
        '{"openid": "oSample", "session_key": ""}',
        json.dumps(GOOD) + " " * MAX_REPLY_BYTES,
    ],
    ids=lambda body: body[:40].strip() or "blank",
)
def test_an_answer_that_is_none_means_busy(gateway: LiveWeChat, sandbox: RunningSandbox, body: str) -> None:
    sandbox.faults.add("reply", body=body)

    with pytest.raises(WeChatBusy):
        gateway.login(sandbox.login_code("王大姐"))


@pytest.mark.parametrize("fault", ["html_502", "drop", "lost_reply", "cut_off", "truncated", "errcode", "hang", "drip"])
def test_a_fault_costs_one_request_and_little_time(impatient: LiveWeChat, sandbox: RunningSandbox, fault: str) -> None:
    sandbox.faults.add(fault, seconds=0.1 if fault == "drip" else 60)
    code, started = sandbox.login_code("王大姐"), time.monotonic()

    with pytest.raises(WeChatBusy):
        impatient.login(code)

    assert time.monotonic() - started < 2
    assert sandbox.ledger.count(LOGIN) == 1, "a login code must never be sent twice"
    assert impatient.login(sandbox.login_code("王大姐")).openid == sandbox.openid("王大姐")


@pytest.mark.parametrize(("status", "cause"), [(500, "HTTP 500"), (503, "HTTP 503"), (403, "HTTP 403")])
def test_an_http_error_means_busy(gateway: LiveWeChat, sandbox: RunningSandbox, status: int, cause: str) -> None:
    sandbox.faults.add("reply", status=status, body='{"errcode": 40125}')

    with pytest.raises(WeChatBusy) as caught:
        gateway.login(sandbox.login_code("王大姐"))
    assert caught.value.cause == cause


def test_a_redirect_is_not_followed(sandbox: RunningSandbox) -> None:
    head = f"HTTP/1.1 302 Found\r\nLocation: {sandbox.base_url}/sns/jscode2session\r\nContent-Length: 0\r\n"
    with peer(head) as base_url, pytest.raises(WeChatBusy):
        LiveWeChat("wx1", "s", base_url=base_url).login("code")
    assert sandbox.ledger.count() == 0


def test_a_lost_reply_has_spent_the_code(gateway: LiveWeChat, sandbox: RunningSandbox) -> None:
    code = sandbox.login_code("王大姐")
    sandbox.faults.add("lost_reply")
    with pytest.raises(WeChatBusy):
        gateway.login(code)

    with pytest.raises(CodeUsedOrExpired):
        gateway.login(code)


def test_a_slow_answer_is_still_an_answer(gateway: LiveWeChat, sandbox: RunningSandbox) -> None:
    sandbox.faults.add("latency", seconds=0.3)
    assert gateway.login(sandbox.login_code("王大姐")).openid


def test_a_burst_of_busy_ends(gateway: LiveWeChat, sandbox: RunningSandbox) -> None:
    sandbox.faults.add("errcode", errcode=-1, times=3)
    for _ in range(3):
        with pytest.raises(WeChatBusy):
            gateway.login(sandbox.login_code("王大姐"))
    assert gateway.login(sandbox.login_code("王大姐")).openid


def test_nobody_listening_means_busy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(WeChatBusy):
        LiveWeChat("wx1", "s", base_url=f"http://127.0.0.1:{port}").login("code")


def test_a_peer_that_speaks_plain_http_where_tls_was_asked_is_ours_to_mend(sandbox: RunningSandbox) -> None:
    with pytest.raises(WeChatMisconfigured):
        LiveWeChat("wx1", "s", base_url=sandbox.base_url.replace("http:", "https:")).login("code")


@contextmanager
def peer(head: str, body: bytes = b"") -> Iterator[str]:
    """A peer that answers one request with exactly these bytes."""

    def answer_once() -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(f"{head}Connection: close\r\n\r\n".encode() + body)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer_once)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join()


PLAIN = json.dumps(GOOD).encode()
CHUNKS = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (PLAIN[:9], PLAIN[9:], b""))


@pytest.mark.parametrize(
    ("header", "body"),
    [("", PLAIN), ("Content-Encoding: gzip\r\n", gzip.compress(PLAIN)), ("Transfer-Encoding: chunked\r\n", CHUNKS)],
    ids=["until closed", "gzip", "chunked"],
)
def test_every_lawful_way_to_send_a_body_is_read(header: str, body: bytes) -> None:
    with peer(f"HTTP/1.1 200 OK\r\n{header}", body) as base_url:
        identity = LiveWeChat("wx1", "s", base_url=base_url).login("code")
    assert identity.openid == GOOD["openid"]


def test_eight_threads_log_in_at_once(gateway: LiveWeChat, sandbox: RunningSandbox) -> None:
    people = [f"住户{number}" for number in range(40)]
    codes = [sandbox.login_code(person) for person in people]

    with ThreadPoolExecutor(8) as threads:
        identities = list(threads.map(gateway.login, codes))

    assert [identity.openid for identity in identities] == [sandbox.openid(person) for person in people]
    assert sandbox.ledger.count(LOGIN) == len(sandbox.ledger.entries()) == 40


def test_eight_threads_with_one_code_log_in_once(gateway: LiveWeChat, sandbox: RunningSandbox) -> None:
    code = sandbox.login_code("王大姐")

    def outcome(_: int) -> str:
        try:
            return gateway.login(code).openid
        except CodeUsedOrExpired as used:
            return used.code

    with ThreadPoolExecutor(8) as threads:
        outcomes = Counter(threads.map(outcome, range(8)))
    assert outcomes == {sandbox.openid("王大姐"): 1, "wechat_code_expired": 7}


def test_a_proxy_in_the_environment_is_ignored_on_loopback(
    gateway: LiveWeChat, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)

    assert gateway.login(sandbox.login_code("王大姐")).openid


@pytest.mark.parametrize(
    "base_url",
    ["http://api.weixin.qq.com", "http://10.0.0.1:80", "ftp://x", "https://", "", "https://u:p@x", "https://x?a=b"],
)
def test_the_secret_goes_nowhere_in_clear(base_url: str) -> None:
    with pytest.raises(ValueError, match="must be https"):
        LiveWeChat("wx1", "s", base_url=base_url)


@pytest.mark.parametrize(("appid", "secret"), [("", "s"), ("wx1", "")])
def test_a_gateway_needs_its_credentials(appid: str, secret: str) -> None:
    with pytest.raises(ValueError, match="appid and a secret"):
        LiveWeChat(appid, secret)


def test_patience_is_at_most_five_seconds_unless_told_otherwise() -> None:
    assert Timeouts() == Timeouts(connect=2, read=5, whole=5)
