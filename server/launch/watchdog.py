"""Ends the children when the launcher is gone without a goodbye (`kill -9`): then no orphan keeps the port.

A process of its own: `python -I watchdog.py`, with the launcher holding the other end of its standard input. A line
`+PID` says a child was started, `-PID` that it ended. The end of the input says the launcher ended, however it did; the
kernel sees to that, on Linux as on macOS.
"""

import os
import signal
import sys
import time

PATIENCE = 10.0


def main() -> int:
    """Follow the launcher until it is gone, then end what it left."""
    left: set[int] = set()
    for line in sys.stdin:
        pid = int(line[1:])
        if line.startswith("+"):
            left.add(pid)
        else:
            left.discard(pid)
    end = time.monotonic() + PATIENCE
    _send(left, signal.SIGTERM)
    while left and time.monotonic() < end:
        time.sleep(0.05)
        _send(left, 0)
    _send(left, signal.SIGKILL)
    return 0


def _send(pids: set[int], number: int) -> None:
    """Signal every process; forget those that are gone."""
    for pid in tuple(pids):
        try:
            os.kill(pid, number)
        except OSError:
            pids.discard(pid)


if __name__ == "__main__":
    sys.exit(main())
