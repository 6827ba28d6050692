"""The words of `python3 -m server`, and how a refusal is said."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from types import FrameType

from server.launch import bootstrap
from server.launch.checks import lint
from server.launch.refusal import ROOT, Refusal, why
from server.launch.testing import test
from server.launch.up import up

USAGE = """\
usage: python3 -m server WORD

  up               start everything at http://127.0.0.1:8000 (PORT= moves it); Ctrl-C stops it
  test [ARGS]      run the tests on SQLite, and on PostgreSQL where one can be had; ARGS go to pytest
                   --require-postgres   fail when there is no PostgreSQL
  lint             ruff and mypy
  bench [ARGS]     measure speed against floors measured in the same run
  flask ARGS       a command of the application, as in  flask month close 2026-10

Everything needed is installed into .venv first. LOUZHANG_NO_BOOTSTRAP=1 uses this Python as it is.
"""


def run(words: list[str]) -> int:
    """Do what the words say. Returns the exit status; a refusal is one line on standard error."""
    signal.signal(signal.SIGTERM, _end)
    os.chdir(ROOT)
    try:
        word, rest = (words[0], words[1:]) if words else ("", [])
        if word in ("", "help", "-h", "--help"):
            sys.stdout.write(USAGE)
            return 0
        if word not in WORDS:
            raise Refusal(f"There is no {word!r} here: say one of {', '.join(WORDS)}.")
        return WORDS[word](rest)
    except Refusal as refusal:
        sys.stdout.flush()
        sys.stderr.write(f"{refusal}\n")
        return 1
    except OSError as error:  # a full disk, a process that may not be started
        sys.stderr.write(f"{error.filename or 'The system'}: {why(error)}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        return 130


def _end(_number: int, _frame: FrameType | None) -> None:
    """Leave through every `finally`, so that nothing that was started is left behind."""
    raise SystemExit(128 + signal.SIGTERM)


def _bench(words: list[str]) -> int:
    bootstrap.enter(bootstrap.TESTS, ["bench", *words])
    return subprocess.run([sys.executable, "-m", "tests.bench", *words], cwd=ROOT, check=False).returncode


def _flask(words: list[str]) -> int:
    bootstrap.enter(bootstrap.RUNTIME, ["flask", *words])
    os.execv(sys.executable, [sys.executable, "-m", "flask", "--app", "wsgi", *words])


WORDS: dict[str, Callable[[list[str]], int]] = {"up": up, "test": test, "lint": lint, "bench": _bench, "flask": _flask}
