"""What time it is. Routes and jobs read it once and hand it on; nothing below them asks again."""

from datetime import UTC, datetime, timedelta
from typing import Protocol

from flask import current_app, g


class Clock(Protocol):
    """Anything that can tell the time."""

    def now(self) -> datetime:
        """The current moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class SetClock:
    """A clock that stands until it is moved: for journeys in tests and for demonstrations."""

    def __init__(self, moment: datetime) -> None:
        self.set(moment)

    def now(self) -> datetime:
        return self._moment

    def set(self, moment: datetime) -> None:
        """Stand at `moment` (aware)."""
        if moment.tzinfo is None:
            raise ValueError("a clock needs a time zone")
        self._moment = moment.astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        """Move forward."""
        self._moment += by


def now() -> datetime:
    """The moment of this request (the same however often it is asked), or of this command."""
    if "now" not in g:
        g.now = current_app.extensions["clock"].now()
    moment: datetime = g.now
    return moment
