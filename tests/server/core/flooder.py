"""One worker process of a flood: `python -m tests.server.core.flooder REDIS_URL TIMES` prints how many it let in."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from server.config import Settings
from server.core.crypto import Keyring
from server.core.limits import Limits
from server.rules.allowances import Allowance

NOW = datetime(2026, 10, 12, 1, 0, tzinfo=UTC)
TEN = Allowance("ten", per_address="10/minute")


def settings(redis_url: str = "", workers: int = 2) -> Settings:
    """As in production with two workers; nothing of it is opened."""
    environ = {"LOUZHANG_KEYS": "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=", "REDIS_URL": redis_url}
    return Settings.from_env({**environ, "WEB_WORKERS": str(workers), "LOUZHANG_INSTANCE": str(Path("/nonexistent"))})


def let_in(limits: Limits, times: int, address: str = "203.0.113.9") -> int:
    """How many of so many requests pass."""
    return sum(limits.refuse((TEN,), {"address": address}, NOW) is None for _ in range(times))


if __name__ == "__main__":
    told = settings(sys.argv[1])
    print(let_in(Limits(told, Keyring(told.keys)), int(sys.argv[2])))
