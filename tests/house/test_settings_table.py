"""Every setting stands in one table, deploy/README.md, and nothing else stands there."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAME = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*")


def read_by(source: str) -> set[str]:
    """The variables that a module's code takes from the environment `env`."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "env":
            given: list[ast.expr] = [node.slice]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "env.get":
            given = node.args[:1]
        elif isinstance(node, ast.Call) and node.args and ast.unparse(node.args[0]) == "env":
            given = node.args[1:2]
        else:
            continue
        found |= {g.value for g in given if isinstance(g, ast.Constant) and isinstance(g.value, str)}
    return found


def told_by(page: str) -> set[str]:
    """The settings in the first column of a page's tables."""
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row) if NAME.fullmatch(name)}


def test_the_table_holds_what_the_program_reads() -> None:
    read = read_by((ROOT / "server/config.py").read_text("utf-8"))
    assert told_by((ROOT / "deploy/README.md").read_text("utf-8")) == read


def test_no_other_page_holds_a_second_table() -> None:
    read = read_by((ROOT / "server/config.py").read_text("utf-8"))
    for page in (ROOT / "docs").glob("*.md"):
        assert told_by(page.read_text("utf-8")) & read == set(), f"{page.name} repeats the table of deploy/README.md"


def test_a_setting_left_out_is_noticed() -> None:
    source = 'a = env.get("ONE")\nb = env["TWO"]\nc = _whole_number(env, "THREE", 1)\n'
    assert read_by(source) == {"ONE", "TWO", "THREE"}
    assert told_by("| `ONE`, `TWO` | – | `FOUR` |\n| name |\n") == {"ONE", "TWO"}
