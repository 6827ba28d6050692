"""Where floods are counted: in this process, or in Redis for all of them together, and in this process while Redis is away.

The library `limits` counts in Redis. Its counters in memory keep a thread busy that looks through all of them every 10 ms
(2.8 ms of CPU a request with 20,000 callers), so those are our own.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from limits.storage import RedisStorage

REDIS_SECONDS = 0.25  # how long Redis may take before this process counts alone
REDIS_REST = 10  # and for how long it then does

log = logging.getLogger("louzhang.limits")


class Counts:
    """Counters in this process. Bounded: a flood of addresses drives out the oldest."""

    MOST = 50_000
    SWEPT_EVERY = 60

    def __init__(self) -> None:
        self._kept: dict[str, tuple[int, float]] = {}  # count, and until when it is worth keeping
        self._lock = threading.Lock()
        self._swept = 0.0

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count, and say how many."""
        now = time.monotonic()
        with self._lock:
            if len(self._kept) >= self.MOST or now - self._swept > self.SWEPT_EVERY:
                self._sweep(now)
            count, until = self._kept.get(key, (0, 0.0))
            self._kept[key] = found = (count + amount, until) if until > now else (amount, now + expiry)
        return found[0]

    def _sweep(self, now: float) -> None:
        """Forget what is over; in a flood of addresses the older half of the rest, so that memory stays bounded."""
        self._swept = now
        self._kept = {key: kept for key, kept in self._kept.items() if kept[1] > now}
        if len(self._kept) >= self.MOST:
            for key in list(self._kept)[: self.MOST // 2]:
                del self._kept[key]

    def get(self, key: str) -> int:
        """How many."""
        count, until = self._kept.get(key, (0, 0.0))
        return count if until > time.monotonic() else 0


class Counters:
    """The counters these settings ask for."""

    def __init__(self, redis_url: str) -> None:
        self._own = Counts()
        self._redis_url = redis_url
        self._redis: RedisStorage | None = None
        self._redis_again = 0.0

    def add(self, key: str, seconds: int, amount: int) -> tuple[int, bool]:
        """Count; say how many since the key's first, and whether all processes count there together."""
        if not self._redis_url:
            return self._own.incr(key, seconds, amount), False
        return self._ask(lambda store: store.incr(key, seconds, amount))

    def get(self, key: str) -> tuple[int, bool]:
        """The same without counting."""
        if not self._redis_url:
            return self._own.get(key), False
        return self._ask(lambda store: store.get(key))

    def _ask(self, ask: Callable[[Counts | RedisStorage], int]) -> tuple[int, bool]:
        if self._redis_url and time.monotonic() >= self._redis_again:
            trouble = ""
            try:
                return ask(self._shared()), True
            except Exception as error:  # whatever is wrong with Redis, nobody is turned away for it
                trouble = type(error).__name__  # and no more of it: its address may hold a password
            self._redis_again = time.monotonic() + REDIS_REST
            log.warning("Redis does not count, this process does", extra={"error": trouble})
        return ask(self._own), False

    def _shared(self) -> RedisStorage:
        """Made when first needed: after gunicorn's fork, and only where Redis is used."""
        if self._redis is None:
            from redis.backoff import NoBackoff
            from redis.retry import Retry

            options: dict[str, Any] = {"retry": Retry(NoBackoff(), 0), "key_prefix": "louzhang:limits"}
            self._redis = RedisStorage(
                self._redis_url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS, **options
            )
        return self._redis
