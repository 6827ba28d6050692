"""What the sandbox was asked: a test can say "fetched once", a developer can see why a login failed."""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

_SECRET_FIELDS = {"secret", "appsecret", "access_token", "session_key", "signature", "mobile_no"}


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
    """The latest thousand requests, oldest first, and an exact count of all."""

    _counts: Counter[str] = field(default_factory=Counter)
    _errors: Counter[tuple[str, int]] = field(default_factory=Counter)
    _entries: deque[Entry] = field(default_factory=lambda: deque(maxlen=1000))
    _count: int = 0
    _lock: Lock = field(default_factory=Lock)

    def arrive(self, at: float, method: str, path: str, asked: Mapping[str, Any]) -> Entry:
        masked = {name: "***" if name in _SECRET_FIELDS else value for name, value in asked.items()}
        with self._lock:
            self._count += 1
            entry = Entry(self._count, at, method, path, masked)
            self._counts[path] += 1
            self._entries.append(entry)
        return entry

    def complete(self, entry: Entry, status: int, errcode: int | None) -> None:
        """How it ended. `status` 0: the connection was closed without an answer."""
        with self._lock:
            entry.status, entry.errcode = status, errcode
            if errcode:
                self._errors[entry.path, errcode] += 1

    def entries(self, path: str = "", after: int = 0) -> list[Entry]:
        """Entries whose path starts with `path` and whose number is above `after`."""
        with self._lock:
            return [entry for entry in self._entries if entry.path.startswith(path) and entry.number > after]

    def count(self, path: str = "", errcode: int | None = None) -> int:
        """How many requests ever came to paths starting with `path`; with an errcode, how many were answered with it."""
        with self._lock:
            if errcode is not None:
                return sum(n for (where, code), n in self._errors.items() if code == errcode and where.startswith(path))
            return sum(n for where, n in self._counts.items() if where.startswith(path))

    def counts(self) -> dict[str, int]:
        """How many requests each path got, beyond the thousand that are kept."""
        with self._lock:
            return dict(self._counts)

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
            self._counts.clear()
            self._errors.clear()
