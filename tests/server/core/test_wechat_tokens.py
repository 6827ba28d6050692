"""The shared access token in the database and in Redis: between processes, sealed, and never in a request's way."""

import json
import logging
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import redis
import requests
import sqlalchemy as sa
from flask import Flask

from server.config import Settings
from server.core import database
from server.core.crypto import Keyring
from server.core.logs import JsonFormatter
from server.core.wechat_tokens import DatabaseTokenStore, RedisTokenStore, build
from tests.server.core.storm import store_for
from tests.world import World
from wechat.gateway import WeChatError, WeChatMisconfigured
from wechat.live import LiveWeChat
from wechat.sandbox import DEFAULT_APPID, DEFAULT_SECRET
from wechat.sandbox.server import RunningSandbox
from wechat.tokens import Shared, StoreTrouble, TokenStore

HOUSE = Path(__file__).parents[3]
KEYRING = Keyring((b"k" * 32,))
STABLE, TEXT = "/cgi-bin/stable_token", "/wxa/msg_sec_check"
FULL = Shared(
    mark="0123456789abcdef", token="t" * 512, serial=7, fetched_at=1_800_000_000.25, expires_at=1_800_007_200.25,
    owner="host/17", leased_until=1_800_000_004.5, refusals=2, refused_serial=6, broken_until=1_800_000_060.0,
    broken_why="secret refused (40125)",
)  # fmt: skip


@pytest.fixture(params=["database", "redis"])
def store(request: pytest.FixtureRequest, fresh_database: str) -> TokenStore:
    if request.param == "database":
        return DatabaseTokenStore(fresh_database, KEYRING)
    url = request.getfixturevalue("redis_url")
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return RedisTokenStore(url, KEYRING)


# What a store promises


def test_what_is_kept_comes_back_whole(store: TokenStore) -> None:
    assert store.read("wx1") == Shared()
    assert store.swap("wx1", Shared(), FULL)
    assert store.read("wx1") == FULL
    bare = Shared(mark="1", token="t")
    assert store.swap("wx1", FULL, bare)
    assert store.read("wx1") == bare
    assert store.read("wx2") == Shared()


def test_only_who_saw_the_newest_state_changes_it(store: TokenStore) -> None:
    assert store.swap("wx1", Shared(), FULL)
    assert not store.swap("wx1", Shared(), replace(FULL, mark="b"))
    assert not store.swap("wx1", replace(FULL, mark="c"), replace(FULL, mark="b"))
    assert store.read("wx1") == FULL


