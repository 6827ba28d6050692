"""Slowing floods before they cost anything: counted before the body is read, a statement is sent or a photo unpacked.

A route says `@slowed(allowances.REPORTS)` beside `@needs` or `@open_to_all`. Counters live in this process, or in Redis where
`REDIS_URL` is set; no address, code or token is kept, only keyed digests that nobody traces back without our key.

Windows are fixed: one number a key, one step to count, and an exact Retry-After. Each key's windows begin at a moment of its
own (taken from its digest), so that those who wait do not all come back at once. The clock is the request's.
"""

import ipaddress
import logging
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import limits
from flask import current_app, g, request
from flask.globals import request_ctx

from server.config import Settings
from server.core import auth, clock, idempotency
from server.core.counters import Counters
from server.core.crypto import Keyring
from server.core.errors import Problem
from server.rules.allowances import Allowance

F = TypeVar("F", bound=Callable[..., Any])

REPEATS = 3  # a request that was let in may come again this often with its Idempotency-Key, uncounted
REPEATS_KEPT = 3600
KINDLY = 2  # a page shows its form again until an allowance was asked for this many times over

_DIGEST = "limits.key"
# As codes are read by their rooms; what stands between their letters is left out.
_READ_FOR = {n: c if (c := chr(n).lower()).isalnum() else None for n in range(128)} | str.maketrans("oilOIL", "011011")
log = logging.getLogger("louzhang.limits")


def slowed(*allowances: Allowance, kindly: bool = False) -> Callable[[F], F]:
    """Declare a route's allowances. `kindly`: its view asks `refusal()` and shows the form again with what was typed."""

    def mark(view: F) -> F:
        view.__slowed__ = allowances  # type: ignore[attr-defined]
        view.__slowed_kindly__ = kindly  # type: ignore[attr-defined]
        return view

    return mark


def never_slowed(why: str) -> Callable[[F], F]:
    """Declare that an open POST has no allowance, and why."""

    def mark(view: F) -> F:
        view.__never_slowed__ = why  # type: ignore[attr-defined]
        return view

    return mark


@dataclass(frozen=True, slots=True)
class Rule:
    """One window of an allowance: for all processes together, and for this one when it counts alone."""

    name: str
    by: str  # address, code, session or key
    seconds: int
    together: int
    alone: int
    failures_only: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """Too fast: for how many seconds, and whether by so little that the view may still answer."""

    seconds: int
    a_little: bool


