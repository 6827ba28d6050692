"""Reading the project's own source for the tests that guard the shape of the house."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = (
    "identity", "places", "departments", "heads", "households", "photos", "moderation", "rulebook", "commons", "issues", "shield",
    "ledger", "surveys", "duties", "scores", "notices", "open311", "callbacks",
)  # fmt: skip


@dataclass(frozen=True)
class Module:
    """One Python file of the project: dotted name, path and syntax tree."""

    name: str
    path: str
    tree: ast.Module


def module(name: str, text: str) -> Module:
    """A module from text, for the samples that prove a house test can fail."""
    return Module(name, name.replace(".", "/") + ".py", ast.parse(text))


@cache
def modules() -> tuple[Module, ...]:
    """Every module of models, server and wechat, migrations' scripts left out."""
    found = []
    for package in ("models", "server", "wechat"):
        for path in sorted((ROOT / package).rglob("*.py")):
            if "versions" in path.parts:
                continue
            relative = path.relative_to(ROOT)
            parts = relative.with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found.append(Module(name, str(relative), ast.parse(path.read_text(encoding="utf-8"))))
    return tuple(found)


def imports(of: Module) -> Iterator[str]:
    """What a module imports, dotted: `from server.issues import queries` gives `server.issues.queries`.

    Imports inside functions count too; those under `if TYPE_CHECKING` count as well: a type is a dependency.
    """
    for node in ast.walk(of.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            yield from (f"{base}.{alias.name}" for alias in node.names)


def calls(of: Module) -> Iterator[tuple[int, str]]:
    """Every dotted call in a module with its line: `(12, "datetime.now")`."""
    for node in ast.walk(of.tree):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)


def inside(name: str, package: str) -> bool:
    """Whether a dotted name lies in a package."""
    return name == package or name.startswith(package + ".")
