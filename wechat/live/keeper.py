"""Keeping one app's access token and breaker together with every other worker and host.

At 80 % of a token's life whoever takes the lease fetches the next, and everybody else goes on with the old one. Without
a usable token everybody waits, no longer than their own call may last, for the one that fetches. A lease runs out, so a
fetcher that was killed holds up nobody for long. Fetching is always stable_token's normal mode, which invalidates
nothing: when in doubt two may fetch, and nothing breaks.
"""

import logging
import os
import random
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from wechat.gateway import WeChatBusy, WeChatError, WeChatMisconfigured
from wechat.live.meanings import BREAKING, TOKEN_REFUSED
from wechat.live.wire import Deadline
from wechat.tokens import TOKENS_REFUSED, FirstThatWorks, MemoryTokenStore, Shared, TokenStore

log = logging.getLogger("louzhang.wechat")

NEWS_SECONDS = 2.0  # how long a worker relies on what it read, and so how late it learns of an open breaker
MEMORY_SECONDS = 60.0  # … and how long while another thread of it is looking
FORGIVING_SECONDS = 60.0  # a token that works so long after its fetch clears the refusals before it
FETCH_SHARE, LEASE_SHARE = 0.6, 0.8  # of a whole call: who waits for a killed fetcher still has time to do its work
REST_SECONDS, LONGEST_REST = 2.0, 600.0  # after a fetch that failed

