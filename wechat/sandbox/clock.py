"""The sandbox's own time: the real one, moved forward on command, so that five minutes need not be waited for."""

import time
from collections.abc import Callable


class Clock:
    """The sandbox's time: the machine's, moved forward as far as somebody asked."""

    def __init__(self, base: Callable[[], float] = time.time) -> None:
        self._base = base
        self.ahead = 0.0

    def now(self) -> float:
        return self._base() + self.ahead

    def advance(self, seconds: float) -> None:
        self.ahead += seconds

    def reset(self) -> None:
        self.ahead = 0.0
