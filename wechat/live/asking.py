"""How a question is put to WeChat: within its five seconds, once or again by the table of the platform's numbers."""

import json
import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeVar

from wechat.gateway import NotAllowed, RequestRefused, TooManyCalls, WeChatBusy, WeChatError
from wechat.live.client import OFFICIAL, MiniProgramClient, checked
from wechat.live.keeper import Keeper, Ticket
from wechat.live.meanings import BUSY, TOKEN_REFUSED, until_tomorrow
from wechat.live.wire import AtTheLastMoment, Deadline, Timeouts
from wechat.tokens import TokenStore

T = TypeVar("T")

log = logging.getLogger("louzhang.wechat")

PAUSES = (0.3, 1.0)  # seconds before a second and a third try, and up to half of it more
WORTH_TRYING = 0.2  # seconds that must remain for an answer
ALARM_SECONDS = 600.0  # the operator hears of the same missing right this often at most
LOOK_AGAIN_SECONDS = 600.0  # a used-up quota may be lifted by hand before midnight


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address of WeChat. `repeatable`: asking twice does no harm, so it may be asked again when no answer came.

    `optional`: nobody need hear of it when we may not ask.
    """

    path: str
    repeatable: bool
    optional: bool = False


class Account:
    """One of our accounts at WeChat: its secret, its token, its breaker. Safe to share between threads.

    Each request has its own connection. A kept one may die just as a login goes out on it, and a login cannot be
    repeated; that is worth a handshake.
    """

    def __init__(
        self,
        appid: str,
        secret: str,
        *,
        base_url: str = OFFICIAL,
        timeouts: Timeouts | None = None,
        store: TokenStore | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not appid or not secret:
            raise ValueError("WeChat needs an appid and a secret")
        self.appid, self._secret = appid, secret
        self._base_url, self._timeouts, self._now = checked(base_url), timeouts or Timeouts(), clock
        self._keeper = Keeper(appid, store, self._fetch_token, whole=self._timeouts.whole, clock=clock)
        self._used_up: dict[str, float] = {}  # path → when to look again
        self._alarmed: dict[tuple[str, int | None], float] = {}
        self._lock = Lock()

    def ask_with_secret(self, endpoint: Endpoint, asked: Mapping[str, str]) -> dict[str, Any]:
        """GET with appid and secret. Such calls trade codes that are spent by the first try, so there is no second."""
        self._stop_if_used_up(endpoint)
        probe = self._keeper.admit()
        error = None
        with self._client(Deadline(self._timeouts.whole)) as client:
            try:
                reply = client.ask_with_secret(endpoint.path, asked)
            except WeChatError as refusal:
                error = refusal
        self._keeper.learn(error, probe=probe)
        if error is not None:
            self._note(endpoint, error)
            raise error
        return reply

    def ask(self, endpoint: Endpoint, body: Mapping[str, Any], read: Callable[[object], T]) -> T:
        """POST with the access token. `read` takes the answer, or raises WeChatBusy for one that is none.

        It is given a dict, or what is no JSON as it came (`requests.Response`).
        """
        self._stop_if_used_up(endpoint)
        sent, deadline = _as_json(body), Deadline(self._timeouts.whole)
        ticket, pauses, renewed = self._keeper.ticket(deadline), list(PAUSES if endpoint.repeatable else ()), False
        while True:
            outcome = self._once(endpoint, sent, read, ticket, deadline)
            if not isinstance(outcome, WeChatError):
                self._keeper.learn(None, ticket=ticket)
                return outcome
            if outcome.errcode in TOKEN_REFUSED and not renewed and not ticket.probe:
                ticket, renewed = self._keeper.ticket(deadline, refused=ticket.serial), True
                continue
            if _may_pass(outcome) and pauses:
                pause = pauses.pop(0) * random.uniform(1, 1.5)  # noqa: S311 -- so that not all come back at once
                if deadline.pause(pause, keep=WORTH_TRYING):
                    continue
            self._keeper.learn(outcome, ticket=ticket)
            self._note(endpoint, outcome)
            raise outcome

    def _once(
        self, endpoint: Endpoint, body: bytes, read: Callable[[object], T], ticket: Ticket, deadline: Deadline
    ) -> T | WeChatError:
        token = AtTheLastMoment({"access_token": ticket.token})
        with self._client(deadline) as client:
            try:
                return read(client.ask_with_token(endpoint.path, body, token))
            except WeChatError as error:
                return error

    def _fetch_token(self, deadline: Deadline) -> tuple[str, float]:
        with self._client(deadline) as client:
            reply = client.fetch_access_token()
        return str(reply["access_token"]), float(reply["expires_in"])

    def _client(self, deadline: Deadline) -> MiniProgramClient:
        return MiniProgramClient(
            self.appid,
            self._secret,
            base_url=self._base_url,
            timeouts=self._timeouts,
            deadline=deadline,
            clock=self._now,
        )

    def _stop_if_used_up(self, endpoint: Endpoint) -> None:
        now = self._now()
        if now < self._used_up.get(endpoint.path, 0.0):
            raise TooManyCalls("daily quota reached, not asked", retry_after=until_tomorrow(now))

    def _note(self, endpoint: Endpoint, error: WeChatError) -> None:
        """Remember a used-up day, and tell the operator of a right that is missing."""
        now = self._now()
        if isinstance(error, TooManyCalls) and (error.retry_after or 0) > LOOK_AGAIN_SECONDS / 2:
            self._used_up[endpoint.path] = now + min(LOOK_AGAIN_SECONDS, error.retry_after or 0)
        if isinstance(error, NotAllowed) and not endpoint.optional:
            with self._lock:
                told = (endpoint.path, error.errcode)
                again = now - self._alarmed.get(told, -ALARM_SECONDS) >= ALARM_SECONDS
                self._alarmed[told] = now if again else self._alarmed[told]
            if again:
                log.error("WeChat denies us a right", extra={"route": endpoint.path, "error": str(error)})


def _may_pass(error: WeChatError) -> bool:
    """Busy, or no usable answer: the same question may well be answered in a moment."""
    return isinstance(error, WeChatBusy) and error.retry_after is None and error.errcode in (None, BUSY)


def _as_json(body: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        pass  # its message would quote the text
    raise RequestRefused("text that is no Unicode")
