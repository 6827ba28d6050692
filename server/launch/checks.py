"""`python3 -m server lint`: everything that reads the code without running it."""

import subprocess
import sys

from server.launch import bootstrap
from server.launch.refusal import ROOT, Refusal

CHECKS = (
    ("ruff check", ["ruff", "check", "."]),
    ("ruff format", ["ruff", "format", "--check", "."]),
    ("mypy", ["mypy"]),
)


def lint(words: list[str]) -> int:
    """Run every check, also after one failed. Returns 1 when any did."""
    if words:
        raise Refusal("lint takes no arguments: its settings are in pyproject.toml.")
    bootstrap.enter(bootstrap.TESTS, ["lint"])
    failed = []
    for name, command in CHECKS:
        sys.stdout.write(f"── {name}\n")
        sys.stdout.flush()
        if subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=False).returncode:
            failed.append(name)
    sys.stdout.write(f"lint: {'failed: ' + ', '.join(failed) if failed else 'clean'}\n")
    return 1 if failed else 0
