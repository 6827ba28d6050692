"""`python3 -m server test` says which halves ran."""

import subprocess
import sys

import pytest

from server.launch.testing import second_half, workers
from tests.server.launch.processes import ROOT, SECONDS, clean_env


def test_it_runs_both_halves_and_ends_with_pytests_own_words() -> None:
    here = "tests/server/launch/test_ground.py"  # touches no database: the second half is left with nothing
    env = clean_env(LOUZHANG_NO_BOOTSTRAP="1", LOUZHANG_TEST_POSTGRES="postgresql+psycopg://nobody@127.0.0.1:9")
    done = subprocess.run(
        [sys.executable, "-m", "server", "test", "--require-postgres", here, "-n0", "-p", "no:schemathesis"],
        cwd=ROOT, env=env, text=True, capture_output=True, timeout=2 * SECONDS,
    )  # fmt: skip
    *_, closing, first, second = done.stdout.splitlines()
    assert "passed in" in done.stdout
    assert " in " in closing
    assert first == "SQLite half: passed"
    assert second == "PostgreSQL half: FAILED (pytest's exit status 5)"
    assert done.returncode == 5


@pytest.mark.parametrize(
    ("status", "some_chosen", "required", "expected"),
    [
        (0, False, True, (0, "passed")),
        (1, False, False, (1, "FAILED (pytest's exit status 1)")),
        (5, False, False, (5, "FAILED (pytest's exit status 5)")),
        (5, True, True, (5, "FAILED (pytest's exit status 5)")),
        (5, True, False, (0, "not run: none of the chosen tests touches a database")),
    ],
)
def test_an_empty_second_half_passes_only_when_tests_were_chosen(
    status: int, some_chosen: bool, required: bool, expected: tuple[int, str]
) -> None:
    assert second_half(status, some_chosen=some_chosen, required=required) == expected


def test_the_caller_may_decide_how_many_processes() -> None:
    assert workers([])[0] == "-n"
    assert int(workers(["tests/rules", "-x"])[1]) >= 2
    for word in ("-n0", "--numprocesses=3", "--pdb", "-s", "-p"):
        assert workers([word]) == []