def test_of_many_who_change_at_once_one_does(store: TokenStore) -> None:
    for seen in (Shared(), replace(FULL, mark="first")):
        if seen.mark:
            store.swap("wx1", store.read("wx1"), seen)
        won: Counter[bool] = Counter()

        def change(number: int, seen: Shared = seen, won: Counter[bool] = won) -> None:
            won[store.swap("wx1", seen, replace(FULL, mark=f"m{number}"))] += 1

        threads = [threading.Thread(target=change, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert won == {True: 1, False: 7}


def test_the_token_lies_sealed_and_a_lost_key_means_no_token(fresh_database: str, redis_url: str) -> None:
    other = Keyring((b"o" * 32,))
    in_database, in_redis = DatabaseTokenStore(fresh_database, KEYRING), RedisTokenStore(redis_url, KEYRING)
    in_redis.swap("wx-sealed", Shared(), FULL)
    in_database.swap("wx-sealed", Shared(), FULL)
    engine = sa.create_engine(fresh_database)
    with engine.connect() as connection:
        row = connection.execute(sa.text("SELECT * FROM wechat_tokens")).one()
    engine.dispose()
    with redis.Redis.from_url(redis_url) as client:
        kept = client.get("louzhang:wechat:wx-sealed")
    assert "ttttt" not in repr(tuple(row)) + repr(kept)
    for blind in (DatabaseTokenStore(fresh_database, other), RedisTokenStore(redis_url, other)):
        assert blind.read("wx-sealed") == replace(FULL, token="")


def test_a_store_that_is_gone_says_so_and_nothing_else(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for gone in (
        DatabaseTokenStore(f"sqlite:///{tmp_path / 'nowhere' / 'x.db'}", KEYRING),
        DatabaseTokenStore(f"postgresql+psycopg://me:hush-hush@127.0.0.1:{port}/x", KEYRING),
        RedisTokenStore(f"redis://:hush-hush@127.0.0.1:{port}/0", KEYRING),
    ):
        for ask in (lambda s: s.read("wx1"), lambda s: s.swap("wx1", Shared(), FULL)):
            with pytest.raises(StoreTrouble) as caught:
                ask(gone)
            assert caught.value.__context__ is None
            assert "hush" not in str(caught.value)


def test_a_redis_that_is_down_is_stood_in_for_by_the_database(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    store = build(replace(settings, redis_url=f"redis://127.0.0.1:{port}/0"), KEYRING)
    assert store.swap("wx1", Shared(), FULL)
    assert DatabaseTokenStore(settings.database_url, KEYRING).read("wx1") == FULL


def test_a_redis_that_is_silent_takes_a_second(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        store = build(replace(settings, redis_url=f"redis://127.0.0.1:{silent.getsockname()[1]}/0"), KEYRING)
        started = time.monotonic()
        assert store.read("wx1") == Shared()
        assert store.read("wx1") == Shared()
        assert time.monotonic() - started < 2.5


def test_a_request_that_writes_is_not_waited_for(app: Flask, sandbox: RunningSandbox) -> None:
    """The contract forbids asking inside a transaction. Whoever does it all the same loses a second, not the request."""
    sandbox.visit("wechat-tokens")
    with app.app_context(), database.transaction() as connection:
        connection.execute(sa.text("UPDATE persons SET name = name"))
        started = time.monotonic()
        assert app.extensions["wechat"].check_text("你好", sandbox.openid("wechat-tokens"))
        assert time.monotonic() - started < 3


# Between processes


@dataclass(frozen=True)
class SandboxProcess:
    """A sandbox that is not in our process, told and asked over HTTP."""

    base_url: str

    def control(self, method: str, where: str, **body: Any) -> Any:
        return requests.request(method, f"{self.base_url}/_sandbox/{where}", json=body, timeout=5).json()

    def count(self, path: str) -> int:
        return len(self.control("GET", f"ledger?path={path}"))


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[SandboxProcess]:
    command = [sys.executable, "-m", "wechat.sandbox", "--port", "0"]
    with subprocess.Popen(command, cwd=HOUSE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield SandboxProcess(process.stdout.readline().split(": ", 1)[1].strip().rstrip("/"))
        process.terminate()


PROCESSES, CALLS, RATE = 2, 200, 250  # a process; a call a second


class Workers:
    """Two processes with eight threads each. They take a storm together, and another one after it."""

    def __init__(self, processes: list[subprocess.Popen[str]]) -> None:
        self._processes = processes

    def prepare(self, told: dict[str, Any]) -> None:
        """Tell them what to do, and wait until they are ready."""
        self._say(json.dumps(told))
        assert self._hear() == ["ready\n"] * PROCESSES

    def release(self) -> list[dict[str, Any]]:
        """Let them go, and wait for how it went."""
        self._say("go")
        return [json.loads(line) for line in self._hear()]

    def _say(self, words: str) -> None:
        for process in self._processes:
            assert process.stdin is not None
            process.stdin.write(f"{words}\n")
            process.stdin.flush()

    def _hear(self) -> list[str]:
        return [process.stdout.readline() for process in self._processes if process.stdout]


@pytest.fixture(scope="session")
def workers() -> Iterator[Workers]:
    command = [sys.executable, "-m", "tests.server.core.storm"]
    with ExitStack() as stack:
        yield Workers(
            [
                stack.enter_context(
                    subprocess.Popen(command, cwd=HOUSE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
                )
                for _ in range(PROCESSES)
            ]
        )


@pytest.mark.parametrize("kind", ["database", "redis"])
def test_at_expiry_sixteen_threads_of_two_processes_fetch_one_token(
    kind: str,
    fresh_database: str,
    sandbox_process: SandboxProcess,
    workers: Workers,
    request: pytest.FixtureRequest,
) -> None:
    """In the middle of a storm the token runs out, and the endpoint takes its time: one fetch, and nobody fails."""
    there = sandbox_process
    told = {
        "appid": DEFAULT_APPID, "secret": DEFAULT_SECRET, "base_url": there.base_url, "database": fresh_database,
        "calls": CALLS, "rate": RATE,
    }  # fmt: skip
    if kind == "redis":
        told["redis"] = request.getfixturevalue("redis_url")
        with redis.Redis.from_url(told["redis"]) as client:
            client.flushdb()
    store = store_for(told)
    gateway = LiveWeChat(DEFAULT_APPID, DEFAULT_SECRET, base_url=there.base_url, store=store)
    told["openid"] = gateway.login(there.control("POST", "users/storm/login-code")["code"]).openid
    gateway.check_text("你好", told["openid"])
    workers.prepare(told)
    requests.delete(f"{there.base_url}/_sandbox/ledger", timeout=5)
    there.control("POST", "faults", kind="latency", path=STABLE, seconds=0.3)
    seen, end = store.read(DEFAULT_APPID), time.time() + 0.4
    assert store.swap(DEFAULT_APPID, seen, replace(seen, mark="soon", fetched_at=end - 0.01, expires_at=end))
    ends = workers.release()
    assert there.count(STABLE) == 1
    assert store.read(DEFAULT_APPID).serial == seen.serial + 1
    assert sum((Counter(end["ended"]) for end in ends), Counter()) == {"ok": PROCESSES * CALLS}
    assert max(end["slowest"] for end in ends) < 5
    print(
        f"{kind}: {sum(CALLS / end['seconds'] for end in ends):.0f} calls/s, slowest {max(e['slowest'] for e in ends):.2f} s"
    )


def test_a_token_refused_for_ever_is_fetched_three_times_by_two_processes(
    fresh_database: str, sandbox_process: SandboxProcess, workers: Workers
) -> None:
    there = sandbox_process
    told = {
        "appid": DEFAULT_APPID, "secret": DEFAULT_SECRET, "base_url": there.base_url, "database": fresh_database,
        "openid": "nobody", "calls": CALLS, "rate": RATE,
    }  # fmt: skip
    workers.prepare(told)
    requests.delete(f"{there.base_url}/_sandbox/ledger", timeout=5)
    there.control("POST", "faults", kind="errcode", path=TEXT, errcode=40001, times=0)
    ends = workers.release()
    asked = there.count(TEXT)
    requests.delete(f"{there.base_url}/_sandbox/faults", timeout=5)

    assert sum((Counter(end["ended"]) for end in ends), Counter()) == {"wechat_misconfigured": PROCESSES * CALLS}
    assert 2 <= there.count(STABLE) <= 3
    assert asked < 150, "the breaker opened after what was under way"
    gateway = LiveWeChat(DEFAULT_APPID, DEFAULT_SECRET, base_url=there.base_url, store=store_for(told))
    with pytest.raises(WeChatMisconfigured):
        gateway.check_text("你好", "nobody")
    assert there.count(TEXT) == asked


# Reporting goes on, and the operator can look


def test_reporting_goes_on_while_wechat_never_answers(world: World, app: Flask, sandbox: RunningSandbox) -> None:
    building = world.building()
    sandbox.faults.add("hang", times=0)
    ended: list[tuple[int, float]] = []

    def log_in() -> None:
        started = time.monotonic()
        answer = app.test_client().post("/api/v1/sessions", json={"code": sandbox.login_code("wechat-tokens")})
        ended.append((answer.status_code, time.monotonic() - started))

    logins = [threading.Thread(target=log_in) for _ in range(4)]
    try:
        for login in logins:
            login.start()
        while sandbox.ledger.count("/sns/jscode2session") < 4:
            time.sleep(0.01)
        started = time.monotonic()
        answer = world.anyone().post(
            f"/api/v1/codes/{building.stairwell_code}/issues", json={"category": "leak", "text": "漏水", "spot": "三楼"}
        )
        assert (answer.status_code, time.monotonic() - started < 1) == (201, True)
        for login in logins:
            login.join()
    finally:
        sandbox.faults.clear()
    assert [status for status, _ in ended] == [503] * 4
    assert max(seconds for _, seconds in ended) < 5.5


def test_the_operator_sees_the_token_and_the_breaker_but_no_secret(app: Flask, sandbox: RunningSandbox) -> None:
    run = app.test_cli_runner().invoke
    assert "token:   none yet" in run(args=["wechat", "status"]).output
    sandbox.visit("wechat-tokens")
    gateway, store = app.extensions["wechat"], app.extensions["wechat_tokens"]
    gateway.check_text("你好", sandbox.openid("wechat-tokens"))
    told = run(args=["wechat", "status"])
    assert told.exit_code == 0
    assert "token:   present until 20" in told.output
    assert "breaker: shut" in told.output
    token = store.read(sandbox.appid).token
    assert token
    sandbox.faults.add("errcode", path="/sns/jscode2session", errcode=40164)
    with pytest.raises(WeChatMisconfigured):
        gateway.login("code")
    told = run(args=["wechat", "status"])
    assert "breaker: OPEN, until 20" in told.output
    assert "our IP is not on the whitelist (40164)" in told.output
    assert token not in told.output
    assert sandbox.secret not in told.output


@pytest.fixture
def everything_logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """DEBUG of every logger there is, also of those that were told to be quiet."""
    loggers = [logger for logger in logging.root.manager.loggerDict.values() if isinstance(logger, logging.Logger)]
    levels = [(logger, logger.level) for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    caplog.set_level(logging.DEBUG)
    yield caplog
    for logger, level in levels:
        logger.setLevel(level)


def test_no_secret_is_in_any_log_or_error_page(
    app: Flask, sandbox: RunningSandbox, everything_logged: pytest.LogCaptureFixture
) -> None:
    sandbox.visit("wechat-tokens")
    gateway, store, client = app.extensions["wechat"], app.extensions["wechat_tokens"], app.test_client()
    gateway.check_text("你好", sandbox.openid("wechat-tokens"))
    token, pages, codes = store.read(sandbox.appid).token, [], []
    quoting = json.dumps({"errcode": 99999, "errmsg": f"{sandbox.secret} {token}"})
    for fault in ("errcode", "drop", "lost_reply", "html_502", "truncated", "reply"):
        sandbox.faults.add(fault, path="/sns/jscode2session", body=quoting)
        sandbox.faults.add(fault, path=TEXT, body=quoting)
        codes.append(sandbox.login_code("wechat-tokens"))
        answer = client.post("/api/v1/sessions", json={"code": codes[-1]})
        assert answer.status_code == 503
        pages.append(answer.get_data(as_text=True) + str(answer.headers))
        with suppress(WeChatError):
            gateway.check_text("你好", sandbox.openid("wechat-tokens"))
    sandbox.faults.add("errcode", path="/sns/jscode2session", errcode=40125)
    for _ in range(2):
        pages.append(client.post("/api/v1/sessions", json={"code": sandbox.login_code("wechat-tokens")}).text)

    records = everything_logged.records
    assert {"urllib3.connectionpool", "louzhang.wechat"} <= {record.name for record in records}
    formatted = "\n".join(JsonFormatter().format(record) for record in records)
    told = formatted + everything_logged.text + repr([vars(record) for record in records]) + "".join(pages)
    for private in (sandbox.secret, token, sandbox.openid("wechat-tokens"), *codes):
        assert private not in told
