"""What all workers and hosts know together about WeChat: the access token, who fetches it, and whether to ask at all.

A store keeps one `Shared` an app and changes it only for whoever saw its newest state. That is all a store has to do:
the lease, the refresh and the breaker are decided in `wechat.live.keeper` and are the same over every store.
"""

import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Protocol, TypeVar

T = TypeVar("T")

log = logging.getLogger("louzhang.wechat")

TOLERATED = 2  # how many tokens in a row may be refused though just fetched, before nothing is asked any more
FIRST_PAUSE = 60.0
LONGEST_PAUSE = 600.0
LEFT_ALONE_SECONDS = 10.0
REFRESH_AT = 0.8  # of a token's life

TOKENS_REFUSED = "fresh access tokens are refused"


@dataclass(frozen=True, slots=True)
class Shared:
    """One app's state. Moments are seconds since 1970; nought is "never". Its repr does not show the token."""

    mark: str = ""  # drawn anew at every change; "": nothing is kept yet
    token: str = field(default="", repr=False)
    serial: int = 0  # counts the fetches: tells a new token from the one that was refused
    fetched_at: float = 0.0
    expires_at: float = 0.0
    owner: str = ""  # who is fetching until `leased_until`; "" then means: a fetch failed, leave WeChat alone so long
    leased_until: float = 0.0
    refusals: int = 0
    refused_serial: int = 0  # the newest token that was counted in `refusals`
    broken_until: float = 0.0
    broken_why: str = ""  # the breaker is open, or half open once `broken_until` is past

    def is_usable(self, now: float) -> bool:
        """There is a token, and it is not over."""
        return bool(self.token) and now < self.expires_at

    def is_due(self, now: float) -> bool:
        """It is time to fetch the next one, although this one may be good for a while."""
        return now >= self.fetched_at + REFRESH_AT * (self.expires_at - self.fetched_at)

    def is_open(self, now: float) -> bool:
        """The breaker: nothing is asked now."""
        return bool(self.broken_why) and now < self.broken_until

    def leased(self, owner: str, until: float) -> "Shared":
        """Somebody fetches; whoever finds the lease run out may take it over."""
        return self._changed(owner=owner, leased_until=until)

    def fetched(self, token: str, now: float, seconds: float) -> "Shared":
        """A token came."""
        return self._changed(
            token=token, serial=self.serial + 1, fetched_at=now, expires_at=now + seconds, owner="", leased_until=0.0
        )

    def rested(self, until: float) -> "Shared":
        """No token came: nobody tries before `until`."""
        return self._changed(owner="", leased_until=until)

    def refused(self, serial: int, now: float) -> "Shared":
        """A token was refused although it had been fetched for a refused one. At the second such, the breaker opens."""
        counted = self._changed(refusals=self.refusals + 1, refused_serial=serial)
        return counted if counted.refusals < TOLERATED else counted._broken(TOKENS_REFUSED, now)

    def broken(self, why: str, now: float) -> "Shared":
        """Our configuration was refused: the breaker opens, twice as long each time in a row."""
        return self._changed(refusals=max(TOLERATED, self.refusals + 1))._broken(why, now)

    def probed(self, until: float) -> "Shared":
        """One call goes through to see whether it is mended; the others go on failing until it is back."""
        return self._changed(broken_until=until)

    def mended(self) -> "Shared":
        """WeChat takes our calls: the breaker is shut and everything is forgiven."""
        return self._changed(refusals=0, broken_until=0.0, broken_why="")

    def _broken(self, why: str, now: float) -> "Shared":
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self.refusals - TOLERATED, 10))
        return self._changed(broken_until=now + pause, broken_why=why)

    def _changed(self, **fields: object) -> "Shared":
        return replace(self, mark=secrets.token_hex(8), **fields)  # type: ignore[arg-type]


class StoreTrouble(Exception):
    """The store cannot be reached just now."""


class TokenStore(Protocol):
    """Where `Shared` is kept. Safe to share between threads; each call is short and its own transaction."""

    def read(self, appid: str) -> Shared:
        """The newest state, or an empty one. Raises StoreTrouble."""
        ...

    def swap(self, appid: str, seen: Shared, new: Shared) -> bool:
        """Keep `new` if the state is still `seen` (by its mark). False: somebody was faster. Raises StoreTrouble."""
        ...


class MemoryTokenStore:
    """For a single process, and for tests."""

    def __init__(self) -> None:
        self._kept: dict[str, Shared] = {}
        self._lock = Lock()

    def read(self, appid: str) -> Shared:
        return self._kept.get(appid, Shared())

    def swap(self, appid: str, seen: Shared, new: Shared) -> bool:
        with self._lock:
            if self.read(appid).mark != seen.mark:
                return False
            self._kept[appid] = new
            return True


class FirstThatWorks:
    """Several stores, best first. One in trouble is left alone for ten seconds and the next is asked.

    Marks are random, so what was seen in one store never passes for the state of another. Two hosts that use different
    stores for a while fetch a token each, which in normal mode is the same one.
    """

    def __init__(self, *stores: TokenStore) -> None:
        self._stores, self._clock = stores, time.monotonic
        self._left_alone: dict[int, float] = {}

    def read(self, appid: str) -> Shared:
        return self._first(lambda store: store.read(appid))

    def swap(self, appid: str, seen: Shared, new: Shared) -> bool:
        return self._first(lambda store: store.swap(appid, seen, new))

    def _first(self, ask: Callable[[TokenStore], T]) -> T:
        trouble = StoreTrouble("no store works")
        for place, store in enumerate(self._stores):
            if self._clock() < self._left_alone.get(place, 0.0):
                continue
            try:
                return ask(store)
            except StoreTrouble as error:
                trouble = error
                self._left_alone[place] = self._clock() + LEFT_ALONE_SECONDS
                log.warning("token store in trouble, using the next", extra={"error": str(error)})
        raise trouble
