"""An unfit Python or system hears one sentence."""

import ast
from pathlib import Path

import pytest

from server.__main__ import unfit

ENTRY = Path(__file__).parents[3] / "server" / "__main__.py"


def test_an_old_python_is_told_which_one_is_needed() -> None:
    line = unfit((3, 9, 2), "posix")
    assert "3.11 or newer" in line
    assert "3.9.2" in line
    assert "\n" not in line


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 1), (4, 0, 0)])
def test_a_newer_python_is_welcome(version: tuple[int, ...]) -> None:
    assert unfit(version, "posix") == ""


def test_windows_is_told_where_to_go() -> None:
    assert "WSL" in unfit((3, 12, 0), "nt")


def test_the_entry_can_be_read_by_pythons_far_too_old() -> None:
    tree = ast.parse(ENTRY.read_text(encoding="utf-8"), feature_version=(3, 5))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]  # f-strings: new in 3.6
    outside = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(node) for node in outside] == ["import os", "import sys"]
