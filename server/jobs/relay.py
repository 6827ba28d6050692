"""The relay: does what the outbox says, in threads of the jobs process, about a second after the commit.

Any number of threads, processes and machines share the entries. One entry is worked on like this:

1. claim it under a lease                                         (a transaction)
2. `load` what is needed, and count an attempt of unknown end     (a transaction)
3. `ask` WeChat                                                   (no transaction)
4. `settle` it and end the entry, if it is still ours             (a transaction)

A crash before 2 costs nothing. A crash between 2 and 4 leaves the count: the next attempt knows that WeChat may have
done it already. WeChat knows no idempotency key, so such an attempt may repeat a message; see docs/messages.md. When no
answer came for a moment, that is noted too (a transaction of its own): a crash from then on is no likelier to have been
a delivery than an answer that never came.
"""

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, current_app

from models.enums import OutboxKind
from server.core import database, outbox_ledger
from server.core.clock import Clock
from server.core.outbox import Dead, Done, End, Handler, Later
from server.core.outbox_ledger import LEASE, Claim, Overtaken
from server.issues import service as issues
from server.moderation import service as moderation
from server.notices import service as notices
from server.places import service as places
from wechat.gateway import Gateway, WeChatError

# To have a kind of entry done: write its Handler in its room, offer it in the room's `service`, add it here.
HANDLERS: dict[OutboxKind, Handler] = {
    OutboxKind.ISSUE_EVENT: issues.TellOfMove(),
    OutboxKind.CONTENT_CHECK: moderation.ContentCheckHandler(),
    OutboxKind.MESSAGE: notices.SendMessage(),
    OutboxKind.CODE_IMAGE: places.CodeImages(),
}

THREADS = 4
BETWEEN_LOOKS = 0.5  # seconds, when nothing is due
AFTER_TROUBLE = 5.0  # seconds, when the database is locked or gone
ASKING = timedelta(seconds=6)  # WeChat answers or fails within five
MOMENT = 0.2  # seconds in which an answer mostly comes
SETTLING = 5.0  # seconds in which what WeChat said is tried to be written down, whatever ails the database

log = logging.getLogger("louzhang.relay")


class Relay:
    """Threads that work off the outbox until told to stop. One looks at a time; whoever found something lets the next look."""

    def __init__(
        self,
        app: Flask,
        handlers: Mapping[OutboxKind, Handler] | None = None,
        *,
        threads: int = THREADS,
        lease: timedelta = LEASE,
    ) -> None:
        self._app, self._handlers, self._lease = app, HANDLERS if handlers is None else handlers, lease
        self._turn = threading.Lock()
        self._stop, self._wake = threading.Event(), threading.Event()
        self._threads = [threading.Thread(target=self._loop, name=f"relay-{n}", daemon=True) for n in range(threads)]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self, patience: float = 15.0) -> bool:
        """Take nothing new, and wait for what is in hand. What is not done in time is left to its lease (False)."""
        self._stop.set()
        self._wake.set()
        until = time.monotonic() + patience
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _loop(self) -> None:
        while not self._stop.is_set():
            try:
                with self._turn:
                    held = self._next()
                if held is not None:
                    _work(self._app, held, self._handlers, self._lease)
                    self._wake.set()  # it may have put something new
            except Exception as error:  # whatever it was, there is more to do
                _tell(error)
                self._stop.wait(AFTER_TROUBLE)

    def _next(self) -> Claim | None:
        """Look until something is found, or until told to stop."""
        while not self._stop.is_set():
            self._wake.clear()
            held = _claim(self._app, self._handlers, self._lease)
            if held is not None:
                return held
            self._wake.wait(BETWEEN_LOOKS)
        return None


def run(
    app: Flask,
    handlers: Mapping[OutboxKind, Handler] | None = None,
    *,
    lease: timedelta = LEASE,
    moment: float = MOMENT,
) -> list[str]:
    """Do everything that is due now, and what comes of it, in this thread. Returns what became of each, `kind word`.

    For tests and `flask outbox run`. With a clock that stands, what is put off stays undone.
    """
    known = HANDLERS if handlers is None else handlers
    done = []
    while (held := _claim(app, known, lease)) is not None:
        done.append(f"{held.entry.kind} {_work(app, held, known, lease, moment)}")
    return done


