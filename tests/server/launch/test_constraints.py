"""The lock names every distribution that the requirements bring, at the version that is tested."""

from importlib.metadata import PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from server.launch import bootstrap
from server.launch.refusal import ROOT


def locked() -> dict[str, str]:
    """Canonical name → version."""
    lines = (ROOT / bootstrap.LOCK).read_text(encoding="utf-8").splitlines()
    pins = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pins}


def brought_by(asked: Requirement, found: set[str], seen: set[tuple[str, str]]) -> None:
    """Add a requirement and everything it needs here to `found`."""
    for extra in asked.extras or {""}:
        name = canonicalize_name(asked.name)
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        found.add(name)
        for line in distribution(asked.name).requires or []:
            needed = Requirement(line)
            if any(needed.marker is None or needed.marker.evaluate({"extra": e}) for e in {"", extra}):
                brought_by(needed, found, seen)


def asked_for() -> list[Requirement]:
    text = "".join((ROOT / path).read_text(encoding="utf-8") for path in (bootstrap.RUNTIME, bootstrap.TESTS))
    return [Requirement(line) for line in text.splitlines() if line and not line.startswith(("#", "-r"))]


def test_everything_the_requirements_bring_is_locked_as_installed() -> None:
    found: set[str] = set()
    for requirement in asked_for():
        brought_by(requirement, found, set())
    lock = locked()
    assert found - lock.keys() == set()
    assert {name: distribution(name).version for name in found} == {name: lock[name] for name in found}


def test_the_lock_keeps_to_the_ranges_and_names_no_place() -> None:
    lock = locked()
    for requirement in asked_for():
        assert lock[canonicalize_name(requirement.name)] in requirement.specifier, str(requirement)
    text = (ROOT / bootstrap.LOCK).read_text(encoding="utf-8")
    assert "://" not in text
    assert "--hash" not in text


def test_nothing_is_locked_that_nothing_brings() -> None:
    found: set[str] = set()
    for requirement in asked_for():
        brought_by(requirement, found, set())
    unknown = []
    for name in locked().keys() - found:
        try:
            unknown.append(distribution(name).metadata["Name"])
        except PackageNotFoundError:
            unknown.append(name)
    assert unknown == []
