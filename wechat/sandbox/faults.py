"""Faults on command: each waits for the next matching requests, spoils them in its own way, and is used up.

With a chance below 1 a fault spoils about that share of them; the chances of several faults add up, so "drop 10 %, hang
5 %" is just that. The same seed draws the same lots.
"""

import random
from dataclasses import dataclass
from enum import StrEnum
from threading import Event, Lock


class FaultKind(StrEnum):
    # WeChat never did the work
    """What can go wrong on command."""

    ERRCODE = "errcode"  # a refusal by number; -1 is "busy"
    REPLY = "reply"  # any status and body
    HTML_502 = "html_502"
    DROP = "drop"  # connection closed without a word
    HANG = "hang"  # silence until `seconds` have passed or the faults are cleared, then a closed connection
    # WeChat did the work (a code is spent), and then …
    LATENCY = "latency"  # … it took `seconds`
    LOST_REPLY = "lost_reply"  # … the connection broke before the answer
    CUT_OFF = "cut_off"  # … it broke in the middle of the answer
    TRUNCATED = "truncated"  # … the JSON ends half way, in a response that looks complete
    DRIP = "drip"  # … the answer comes a byte every `seconds`


@dataclass(frozen=True, slots=True)
class Fault:
    """One ordered fault: which kind, on which path, how often."""

    kind: FaultKind
    path: str = ""
    """Only requests whose path starts with this; empty for all."""
    times: int = 1
    """How many requests it spoils; 0 for all until cleared."""
    seconds: float = 60.0
    errcode: int = -1
    status: int = 200
    body: str = ""
    chance: float = 1.0
    """Below 1: the share of matching requests it spoils."""


class Faults:
    """The faults waiting to happen, shared by all threads."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Fault, int]] = []
        self._lock = Lock()
        self._released = Event()
        self._lots = random.Random()  # noqa: S311 -- lots for tests, not secrets

    def seed(self, seed: int) -> None:
        """From here on chance repeats itself."""
        with self._lock:
            self._lots.seed(seed)

    def add(
        self,
        kind: FaultKind | str,
        *,
        path: str = "",
        times: int | None = None,
        seconds: float = 60.0,
        errcode: int = -1,
        status: int = 200,
        body: str = "",
        chance: float = 1.0,
        seed: int | None = None,
    ) -> Fault:
        """Order a fault: for one request unless told otherwise, or until cleared when it has a chance."""
        times = (1 if chance >= 1 else 0) if times is None else times
        fault = Fault(FaultKind(kind), path, times, seconds, errcode, status, body, chance)
        if seed is not None:
            self.seed(seed)
        with self._lock:
            self._waiting.append((fault, times))
        return fault

    def take(self, path: str) -> Fault | None:
        """The oldest fault waiting for this path, with one use taken off it."""
        with self._lock:
            lot = self._lots.random() if self._waiting else 1.0
            for place, (fault, left) in enumerate(self._waiting):
                if not path.startswith(fault.path):
                    continue
                if fault.chance < 1 and lot >= fault.chance:
                    lot -= fault.chance
                    continue
                if left == 1:
                    del self._waiting[place]
                elif left > 1:
                    self._waiting[place] = (fault, left - 1)
                return fault
        return None

    def waiting(self) -> list[tuple[Fault, int]]:
        """Each fault still waiting with its uses left (0: without end)."""
        with self._lock:
            return list(self._waiting)

    def pause(self, seconds: float) -> None:
        """Sleep inside a fault, until the faults are cleared at the latest."""
        self._released.wait(seconds)

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()
            released, self._released = self._released, Event()
        released.set()
