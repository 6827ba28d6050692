"""The shared token and the breaker, with threads of one process and with several keepers on one store."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from wechat.gateway import WeChatBusy, WeChatError, WeChatMisconfigured
from wechat.live import LiveWeChat, Timeouts
from wechat.live.keeper import Keeper
from wechat.live.wire import Deadline
from wechat.sandbox.server import RunningSandbox
from wechat.tokens import FirstThatWorks, MemoryTokenStore, Shared, StoreTrouble

SEND, TEXT, STABLE, LOGIN = (
    "/cgi-bin/message/subscribe/send",
    "/wxa/msg_sec_check",
    "/cgi-bin/stable_token",
    "/sns/jscode2session",
)


class Hands:
    """A clock that is moved by hand; what waits for real is not its business."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def store() -> MemoryTokenStore:
    return MemoryTokenStore()


@pytest.fixture
def worker(sandbox: RunningSandbox, store: MemoryTokenStore, hands: Hands) -> Callable[[], LiveWeChat]:
    """As many workers as a test wants, all on one store."""
    sandbox.here_for(None)

    def make() -> LiveWeChat:
        return LiveWeChat(sandbox.appid, sandbox.secret, base_url=sandbox.base_url, store=store, clock=hands)

    return make


def check(gateway: LiveWeChat, sandbox: RunningSandbox) -> None:
    gateway.check_text("你好", sandbox.openid("王大姐"))


def storm(workers: list[LiveWeChat], sandbox: RunningSandbox, calls: int) -> Counter[str]:
    """Every worker asks from eight threads; how it ended, by our codes."""

    def ask(number: int) -> str:
        try:
            check(workers[number % len(workers)], sandbox)
        except WeChatError as error:
            return error.code
        return "ok"

    with ThreadPoolExecutor(8 * len(workers)) as threads:
        return Counter(threads.map(ask, range(calls)))


# The token


def test_a_token_is_fetched_once_for_all_workers(
    worker: Callable[[], LiveWeChat], sandbox: RunningSandbox, store: MemoryTokenStore
) -> None:
    assert storm([worker(), worker()], sandbox, 64) == {"ok": 64}
    assert sandbox.ledger.count(STABLE) == 1
    assert store.read(sandbox.appid).serial == 1


@pytest.mark.parametrize(("share", "fetches"), [(0.79, 1), (0.81, 2)])
def test_the_next_token_is_fetched_at_80_percent_of_life(
    worker: Callable[[], LiveWeChat], sandbox: RunningSandbox, hands: Hands, share: float, fetches: int
) -> None:
    check(worker(), sandbox)
    hands.now += 7200 * share
    assert storm([worker(), worker()], sandbox, 32) == {"ok": 32}
    assert sandbox.ledger.count(STABLE) == fetches


def test_while_one_fetches_the_others_go_on_with_the_old_token(
    worker: Callable[[], LiveWeChat], sandbox: RunningSandbox, hands: Hands
) -> None:
    workers = [worker(), worker()]
    for gateway in workers:
        check(gateway, sandbox)
    hands.now += 7200 * 0.81
    sandbox.faults.add("latency", path=STABLE, seconds=1.2)
    fetcher = threading.Thread(target=check, args=(workers[0], sandbox))
    fetcher.start()
    while sandbox.ledger.count(STABLE) < 2:
        time.sleep(0.01)

    for gateway in workers:
        check(gateway, sandbox)
    assert fetcher.is_alive()
    fetcher.join()
    assert sandbox.ledger.count(STABLE) == 2


def test_a_refresh_that_fails_costs_nothing_but_a_line_in_the_log(
    worker: Callable[[], LiveWeChat], sandbox: RunningSandbox, hands: Hands
) -> None:
    gateway = worker()
    check(gateway, sandbox)
    hands.now += 7200 * 0.81
    sandbox.faults.add("html_502", path=STABLE, times=0)
    for _ in range(5):
        check(gateway, sandbox)
    assert sandbox.ledger.count(STABLE) == 2, "and WeChat is left alone for a moment"
    hands.now += 2.1
    check(gateway, sandbox)
    assert sandbox.ledger.count(STABLE) == 3


