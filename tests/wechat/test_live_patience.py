"""When a question is asked again, when never, and that it ends within its time whatever happens."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from wechat.gateway import NotAllowed, TooManyCalls, WeChatBusy, WeChatError, WeChatMisconfigured
from wechat.live import LiveWeChat, Timeouts
from wechat.sandbox.server import RunningSandbox

SEND, TEXT, PHONE, STABLE = (
    "/cgi-bin/message/subscribe/send", "/wxa/msg_sec_check", "/wxa/business/getuserphonenumber", "/cgi-bin/stable_token"
)  # fmt: skip
LOGIN, OAUTH = "/sns/jscode2session", "/sns/oauth2/access_token"
UNANSWERED = ["html_502", "drop", "lost_reply", "cut_off", "truncated", "hang", "drip"]

Ask = Callable[[LiveWeChat, RunningSandbox], object]

ONCE: dict[str, Ask] = {
    LOGIN: lambda gateway, sandbox: gateway.login(sandbox.login_code("王大姐")),
    OAUTH: lambda gateway, sandbox: gateway.recognise(sandbox.page_code("王大姐", "wx0000000000005e41")),
    PHONE: lambda gateway, sandbox: gateway.phone_number(sandbox.phone_code("王大姐"), sandbox.openid("王大姐")),
    SEND: lambda gateway, sandbox: gateway.send_message(sandbox.openid("王大姐"), "T-1", {"thing1": "漏水"}),
}


@pytest.fixture
def hasty(sandbox: RunningSandbox) -> LiveWeChat:
    """Gives up after 0.6 s of silence, 1.5 s in all."""
    sandbox.visit("王大姐")
    sandbox.template("T-1", ["thing1"])
    sandbox.grant("王大姐", "T-1", times=9)
    sandbox.service("wx0000000000005e41", "5" * 32)
    return LiveWeChat(
        sandbox.appid,
        sandbox.secret,
        base_url=sandbox.base_url,
        timeouts=Timeouts(connect=0.5, read=0.4, whole=1.5),
        service=("wx0000000000005e41", "5" * 32),
    )


def check(gateway: LiveWeChat, sandbox: RunningSandbox) -> None:
    gateway.check_text("你好", sandbox.openid("王大姐"))


@pytest.mark.parametrize("path", ONCE)
@pytest.mark.parametrize("fault", UNANSWERED)
def test_what_may_have_been_done_is_never_asked_again(
    hasty: LiveWeChat, sandbox: RunningSandbox, path: str, fault: str
) -> None:
    sandbox.faults.add(fault, path=path, seconds=0.2 if fault == "drip" else 60)
    started = time.monotonic()

    with pytest.raises(WeChatBusy) as caught:
        ONCE[path](hasty, sandbox)

    assert caught.value.unsure, "nobody knows whether WeChat did it"
    assert sandbox.ledger.count(path) == 1
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("path", ONCE)
def test_a_refusal_as_busy_is_sure_and_final_for_now(hasty: LiveWeChat, sandbox: RunningSandbox, path: str) -> None:
    sandbox.faults.add("errcode", path=path, errcode=-1)
    with pytest.raises(WeChatBusy) as caught:
        ONCE[path](hasty, sandbox)
    assert not caught.value.unsure
    assert sandbox.ledger.count(path) == 1


@pytest.mark.parametrize("fault", ["errcode", "html_502", "drop", "lost_reply", "cut_off", "truncated", "hang"])
def test_a_harmless_question_is_asked_again(hasty: LiveWeChat, sandbox: RunningSandbox, fault: str) -> None:
    sandbox.faults.add(fault, path=TEXT)
    check(hasty, sandbox)
    assert sandbox.ledger.count(TEXT) == 2


def test_a_harmless_question_is_asked_three_times_at_most(gateway: LiveWeChat, sandbox: RunningSandbox) -> None:
    sandbox.faults.add("errcode", path=TEXT, times=9)
    with pytest.raises(WeChatBusy):
        check(gateway, sandbox)
    assert sandbox.ledger.count(TEXT) == 3


@pytest.mark.parametrize("errcode", [40001, 40014, 42001, 41001])
@pytest.mark.parametrize("path", [PHONE, SEND])
def test_a_refused_token_is_fetched_anew_and_tried_once_more(
    hasty: LiveWeChat, sandbox: RunningSandbox, path: str, errcode: int
) -> None:
    sandbox.faults.add("errcode", path=path, errcode=errcode)
    ONCE[path](hasty, sandbox)
    assert (sandbox.ledger.count(path), sandbox.ledger.count(STABLE)) == (2, 2)
    assert all(entry.asked["force_refresh"] is False for entry in sandbox.ledger.entries(STABLE))


def test_a_token_that_died_early_is_replaced(hasty: LiveWeChat, sandbox: RunningSandbox) -> None:
    check(hasty, sandbox)
    sandbox.clock.advance(7300)
    sandbox.visit("王大姐")
    check(hasty, sandbox)
    assert sandbox.ledger.count(TEXT, errcode=42001) == 1
    assert sandbox.ledger.count(STABLE) == 2


def test_a_used_up_day_is_not_asked_again(hasty: LiveWeChat, sandbox: RunningSandbox) -> None:
    sandbox.quota(TEXT, day=1)
    check(hasty, sandbox)
    for _ in range(3):
        with pytest.raises(TooManyCalls) as caught:
            check(hasty, sandbox)
        assert (caught.value.retry_after or 0) > 0
    assert sandbox.ledger.count(TEXT) == 2
    ONCE[SEND](hasty, sandbox)  # other questions have their own quota


def test_a_used_up_minute_stops_nobody_else(hasty: LiveWeChat, sandbox: RunningSandbox) -> None:
    sandbox.faults.add("errcode", path=LOGIN, errcode=45011)  # WeChat counts logins by person
    with pytest.raises(TooManyCalls):
        ONCE[LOGIN](hasty, sandbox)
    ONCE[LOGIN](hasty, sandbox)


def test_a_missing_right_is_told_to_the_operator_once(
    hasty: LiveWeChat, sandbox: RunningSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.faults.add("errcode", path=SEND, errcode=43107, times=3)
    for _ in range(3):
        with pytest.raises(NotAllowed):
            ONCE[SEND](hasty, sandbox)
    assert [record.levelname for record in caplog.records if record.name == "louzhang.wechat"] == ["ERROR"]


# Time


@pytest.mark.parametrize("path", [*ONCE, TEXT])
def test_an_endpoint_that_never_answers_takes_five_seconds_at_most(
    sandbox: RunningSandbox, hasty: LiveWeChat, path: str
) -> None:
    """The whole is what is kept: here 1.5 s, to spare our own time."""
    sandbox.faults.add("hang", path=path, times=0)
    started = time.monotonic()
    with pytest.raises(WeChatBusy):
        (ONCE | {TEXT: check})[path](hasty, sandbox)
    assert time.monotonic() - started < 2.2


def test_the_real_patience_is_five_seconds_with_token_and_retries(sandbox: RunningSandbox) -> None:
    sandbox.visit("王大姐")
    gateway = LiveWeChat(sandbox.appid, sandbox.secret, base_url=sandbox.base_url)
    sandbox.faults.add("latency", path=STABLE, seconds=2)
    sandbox.faults.add("hang", path=TEXT, times=0)
    started = time.monotonic()
    with pytest.raises(WeChatBusy):
        check(gateway, sandbox)
    assert 4.5 < time.monotonic() - started < 5.4


def test_a_token_endpoint_that_never_answers_is_not_waited_for_by_everybody_in_turn(
    sandbox: RunningSandbox, hasty: LiveWeChat
) -> None:
    sandbox.faults.add("hang", path=STABLE, times=0)
    took: list[float] = []

    def ask() -> None:
        started = time.monotonic()
        with pytest.raises(WeChatBusy):
            check(hasty, sandbox)
        took.append(time.monotonic() - started)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(took) == 8
    assert max(took) < 2.2
    assert sandbox.ledger.count(STABLE) == 1
    started = time.monotonic()
    with pytest.raises(WeChatBusy):
        check(hasty, sandbox)
    assert time.monotonic() - started < 0.4, "after a failed fetch WeChat is left alone for a moment"


@contextmanager
def talking_forever(opening: bytes) -> Iterator[str]:
    """A peer that never comes to the end of its headers."""
    stop = threading.Event()

    def talk() -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(opening)
            while not stop.wait(0.1):
                try:
                    connection.sendall(b"X")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=talk)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        stop.set()
        thread.join()


@pytest.mark.parametrize("opening", [b"", b"HTTP/1.1 200 OK\r\nX-Never-Ending: "])
def test_dripping_headers_end_in_time_too(opening: bytes) -> None:
    """A read timeout begins anew with every byte; the whole does not."""
    timeouts = Timeouts(connect=0.5, read=0.4, whole=0.7)
    with talking_forever(opening) as base_url:
        started = time.monotonic()
        with pytest.raises(WeChatError) as caught:
            LiveWeChat("wx1", "s", base_url=base_url, timeouts=timeouts).login("code")
        assert time.monotonic() - started < 1.5
    assert isinstance(caught.value, WeChatBusy)
    assert caught.value.unsure


def test_a_request_that_never_left_was_surely_not_done(sandbox: RunningSandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(WeChatBusy) as caught:
        LiveWeChat("wx1", "s", base_url=f"http://127.0.0.1:{port}").login("code")
    assert not caught.value.unsure
    with pytest.raises(WeChatMisconfigured):
        LiveWeChat("wx1", "s", base_url=sandbox.base_url.replace("http:", "https:")).login("code")


def test_a_host_of_many_silent_addresses_takes_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connect timeout counts for each address a name has; api.weixin.qq.com has several."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(0)
        port = silent.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:  # the queue is full: nobody is accepted, nobody refused
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        found = socket.getaddrinfo("127.0.0.1", port, type=socket.SOCK_STREAM) * 6
        look_up = socket.getaddrinfo
        monkeypatch.setattr(
            socket,
            "getaddrinfo",
            lambda host, *rest, **more: found if host == "localhost" else look_up(host, *rest, **more),
        )
        started = time.monotonic()
        with pytest.raises(WeChatBusy) as caught:
            LiveWeChat(
                "wx1", "s", base_url=f"http://localhost:{port}", timeouts=Timeouts(connect=0.3, read=1, whole=0.6)
            ).login("code")
        took = time.monotonic() - started
        for filler in fillers:
            filler.close()
    assert 0.25 < took < 1.3
    assert not caught.value.unsure
