"""`python3 -m server test`: the whole suite on SQLite, then what touches a database on PostgreSQL, if there is one."""

import os
import subprocess
import sys

from server.launch import bootstrap
from server.launch.refusal import ROOT

REQUIRE = "--require-postgres"
REQUIRE_ENV = "LOUZHANG_REQUIRE_POSTGRES"
NOTHING_CHOSEN = 5  # pytest's exit status when no test was left to run


def test(words: list[str]) -> int:
    """Run both halves, say which ran, and why one did not. Returns non-zero when anything failed."""
    required = REQUIRE in words or os.environ.get(REQUIRE_ENV) == "1"
    chosen = [word for word in words if word != REQUIRE]
    bootstrap.enter(bootstrap.TESTS, ["test", *words])
    from tests import databases  # needs what was just installed

    with databases.postgres() as found:
        sqlite = _pytest(chosen, "sqlite", {})
        if isinstance(found, databases.Missing):
            postgres, told = int(required), f"not run: {found.why}"
        else:
            status = _pytest(chosen, "postgresql", {databases.ENV: found})
            postgres, told = second_half(status, some_chosen=bool(chosen), required=required)
    sys.stdout.write(f"SQLite half: {_say(sqlite)}\nPostgreSQL half: {told}\n")
    return sqlite or postgres


def second_half(status: int, *, some_chosen: bool, required: bool) -> tuple[int, str]:
    """What the PostgreSQL half's exit status means, and its words. A choice of tests may leave nothing to do there."""
    if status == NOTHING_CHOSEN and some_chosen and not required:
        return 0, "not run: none of the chosen tests touches a database"
    return status, _say(status)


def _say(status: int) -> str:
    return "passed" if status == 0 else f"FAILED (pytest's exit status {status})"


def _pytest(chosen: list[str], database: str, env: dict[str, str]) -> int:
    sys.stdout.write(f"── tests on {database}\n")
    sys.stdout.flush()
    command = [sys.executable, "-m", "pytest", *workers(chosen), "--database", database, *chosen]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **env}, check=False).returncode


def workers(chosen: list[str]) -> list[str]:
    """As many processes as there are processors, unless the caller wants to see or decide for themselves."""
    if any(word.startswith(("-n", "--numprocesses", "--pdb", "--trace", "-s", "-p")) for word in chosen):
        return []
    return ["-n", str(max(2, min(8, os.cpu_count() or 2))), "--dist", "worksteal"]