def _claim(app: Flask, handlers: Mapping[OutboxKind, Handler], lease: timedelta) -> Claim | None:
    with app.app_context():
        with database.transaction(reads_only=True):
            if not outbox_ledger.is_anything_due(_now(), list(handlers)):
                return None
        with database.transaction():
            return outbox_ledger.claim(_now(), list(handlers), lease)


def _work(
    app: Flask, held: Claim, handlers: Mapping[OutboxKind, Handler], lease: timedelta, moment: float = MOMENT
) -> str:
    """Take an entry through its three steps. Returns the word for how it ended."""
    began = time.perf_counter()
    told: dict[str, object] = {"job": str(held.entry.kind), "slot": str(held.entry.id)}
    with app.app_context():
        try:
            word = _steps(held, handlers[held.entry.kind], lease, moment)
        except Overtaken:
            log.warning("overtaken", extra=told)
            return "overtaken"
        except Exception as error:
            if database.is_trouble_of_the_database(error):
                raise  # left to its lease
            log.exception("entry failed", extra=told)
            with suppress(Overtaken), database.transaction():
                outbox_ledger.end(held, Later(type(error).__name__), _now(), asked=False)
            return "failed"
        level = logging.WARNING if word == "dead" else logging.INFO
        told |= {"status": word, "ms": round((time.perf_counter() - began) * 1000)}
        log.log(level, "entry", extra=told)
        return word


def _steps(held: Claim, handler: Handler, lease: timedelta, moment: float) -> str:
    now = _now()
    with database.transaction():
        loaded: Any = handler.load(held.entry, now)
        if isinstance(loaded, Done | Later | Dead):
            return outbox_ledger.end(held, loaded, now, asked=False)
        outbox_ledger.expect_no_end(held, now, lease)
    if _now() - now > lease - min(ASKING, lease / 2):
        # This thread slept, and by the time WeChat answered another would have the entry.
        raise Overtaken(f"{held.entry.kind} {held.entry.id}")
    gateway: Gateway = current_app.extensions["wechat"]
    silence = threading.Event()
    with _noting_silence(held, silence, moment):
        try:
            answer = handler.ask(gateway, loaded)
        except WeChatError as error:
            answer = error
    until = time.monotonic() + SETTLING
    while True:
        try:
            return _settle(held, handler, loaded, answer, crashed=not silence.is_set())
        except Exception as error:  # what WeChat did is not asked for again because our database was away
            if not database.is_trouble_of_the_database(error) or time.monotonic() > until:
                raise
            _tell(error)
            time.sleep(BETWEEN_LOOKS)


def _settle(held: Claim, handler: Handler, loaded: Any, answer: Any, *, crashed: bool) -> str:
    now = _now()
    unknown = isinstance(answer, WeChatError) and answer.unsure
    with database.transaction():
        end: End = handler.settle(held.entry, loaded, answer, now)
        return outbox_ledger.end(held, end, now, asked=True, known=not unknown, crashed=crashed)


@contextmanager
def _noting_silence(held: Claim, silence: threading.Event, moment: float) -> Iterator[None]:
    """If no answer comes for a moment, write that down and set `silence`."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]

    def note() -> None:
        try:
            with app.app_context(), database.transaction():
                outbox_ledger.note_silence(held)
            silence.set()
        except Overtaken:
            pass
        except Exception as error:  # not noted, then
            _tell(error)

    timer = threading.Timer(moment, note)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


def _now() -> datetime:
    """The moment itself: asking takes time, and leases are counted from now."""
    clock: Clock = current_app.extensions["clock"]
    return clock.now()


def _tell(error: Exception) -> None:
    if database.is_trouble_of_the_database(error):
        log.warning("database trouble", extra={"error": type(error).__name__})
    else:
        log.exception("relay failed")
