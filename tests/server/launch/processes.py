"""Real processes for the launcher's tests: started apart from ours, and never left behind."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parents[3]
SECONDS = 60.0  # far more than needed: the machine may be busy


def clean_env(**changes: str) -> dict[str, str]:
    """This environment without what would change the launcher's or pytest's ways."""
    ours = ("LOUZHANG_", "WECHAT_", "PYTEST_", "PORT", "DATABASE_URL", "PUBLIC_URL", "LOG_LEVEL", "WEB_", "VIRTUAL_ENV")
    return {**{name: value for name, value in os.environ.items() if not name.startswith(ours)}, **changes}


@contextmanager
def running(*words: str, env: Mapping[str, str], cwd: Path = ROOT) -> Iterator[subprocess.Popen[str]]:
    """A Python process with a session of its own; its whole group is ended at the end."""
    process = subprocess.Popen(
        [sys.executable, *words],
        cwd=cwd, env=dict(env), text=True, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.stdout.close()
        process.wait()


def read_until(process: subprocess.Popen[str], text: str) -> list[str]:
    """The lines it printed up to the one that holds `text`."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if text in line:
            return lines
    raise AssertionError(f"ended without saying {text!r}:\n{''.join(lines)}")


def alive(pid: int) -> bool:
    """Whether a process still does anything."""
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(found.strip()) and not found.startswith("Z")


def members(group: int) -> list[int]:
    """The living processes of a process group."""
    listing = subprocess.run(["ps", "-eo", "pid=,pgid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listing.splitlines()]
    return [int(pid) for pid, pgid, stat in rows if int(pgid) == group and not stat.startswith("Z")]


def soon(holds: Callable[[], bool]) -> bool:
    """Whether something comes true before long."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.05)
    return False
