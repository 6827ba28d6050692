"""`python -m server.jobs`: look at the clock every 15 seconds, and relay the outbox at once, until asked to stop.

Any number of these may run, on any number of machines. A database that is locked, gone or not yet migrated is waited
for.
"""

import logging
import signal
import sys
from threading import Event

from flask import Flask

from server.app import create_app
from server.config import Settings, SettingsError
from server.core import database, logs
from server.jobs.relay import Relay
from server.jobs.runner import tick

BETWEEN_TICKS = 15.0  # seconds

log = logging.getLogger("louzhang.jobs")


def main() -> int:
    """Work until SIGTERM or SIGINT; what is in hand is finished first."""
    try:
        settings = Settings.from_env()
        app = create_app(settings)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    asked = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.set())
    logs.configure(settings.log_level)
    serve(app, Relay(app), asked)
    return 0


def serve(app: Flask, relay: Relay, asked: Event) -> None:
    """Relay and tick until asked to stop."""
    log.info("jobs started")
    relay.start()
    while not asked.is_set():
        _tick_or_tell(app, asked)
        asked.wait(BETWEEN_TICKS)
    if not relay.stop():
        log.warning("entries in hand are left to their lease")
    log.info("jobs stopped")


def _tick_or_tell(app: Flask, asked: Event) -> None:
    try:
        tick(app, stop=asked.is_set)
    except Exception as error:  # whatever it was, the next tick tries again
        if database.is_trouble_of_the_database(error):
            log.warning("database trouble", extra={"error": type(error).__name__})
        else:
            log.exception("tick failed")


if __name__ == "__main__":
    sys.exit(main())