Fetch = Callable[[Deadline], tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Ticket:
    """A token to ask with. `probe`: this call finds out for everybody whether an open breaker can be shut."""

    serial: int
    token: str = field(repr=False)
    probe: bool = False


class Keeper:
    """One a process and app, shared by its threads. `fetch` asks WeChat for a token and its seconds, by a deadline."""

    def __init__(
        self,
        appid: str,
        store: TokenStore | None = None,
        fetch: Fetch | None = None,
        *,
        whole: float = 5.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._appid, self._fetch, self._now = appid, fetch, clock
        self._store: TokenStore = FirstThatWorks(store, MemoryTokenStore()) if store else MemoryTokenStore()
        self._whole = whole
        self._news = Shared(), -MEMORY_SECONDS  # what was read last, and when
        self._door = threading.Lock()  # one thread of a process looks at the store or fetches

    def ticket(self, deadline: Deadline, *, refused: int = 0) -> Ticket:
        """A token newer than the one numbered `refused`.

        Raises WeChatMisconfigured while the breaker is open, WeChatBusy when none came in time, or what the fetch met.
        """
        seen = self._at_hand(NEWS_SECONDS, refused)
        if seen is not None and not seen.is_due(self._now()):
            return Ticket(seen.serial, seen.token)
        if not self._door.acquire(blocking=False):
            self._refuse_if_open(MEMORY_SECONDS)  # somebody is probing
            old = self._at_hand(MEMORY_SECONDS, refused)
            if old is not None:
                return Ticket(old.serial, old.token)
            if not self._door.acquire(timeout=deadline.left()):
                raise WeChatBusy("waited for the access token in vain")
        try:
            seen = self._at_hand(NEWS_SECONDS, refused)
            if seen is not None and not seen.is_due(self._now()):
                return Ticket(seen.serial, seen.token)
            return self._look(deadline, refused)
        finally:
            self._door.release()

    def admit(self) -> bool:
        """Let a call without a token through the breaker. True: it is the probe. Raises WeChatMisconfigured."""
        if not self._is_recent(NEWS_SECONDS) and self._door.acquire(blocking=False):
            try:
                self._read()
            finally:
                self._door.release()
        seen = self._news[0]
        if not seen.broken_why or seen.broken_why == TOKENS_REFUSED:  # a login needs no token
            return False
        if not seen.is_open(self._now()) and self._swap(seen, seen.probed(self._now() + self._whole + 1)):
            return True
        raise _open(seen)

    def learn(self, outcome: WeChatError | None, *, ticket: Ticket | None = None, probe: bool = False) -> None:
        """Draw the conclusions from how a call ended: `None` or any answer that is not about us means all is well.

        Of a refused token, tell only the refusal that came after a fetch for it.
        """
        errcode = outcome.errcode if outcome is not None else None
        if isinstance(outcome, WeChatMisconfigured) and errcode in BREAKING:
            self._trip(outcome, probe)
        elif errcode in TOKEN_REFUSED and outcome is not None:
            if ticket is not None:
                self._count(ticket)
            else:
                self._trip(outcome, probe)  # no token was asked for: it means our secret
        elif outcome is None or errcode not in (None, -1):
            self._praise(ticket, probe)

    def _is_recent(self, seconds: float) -> bool:
        return time.monotonic() - self._news[1] < seconds

    def _refuse_if_open(self, seconds: float) -> None:
        seen = self._news[0]
        if self._is_recent(seconds) and seen.is_open(self._now()):
            raise _open(seen)

    def _at_hand(self, seconds: float, refused: int) -> Shared | None:
        seen = self._news[0]
        self._refuse_if_open(NEWS_SECONDS)
        usable = seen.is_usable(self._now()) and seen.serial > refused and not seen.broken_why
        return seen if usable and self._is_recent(seconds) else None

    def _look(self, deadline: Deadline, refused: int) -> Ticket:
        """Behind the door: read what everybody knows, and fetch if nobody does."""
        while True:
            seen, now = self._read(), self._now()
            if seen.is_open(now):
                raise _open(seen)
            usable = seen.is_usable(now) and seen.serial > refused
            if seen.broken_why:
                probing = seen.probed(now + self._whole + 1)
                if self._swap(seen, probing):
                    return self._fetch_for_all(probing, deadline, None, probe=True)
            elif usable and not seen.is_due(now):
                return Ticket(seen.serial, seen.token)
            elif now >= seen.leased_until:
                mine = seen.leased(_name(), now + self._whole * LEASE_SHARE)
                if self._swap(seen, mine):
                    return self._fetch_for_all(mine, deadline, Ticket(seen.serial, seen.token) if usable else None)
            elif usable:
                return Ticket(seen.serial, seen.token)
            elif not seen.owner:
                raise WeChatBusy("the last fetch of an access token failed", retry_after=seen.leased_until - now)
            if not deadline.pause(random.uniform(0.02, 0.05)):  # noqa: S311 -- not all at once
                raise WeChatBusy("waited for the access token in vain")

    def _fetch_for_all(self, mine: Shared, deadline: Deadline, old: Ticket | None, *, probe: bool = False) -> Ticket:
        got = self._ask(deadline.within(self._whole * FETCH_SHARE if old is None else self._whole * FETCH_SHARE / 2))
        if isinstance(got, WeChatError):
            return self._go_without(got, mine, old, probe)
        token, seconds = got
        now = self._now()
        seen = mine
        while not self._swap(seen, new := seen.fetched(token, now, seconds)):
            seen = self._read()  # a refusal was counted meanwhile, or the lease ran out and another fetched
            if seen.serial > mine.serial and seen.is_usable(now):
                return Ticket(seen.serial, seen.token, probe)
        log.info("access token fetched", extra={"count": new.serial})
        return Ticket(new.serial, token, probe)

    def _ask(self, deadline: Deadline) -> tuple[str, float] | WeChatError:
        if self._fetch is None:
            return WeChatMisconfigured("this account asks without access tokens")
        try:
            return self._fetch(deadline)
        except WeChatError as error:
            return error

    def _go_without(self, error: WeChatError, mine: Shared, old: Ticket | None, probe: bool) -> Ticket:
        """The fetch failed. A token that is still good is used on; otherwise its error is the call's."""
        log.warning("no access token came", extra={"error": str(error)})
        if isinstance(error, WeChatMisconfigured) and (error.errcode in BREAKING or error.errcode in TOKEN_REFUSED):
            self._trip(error, probe)
        else:
            self._swap(mine, mine.rested(self._now() + min(error.retry_after or REST_SECONDS, LONGEST_REST)))
            if old is not None:
                return old
        raise error

    def _trip(self, error: WeChatError, probe: bool) -> None:
        """Open the breaker for everybody, unless somebody did; tell the operator once."""
        number = "" if error.errcode is None else f" ({error.errcode})"
        why = f"{error.cause}{number}"
        self._change(lambda seen, now: None if seen.is_open(now) and not probe else seen.broken(why, now))

    def _count(self, ticket: Ticket) -> None:
        """A token that was fetched for a refused one is refused as well."""

        def counted(seen: Shared, now: float) -> Shared | None:
            if (seen.is_open(now) and not ticket.probe) or seen.refused_serial >= ticket.serial:
                return None
            return seen.refused(ticket.serial, now)

        self._change(counted)

    def _praise(self, ticket: Ticket | None, probe: bool) -> None:
        """A call went well: shut the breaker if that was the question, and forgive old refusals after a while."""
        seen = self._news[0]
        probe = probe or (ticket is not None and ticket.probe)
        aged = ticket is not None and self._now() - seen.fetched_at > FORGIVING_SECONDS
        if probe or (seen.refusals and not seen.broken_why and aged):
            self._change(lambda seen, _: seen.mended() if seen.broken_why or seen.refusals else None)

    def _change(self, change: Callable[[Shared, float], Shared | None]) -> None:
        """Bring a change to the newest state, however many others change it too."""
        for _ in range(20):
            seen = self._read()
            new = change(seen, self._now())
            if new is None:
                return
            if self._swap(seen, new):
                _tell(seen, new, self._now())
                return

    def _read(self) -> Shared:
        seen = self._store.read(self._appid)
        self._news = seen, time.monotonic()
        return seen

    def _swap(self, seen: Shared, new: Shared) -> bool:
        swapped = self._store.swap(self._appid, seen, new)
        if swapped:
            self._news = new, time.monotonic()
        return swapped


def _name() -> str:
    return f"{socket.gethostname()[:40]}/{os.getpid()}"


def _open(seen: Shared) -> WeChatMisconfigured:
    return WeChatMisconfigured(f"not asked, the breaker is open: {seen.broken_why}")


def _tell(before: Shared, after: Shared, now: float) -> None:
    if after.is_open(now):
        told = {"error": after.broken_why, "count": round(after.broken_until - now)}
        log.error("WeChat breaker opened: nothing is asked for a while; `flask wechat status`", extra=told)
    elif before.broken_why:
        log.warning("WeChat breaker shut: WeChat takes our calls again")
