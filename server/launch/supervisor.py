"""A few processes that live and end together."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from server.launch.refusal import ROOT, Refusal

ASKS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
BEAT = 0.05  # seconds between two looks at the children
# First a request, then a firm one, then the end. gunicorn takes SIGINT as "quickly now".
STOPPING = ((signal.SIGTERM, 10.0), (signal.SIGINT, 3.0), (signal.SIGKILL, 5.0))


class Asked(BaseException):
    """Somebody asked us to stop (Ctrl-C, SIGTERM, the terminal went away)."""


class Supervisor:
    """Starts children in this process group, and ends all of them when one ends, when asked, or when we are killed.

    Use as a context manager. Signals only set a flag, looked at between steps, so that no child is started unseen.
    """

    def __init__(self) -> None:
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._asked = 0
        self._handlers: dict[int, object] = {}

    def __enter__(self) -> Self:
        for number in ASKS:
            self._handlers[number] = signal.signal(number, self._ask)
        # Its own session: what the terminal sends to our group must not end the one who cleans up after us.
        self._watchdog = subprocess.Popen(
            [sys.executable, "-I", str(Path(__file__).with_name("watchdog.py"))],
            stdin=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._stop()
        assert self._watchdog.stdin is not None
        self._watchdog.stdin.close()
        self._watchdog.wait()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # whatever was there before

    def start(self, name: str, command: Sequence[str], env: Mapping[str, str], *, quiet: bool = False) -> None:
        """Start a child. Its name is for people. `quiet`: only its complaints are shown."""
        out = subprocess.DEVNULL if quiet else None
        child = subprocess.Popen(command, cwd=ROOT, env=dict(env), stdin=subprocess.DEVNULL, stdout=out)
        self._children[name] = child
        self._tell(f"+{child.pid}")

    def finish(self, command: Sequence[str], env: Mapping[str, str]) -> tuple[int, str]:
        """Run a child to its end. Returns its exit status and what it printed (little: it must fit a pipe)."""
        nothing, pipe = subprocess.DEVNULL, subprocess.PIPE
        with subprocess.Popen(
            command, cwd=ROOT, env=dict(env), stdin=nothing, stdout=pipe, text=True, encoding="utf-8"
        ) as child:
            self._tell(f"+{child.pid}")
            try:
                while child.poll() is None:
                    self._look()
                    time.sleep(BEAT)
            except BaseException:
                child.terminate()
                raise
            self._tell(f"-{child.pid}")
            assert child.stdout is not None
            return child.returncode, child.stdout.read()

    def wait(self, until: Callable[[], bool], seconds: float, what: str) -> None:
        """Go on when `until` says so. Raises Asked, or Refusal when a child ended or nothing came of it in time."""
        end = time.monotonic() + seconds
        while not until():
            self._look()
            if time.monotonic() > end:
                raise Refusal(f"{what} did not get ready within {seconds:.0f} seconds; everything was stopped.")
            time.sleep(BEAT)

    def watch(self) -> None:
        """Stay until asked to stop (returns), or until a child ends (raises Refusal)."""
        try:
            while True:
                self._look()
                time.sleep(BEAT * 2)
        except Asked:
            return

    def _ask(self, _number: int, _frame: object) -> None:
        self._asked += 1

    def _look(self) -> None:
        if self._asked:
            raise Asked
        for name, child in self._children.items():
            status = child.poll()
            if status is not None:
                how = f"by signal {-status}" if status < 0 else f"with exit status {status}"
                raise Refusal(f"{name} ended by itself ({how}); everything else was stopped too.")

    def _stop(self) -> None:
        for number, patience in STOPPING:
            end, asked = time.monotonic() + patience, self._asked
            alive = [child for child in self._children.values() if child.poll() is None]
            for child in alive:
                child.send_signal(number)
            # Asked once more while waiting: hurry.
            while alive and time.monotonic() < end and self._asked <= max(asked, 1):
                time.sleep(BEAT)
                alive = [child for child in alive if child.poll() is None]
        for child in self._children.values():
            if child.returncode is not None:
                self._tell(f"-{child.pid}")

    def _tell(self, line: str) -> None:
        assert self._watchdog.stdin is not None
        try:
            self._watchdog.stdin.write(line.encode() + b"\n")
        except BrokenPipeError:  # somebody killed it: the children are ours alone to end, as long as we live
            os.write(2, b"the launcher's watchdog is gone\n")