def test_at_expiry_everybody_waits_for_the_one_that_fetches(
    worker: Callable[[], LiveWeChat], sandbox: RunningSandbox, hands: Hands
) -> None:
    workers = [worker(), worker()]
    check(workers[0], sandbox)
    hands.now += 7300
    sandbox.clock.advance(7300)
    sandbox.faults.add("latency", path=STABLE, seconds=0.5)
    assert storm(workers, sandbox, 48) == {"ok": 48}
    assert sandbox.ledger.count(STABLE) == 2
    assert sandbox.ledger.count(TEXT, errcode=42001) == 0


def test_a_fetcher_that_was_killed_holds_up_the_others_no_longer_than_its_lease(
    sandbox: RunningSandbox, store: MemoryTokenStore
) -> None:
    store.swap(sandbox.appid, Shared(), Shared().leased("gone/1", time.time() + 0.4))
    sandbox.here_for(None)
    gateway = LiveWeChat(sandbox.appid, sandbox.secret, base_url=sandbox.base_url, store=store)
    started = time.monotonic()
    assert storm([gateway], sandbox, 16) == {"ok": 16}
    assert 0.2 < time.monotonic() - started < 2
    assert sandbox.ledger.count(STABLE) == 1


def test_a_fetcher_that_is_slower_than_its_lease_overwrites_nobody(store: MemoryTokenStore, hands: Hands) -> None:
    def slow(_: Deadline) -> tuple[str, float]:
        hands.now += 100  # its lease is over, and another worker fetches meanwhile
        assert Keeper("wx1", store, lambda _: ("theirs", 7200), clock=hands).ticket(Deadline(5)).token == "theirs"
        return "mine", 7200

    ticket = Keeper("wx1", store, slow, clock=hands).ticket(Deadline(5))
    assert (ticket.token, store.read("wx1").serial) == ("theirs", 1)


def test_a_store_in_trouble_stops_nobody(sandbox: RunningSandbox, caplog: pytest.LogCaptureFixture) -> None:
    class Gone:
        def read(self, appid: str) -> Shared:
            raise StoreTrouble("OperationalError")

        def swap(self, appid: str, seen: Shared, new: Shared) -> bool:
            raise StoreTrouble("OperationalError")

    sandbox.here_for(None)
    gateway = LiveWeChat(sandbox.appid, sandbox.secret, base_url=sandbox.base_url, store=Gone())
    assert storm([gateway], sandbox, 16) == {"ok": 16}
    assert gateway.login(sandbox.login_code("王大姐")).openid
    assert sandbox.ledger.count(STABLE) == 1
    assert caplog.text.count("token store in trouble") == 1


def test_a_store_that_comes_back_is_used_again_and_never_confused_with_the_other() -> None:
    class Moody(MemoryTokenStore):
        down = False

        def read(self, appid: str) -> Shared:
            if self.down:
                raise StoreTrouble("down")
            return super().read(appid)

    first, second, now = Moody(), MemoryTokenStore(), [0.0]
    both = FirstThatWorks(first, second)
    both._clock = lambda: now[0]
    one = Shared().fetched("one", 1, 7200)
    assert both.swap("wx1", Shared(), one)
    first.down = True
    assert both.read("wx1") == Shared()
    assert not both.swap("wx1", one, one.mended()), "it was seen in the other store"
    first.down = False
    assert both.read("wx1") == Shared(), "left alone for a while"
    now[0] += 11
    assert both.read("wx1") == one


# The breaker


