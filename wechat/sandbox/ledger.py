"""What the sandbox was asked: a test can say "fetched once", a developer can see why a login failed."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

_SECRET_FIELDS = {"secret", "appsecret", "access_token"}


@dataclass(slots=True)
class Entry:
    """One request. Written on arrival, completed when answered: `status` 0 means nothing was sent back (yet)."""

    number: int
    at: float
    method: str
    path: str
    asked: dict[str, Any]
    """Query and JSON body together; secrets and access tokens appear as `***`."""
    status: int = 0
    errcode: int | None = None
    fault: str | None = None
    user: str | None = None


@dataclass(slots=True)
class Ledger:
    """The latest thousand requests, oldest first."""

    _entries: deque[Entry] = field(default_factory=lambda: deque(maxlen=1000))
    _count: int = 0
    _lock: Lock = field(default_factory=Lock)

    def arrive(self, at: float, method: str, path: str, asked: Mapping[str, Any]) -> Entry:
        masked = {name: "***" if name in _SECRET_FIELDS else value for name, value in asked.items()}
        with self._lock:
            self._count += 1
            entry = Entry(self._count, at, method, path, masked)
            self._entries.append(entry)
        return entry

    def entries(self, path: str = "", after: int = 0) -> list[Entry]:
        """Entries whose path starts with `path` and whose number is above `after`."""
        with self._lock:
            return [entry for entry in self._entries if entry.path.startswith(path) and entry.number > after]

    def count(self, path: str = "") -> int:
        return len(self.entries(path))

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
