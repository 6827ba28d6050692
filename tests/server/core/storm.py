"""One worker process of a storm on WeChat's sandbox: `python -m tests.server.core.storm`, told what to do as JSON on stdin.

It says "ready", waits for "go", asks from eight threads, prints how it went as JSON, and listens for the next storm.
"""

import json
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from server.core.crypto import Keyring
from server.core.wechat_tokens import DatabaseTokenStore, RedisTokenStore
from wechat.gateway import WeChatError
from wechat.live import LiveWeChat
from wechat.tokens import FirstThatWorks, TokenStore

THREADS = 8


def store_for(told: dict[str, Any]) -> TokenStore:
    keyring = Keyring((b"k" * 32,))
    database = DatabaseTokenStore(told["database"], keyring)
    return FirstThatWorks(RedisTokenStore(told["redis"], keyring), database) if told.get("redis") else database


def storm(told: dict[str, Any]) -> None:
    gateway = LiveWeChat(told["appid"], told["secret"], base_url=told["base_url"], store=store_for(told))
    print("ready", flush=True)
    if sys.stdin.readline() != "go\n":
        return
    started, took = time.perf_counter(), []

    def ask(number: int) -> str:
        # An even storm: each thread asks at its moment, or at once when it is late.
        time.sleep(max(0.0, started + number / told["rate"] - time.perf_counter()))
        began = time.perf_counter()
        try:
            gateway.check_text("三楼水管漏水", told["openid"])
        except WeChatError as error:
            return error.code
        finally:
            took.append(time.perf_counter() - began)
        return "ok"

    with ThreadPoolExecutor(THREADS) as threads:
        ended = Counter(threads.map(ask, range(told["calls"])))
    seconds = time.perf_counter() - started
    print(json.dumps({"ended": ended, "seconds": seconds, "slowest": max(took)}), flush=True)


if __name__ == "__main__":
    for line in sys.stdin:
        storm(json.loads(line))