def test_a_token_refused_for_ever_is_fetched_three_times_and_then_nothing_is_asked(
    worker: Callable[[], LiveWeChat], sandbox: RunningSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.faults.add("errcode", path=TEXT, errcode=40001, times=0)
    workers = [worker(), worker()]

    assert storm(workers, sandbox, 100) == {"wechat_misconfigured": 100}

    assert sandbox.ledger.count(STABLE) <= 3
    asked, started = sandbox.ledger.count(), time.monotonic()
    assert storm([*workers, worker()], sandbox, 200) == {"wechat_misconfigured": 200}
    assert sandbox.ledger.count() == asked, "not a single question more"
    assert time.monotonic() - started < 2
    assert [r.levelname for r in caplog.records if "breaker opened" in r.getMessage()] == ["ERROR"], "said once"


def test_one_bad_moment_opens_nothing(
    worker: Callable[[], LiveWeChat], sandbox: RunningSandbox, store: MemoryTokenStore
) -> None:
    gateway = worker()
    sandbox.faults.add("errcode", path=TEXT, errcode=40001, times=2)  # the fresh token as well
    with pytest.raises(WeChatMisconfigured):
        check(gateway, sandbox)
    check(gateway, sandbox)
    assert not store.read(sandbox.appid).broken_why
    assert store.read(sandbox.appid).refusals == 1


def test_refusals_are_forgiven_when_a_token_has_worked_for_a_minute(
    worker: Callable[[], LiveWeChat], sandbox: RunningSandbox, store: MemoryTokenStore, hands: Hands
) -> None:
    gateway = worker()
    sandbox.faults.add("errcode", path=TEXT, errcode=40001, times=2)
    with pytest.raises(WeChatMisconfigured):
        check(gateway, sandbox)
    hands.now += 61
    check(gateway, sandbox)
    assert store.read(sandbox.appid).refusals == 0


def test_refused_tokens_stop_no_login(worker: Callable[[], LiveWeChat], sandbox: RunningSandbox) -> None:
    gateway = worker()
    sandbox.faults.add("errcode", path=TEXT, errcode=40001, times=0)
    storm([gateway], sandbox, 8)
    assert gateway.login(sandbox.login_code("王大姐")).openid


@pytest.mark.parametrize("errcode", [40013, 40125, 40164, 40243, 41002, 41004, 50007, 89503])
@pytest.mark.parametrize("path", [LOGIN, TEXT, STABLE])
def test_a_wrong_configuration_stops_all_workers_at_once(
    worker: Callable[[], LiveWeChat], sandbox: RunningSandbox, path: str, errcode: int
) -> None:
    one, other = worker(), worker()
    sandbox.faults.add("errcode", path=path, errcode=errcode)
    with pytest.raises(WeChatMisconfigured) as caught:
        one.login(sandbox.login_code("王大姐")) if path == LOGIN else check(one, sandbox)
    assert caught.value.errcode == errcode

    asked = sandbox.ledger.count()
    for gateway in (one, other):
        for ask in (lambda g: g.login(sandbox.login_code("王大姐")), lambda g: check(g, sandbox)):
            with pytest.raises(WeChatMisconfigured, match=str(errcode)):
                ask(gateway)
    assert sandbox.ledger.count() == asked


def test_a_wrong_secret_is_told_by_the_token_endpoint_too(
    worker: Callable[[], LiveWeChat], sandbox: RunningSandbox
) -> None:
    sandbox.faults.add("errcode", path=STABLE, errcode=40001)
    gateway = worker()
    for _ in range(2):
        with pytest.raises(WeChatMisconfigured):
            check(gateway, sandbox)
    assert sandbox.ledger.count() == 1


@pytest.mark.parametrize("errcode", [40066, 43002, 48001, 40037, -1])
def test_other_refusals_open_nothing(worker: Callable[[], LiveWeChat], sandbox: RunningSandbox, errcode: int) -> None:
    gateway = worker()
    sandbox.faults.add("errcode", path=SEND, errcode=errcode)
    with pytest.raises(WeChatError):
        gateway.send_message(sandbox.openid("王大姐"), "T-1", {})
    check(gateway, sandbox)


def test_after_a_minute_one_probe_goes_and_shuts_the_breaker(
    worker: Callable[[], LiveWeChat], sandbox: RunningSandbox, hands: Hands, store: MemoryTokenStore
) -> None:
    app = sandbox.world.apps[sandbox.appid]
    app.frozen = True
    workers = [worker(), worker()]
    with pytest.raises(WeChatMisconfigured):
        workers[0].login(sandbox.login_code("王大姐"))
    app.frozen = False
    hands.now += 59
    assert storm(workers, sandbox, 16) == {"wechat_misconfigured": 16}
    hands.now += 2
    sandbox.faults.add("latency", path=STABLE, seconds=0.3)
    ended = storm(workers, sandbox, 16)

    assert ended["ok"] >= 1
    assert sandbox.ledger.count(STABLE) == 1
    assert storm([worker(), worker()], sandbox, 16) == {"ok": 16}  # the others hear of it within two seconds
    assert not store.read(sandbox.appid).broken_why


def test_a_login_that_is_answered_shuts_the_breaker_though_its_code_is_stale(
    worker: Callable[[], LiveWeChat], sandbox: RunningSandbox, hands: Hands, store: MemoryTokenStore
) -> None:
    sandbox.faults.add("errcode", path=LOGIN, errcode=40164)
    gateway = worker()
    for _ in range(2):
        with pytest.raises(WeChatMisconfigured):
            gateway.login("stale")
    hands.now += 61
    with pytest.raises(WeChatError, match="wechat_code_expired"):
        gateway.login("stale")
    assert not store.read(sandbox.appid).broken_why


def test_each_probe_that_fails_doubles_the_pause_to_ten_minutes(
    worker: Callable[[], LiveWeChat], sandbox: RunningSandbox, hands: Hands, store: MemoryTokenStore
) -> None:
    sandbox.world.apps[sandbox.appid].frozen = True
    gateway, pauses = worker(), []
    for number in range(6):
        with pytest.raises(WeChatMisconfigured):
            gateway.login(sandbox.login_code("王大姐")) if number % 2 else check(gateway, sandbox)
        pauses.append(store.read(sandbox.appid).broken_until - hands.now)
        hands.now += pauses[-1] + 1
    assert pauses == [60, 120, 240, 480, 600, 600]
    assert sandbox.ledger.count() == 6


def test_a_probe_that_learns_nothing_leaves_the_question_open(
    worker: Callable[[], LiveWeChat], sandbox: RunningSandbox, hands: Hands, store: MemoryTokenStore
) -> None:
    sandbox.faults.add("errcode", path=LOGIN, errcode=40164)
    gateway = worker()
    with pytest.raises(WeChatMisconfigured):
        gateway.login(sandbox.login_code("王大姐"))
    hands.now += 61
    sandbox.faults.add("drop", path=LOGIN)
    with pytest.raises(WeChatBusy):
        gateway.login(sandbox.login_code("王大姐"))
    with pytest.raises(WeChatMisconfigured):
        gateway.login(sandbox.login_code("王大姐"))
    hands.now += 7
    assert gateway.login(sandbox.login_code("王大姐")).openid


def test_many_who_fail_at_once_open_the_breaker_once(
    worker: Callable[[], LiveWeChat], sandbox: RunningSandbox, hands: Hands, store: MemoryTokenStore
) -> None:
    check(gateway := worker(), sandbox)
    sandbox.faults.add("errcode", path=TEXT, errcode=50007, times=0)
    storm([gateway, worker()], sandbox, 32)
    assert store.read(sandbox.appid).broken_until - hands.now == 60


# Secrets


def test_the_log_tells_no_token_and_no_secret(
    sandbox: RunningSandbox, store: MemoryTokenStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sandbox.visit("王大姐")
    timeouts = Timeouts(connect=0.5, read=0.3, whole=1.0)
    gateway = LiveWeChat(sandbox.appid, sandbox.secret, base_url=sandbox.base_url, store=store, timeouts=timeouts)
    check(gateway, sandbox)
    token, failed = store.read(sandbox.appid).token, list[WeChatError]()
    for fault in ("hang", "drop", "html_502", "truncated", "reply"):
        quoting = '{"errcode": 40037, "errmsg": "' + f"{token} {sandbox.secret}" + '"}'
        sandbox.faults.add(fault, path=SEND, body=quoting)
        code = sandbox.phone_code("王大姐")
        for ask in (
            lambda: gateway.send_message(sandbox.openid("王大姐"), "T", {"thing1": "x"}),
            lambda: check(gateway, sandbox),
        ):
            try:
                ask()
            except WeChatError as error:
                failed.append(error)
        gateway.phone_number(code, sandbox.openid("王大姐"))
    assert len(failed) >= 5
    assert all(error.__cause__ is error.__context__ is None for error in failed)
    assert token not in repr(failed) + repr([(str(error), vars(error)) for error in failed])
    assert "getuserphonenumber" in caplog.text, "urllib3 still logs the request line"
    written = caplog.text + repr([(record.msg, record.args) for record in caplog.records])
    for private in (token, sandbox.secret, sandbox.openid("王大姐"), code):
        assert private not in written
    assert token not in repr(store.read(sandbox.appid)) + repr(replace(store.read(sandbox.appid), serial=9))