class Limits:
    """Who asked how often. `generosity` multiplies every allowance: for benchmarks, which come from one phone."""

    def __init__(self, settings: Settings, keyring: Keyring, *, generosity: int = 1) -> None:
        self.on = settings.limits
        self._only_proxies = settings.is_production
        self._workers, self._generosity, self._keyring = settings.web_workers, generosity, keyring
        self._rules: dict[str, tuple[Rule, ...]] = {}
        self._counters = Counters(settings.redis_url)
        self._told = False

    def callers(self) -> dict[str, str]:
        """By what this request can be counted. Nothing here is kept."""
        found = {}
        asked = request_ctx.request  # behind the proxy each look is dear
        if address := self._address(asked.environ):
            found["address"] = address
        args = asked.view_args
        if args and (code := args.get("code") or args.get("claim")):
            found["code"] = plain_code(code)
        if token := auth.presented_token():
            found["session"] = token
        return found

    def _address(self, environ: dict[str, Any]) -> str:
        address = plain_address(environ.get("REMOTE_ADDR", ""))  # as ProxyFix left it
        if self._only_proxies and address in ("", "127.0.0.1", "::1"):
            # Everybody would be one caller: better nobody is slowed by address than a whole city.
            if not self._told:
                self._told = True
                log.warning("people's addresses are unknown: is TRUSTED_PROXIES right?")
            return ""
        return address

    def refuse(
        self, allowances: tuple[Allowance, ...], callers: dict[str, str], now: datetime, *, key: str = "", cost: int = 1
    ) -> Refusal | None:
        """Count a request; say whether it comes too fast. One that was let in before, by its key, is not counted again.

        What one address asks too fast does not count for its code: a neighbour's flood must not use up the building's share.
        """
        mark = f"again/{self._digest('again', 'key', key).hex()}" if key else ""
        if mark and 0 < self._counters.get(mark)[0] <= REPEATS:
            self._counters.add(mark, REPEATS_KEPT, 1)
            return None
        moment = int(now.timestamp())
        for rule, digest in self._concerned(allowances, callers):
            if refusal := self._over(rule, digest, moment, 0 if rule.failures_only else cost):
                return refusal
        if mark:
            self._counters.add(mark, REPEATS_KEPT, 1)
        return None

    def note_failure(self, allowances: tuple[Allowance, ...], callers: dict[str, str], now: datetime) -> None:
        """Something was not found."""
        moment = int(now.timestamp())
        for rule, digest in self._concerned(allowances, callers):
            if rule.failures_only:
                self._over(rule, digest, moment, 1)

    def _concerned(self, allowances: tuple[Allowance, ...], callers: dict[str, str]) -> Iterator[tuple[Rule, bytes]]:
        for allowance in allowances:
            by, digest = "", b""
            for rule in self._rules.get(allowance.name) or self.read(allowance):
                if rule.by not in callers:
                    continue
                if rule.by != by:
                    by, digest = rule.by, self._digest(rule.name, rule.by, callers[rule.by])
                yield rule, digest

    def read(self, allowance: Allowance) -> tuple[Rule, ...]:
        """The windows of an allowance, from now on those of its name."""
        told = {
            "address": allowance.per_address,
            "session": allowance.per_session,
            "code": allowance.per_code,
            "key": allowance.per_key,
        }
        self._rules[allowance.name] = rules = tuple(
            Rule(
                allowance.name,
                by,
                item.get_expiry(),
                item.amount * self._generosity,
                self._share(item.amount),
                allowance.failures_only,
            )
            for by, text in told.items()
            if text
            for item in limits.parse_many(text)
        )
        return rules

    def _share(self, amount: int) -> int:
        """What one of several processes may let in alone, rounded up."""
        return -(-amount * self._generosity // self._workers)

    def _over(self, rule: Rule, digest: bytes, moment: int, cost: int) -> Refusal | None:
        """Count `cost` (0: only look) and compare."""
        seconds = rule.seconds
        since = moment + int.from_bytes(digest[:4]) % seconds
        key = f"{digest.hex()}/{seconds}/{since // seconds}"
        count, together = self._counters.add(key, seconds, cost) if cost else self._counters.get(key)
        most = rule.together if together else rule.alone
        if count < most or (cost and count == most):
            return None
        return Refusal(seconds - since % seconds, a_little=cost > 0 and count <= KINDLY * most)

    def _digest(self, name: str, by: str, told: str) -> bytes:
        return self._keyring.index(f"{name}\0{by}\0{told}", _DIGEST)


def plain_address(address: str) -> str:
    """One caller's address: of IPv6 the /64, which is what one household has; an IPv4 one inside it as itself."""
    if ":" not in address:
        return address
    try:
        found = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return address if found.is_loopback else found.packed[:8].hex()


def plain_code(code: str) -> str:
    """A code however it was typed: whatever its room forgives must not be another code here."""
    if not code.isascii():
        code = "".join(filter(str.isalnum, unicodedata.normalize("NFKC", code)))
    return code.translate(_READ_FOR)


def _too_fast(refusal: Refusal) -> Problem:
    minutes = -(-refusal.seconds // 60)
    wait = "一分钟" if minutes == 1 else f"{minutes} 分钟" if minutes <= 90 else f"{-(-minutes // 60)} 小时"
    said = (
        f"这里一下子来得太多了，请过{_apart(wait)}再看。"
        if request.method in ("GET", "HEAD")
        else f"您发得太快了，请过{_apart(wait)}再发。刚才写的都还在。"
    )
    return Problem(429, "too_fast", said, headers={"Retry-After": str(refusal.seconds)})


def _apart(wait: str) -> str:
    return f" {wait}" if wait[0].isdigit() else wait


def _here() -> Limits:
    found: Limits = current_app.extensions["limits"]
    return found


def at_the_door(view: Any) -> None:
    """Count this request before anything is done for it. Raises 429, or leaves it to a view that asks `refusal()`."""
    allowances = getattr(view, "__slowed__", None)
    counted = _here()
    if not allowances or not counted.on:
        return
    environ = request.environ
    key = environ.get("HTTP_IDEMPOTENCY_KEY", "") if environ["REQUEST_METHOD"] == "POST" else ""
    key = f"{environ['PATH_INFO']}\0{key}" if key and idempotency.SHAPE.fullmatch(key) else ""
    g.callers = callers = counted.callers()
    refusal = counted.refuse(allowances, callers, clock.now(), key=key)
    if refusal is None:
        return
    if not (view.__slowed_kindly__ and refusal.a_little):
        raise _too_fast(refusal)
    g.too_fast = _too_fast(refusal)


def refusal() -> Problem | None:
    """For views declared `kindly`: why this request is to be refused, if it is."""
    found: Problem | None = g.get("too_fast")
    return found


def spend(allowance: Allowance, cost: int) -> None:
    """Count what only shows in the body, before it is worked on: the photos of a form. Raises 429."""
    if cost and _here().on and (found := _here().refuse((allowance,), _here().callers(), clock.now(), cost=cost)):
        raise _too_fast(found)


def spend_by(allowance: Allowance, by: str, told: str) -> None:
    """Count by what only the view knows: the key of another system. Raises 429, before anything is asked of the database."""
    if told and _here().on and (found := _here().refuse((allowance,), {by: told}, clock.now())):
        raise _too_fast(found)


def not_found(view: Any) -> None:
    """Somebody asked for what is not there: count it where only that counts."""
    if "callers" in g:
        _here().note_failure(view.__slowed__, g.callers, clock.now())
