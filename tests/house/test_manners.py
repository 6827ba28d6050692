"""Manners every file keeps. Each is proved able to fail on a sample that breaks it."""

import ast
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.house.source import ROOMS, ROOT, Module, calls, inside, module, modules

Manner = Callable[[Iterable[Module]], list[str]]


def time_is_passed_in(house: Iterable[Module]) -> list[str]:
    """Only the clock asks the machine what time it is."""
    clocks = {
        "datetime.now",
        "datetime.utcnow",
        "datetime.datetime.now",
        "date.today",
        "datetime.date.today",
        "time.time",
    }
    exempt = {
        "server.core.clock",
        "wechat.sandbox.clock",
        "server.core.logs",  # a log line's own time
    }
    return [
        f"{m.path}:{line} calls {name}: read clock.now() once at the door and pass it in."
        for m in house
        if m.name not in exempt and not inside(m.name, "server.launch")
        for line, name in calls(m)
        if name in clocks
    ]


def settings_come_from_config(house: Iterable[Module]) -> list[str]:
    """Only `server.config` reads the environment (and the launcher, which runs before there is a project)."""
    return [
        f"{m.path}:{node.lineno} reads os.environ: add a typed setting to server/config.py."
        for m in house
        if m.name not in ("server.config", "server.__main__", "server.gunicorn_conf")
        and not inside(m.name, "server.launch")
        and not inside(m.name, "wechat.sandbox")
        for node in ast.walk(m.tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "os.getenv")
    ]


def services_never_commit(house: Iterable[Module]) -> list[str]:
    """One transaction a request: the application commits, rooms do not."""
    exempt = {
        "server.identity.service",  # a failed sign-in must be remembered although it is refused
        "server.identity.recognising",  # a way back from WeChat is used up before WeChat is asked
    }
    return [
        f"{m.path}:{line} calls {name}: the application commits after the view; a command or job opens database.transaction()."
        for m in house
        if any(inside(m.name, f"server.{room}") for room in (*ROOMS, "web")) and m.name not in exempt
        for line, name in calls(m)
        if name in ("db.session.commit", "database.commit", "connection.commit", "conn.commit")
    ]


def points_are_integers(house: Iterable[Module]) -> list[str]:
    """No floats in the law: points are integers in thousandths, divided only where rounding is defined."""
    return [
        f"{m.path}:{node.lineno} uses a float or `/`: points are integers; see server.rules.amounts.round_half_up."
        for m in house
        if inside(m.name, "server.rules")
        for node in ast.walk(m.tree)
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div))
        or (isinstance(node, ast.Call) and ast.unparse(node.func) in ("float", "round"))
    ]


def nothing_is_printed(house: Iterable[Module]) -> list[str]:
    """Programs log; only the launcher prints and commands echo."""
    return [
        f"{m.path}:{line} prints: use logging (JSON, nothing personal) or click.echo in a command."
        for m in house
        if not inside(m.name, "server.launch") and m.name != "server.__main__" and not inside(m.name, "wechat.sandbox")
        for line, name in calls(m)
        if name == "print"
    ]


def public_things_are_explained(house: Iterable[Module]) -> list[str]:
    """Public functions and classes have a docstring."""
    missing = []
    for m in house:
        if not ast.get_docstring(m.tree) and m.tree.body:
            missing.append(f"{m.path}: says nothing about itself; one line at the top is enough.")
        for node in m.tree.body:
            if (
                isinstance(node, ast.FunctionDef | ast.ClassDef)
                and not node.name.startswith("_")
                and not ast.get_docstring(node)
            ):
                missing.append(f"{m.path}:{node.lineno} {node.name} has no docstring: say what it does, units, errors.")
    return missing


MANNERS: list[tuple[Manner, str, str]] = [
    (time_is_passed_in, "server.issues.service", '"x"\nfrom datetime import datetime\nx = datetime.now()'),
    (settings_come_from_config, "server.core.storage", '"x"\nimport os\nx = os.environ["A"]'),
    (services_never_commit, "server.issues.service", '"x"\ndatabase.commit()'),
    (points_are_integers, "server.rules.scoring", '"x"\nx = 1 / 3'),
    (points_are_integers, "server.rules.scoring", '"x"\nx = 0.5'),
    (nothing_is_printed, "server.core.audit", '"x"\nprint(1)'),
    (public_things_are_explained, "server.core.audit", '"x"\ndef f(): pass'),
]


@pytest.mark.parametrize("manner", list(dict.fromkeys(manner for manner, _, _ in MANNERS)))
def test_the_house_keeps_its_manners(manner: Manner) -> None:
    assert manner(modules()) == []


@pytest.mark.parametrize(("manner", "name", "text"), MANNERS)
def test_bad_manners_are_noticed(manner: Manner, name: str, text: str) -> None:
    assert len(manner([module(name, text)])) == 1


def rooms_without(files: Iterable[Path]) -> list[str]:
    """Rooms that lack one of the files every room has."""
    names = {str(p) for p in files}
    return [
        f"server/{room} has no {part}: every room has routes, schemas, service and queries."
        for room in ROOMS
        for part in ("routes", "schemas", "service", "queries")
        if f"server/{room}/{part}.py" not in names and f"server/{room}/{part}/__init__.py" not in names
    ]


def test_every_room_has_the_same_files() -> None:
    assert rooms_without(p.relative_to(ROOT) for p in (ROOT / "server").rglob("*.py")) == []


def test_a_room_without_its_files_is_noticed() -> None:
    assert len(rooms_without([])) == len(ROOMS) * 4


# What may stand at the top of the repository: what the product fixed, and what every project has.
TOP = {
    "server", "models", "wechat", "tests", "wsgi.py", "requirements.txt",
    "README.md", "CHANGELOG.md", "pyproject.toml", "docs", "deploy", ".ci", ".gitignore", ".git",
    "instance", ".venv", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", "__pycache__",
}  # fmt: skip


def strangers(top: Iterable[str]) -> list[str]:
    """Entries at the top of the repository that have no place there."""
    return sorted(set(top) - TOP)


def test_nothing_strange_stands_at_the_top() -> None:
    assert strangers(p.name for p in ROOT.iterdir()) == []


def test_a_stranger_at_the_top_is_noticed() -> None:
    assert strangers(["server", "utils"]) == ["utils"]


def test_wsgi_only_makes_the_app() -> None:
    body = ast.parse((ROOT / "wsgi.py").read_text()).body
    assert [type(node).__name__ for node in body] == ["Expr", "ImportFrom", "Assign"]
