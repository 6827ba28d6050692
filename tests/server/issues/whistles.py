"""Calling departments in tests: short ways to sound and to answer."""

from typing import Any

from tests.world import Caller


def departments(caller: Caller) -> dict[str, str]:
    """The public ids of the district's departments by name."""
    return {item["name"]: item["id"] for item in caller.get("/api/v1/departments?limit=100").json["items"]}


def sound(caller: Caller, issue: str, *names: str, **more: Any) -> Any:
    """Call departments by name."""
    known = departments(caller)
    body = {"departments": [known[name] for name in names], "text": "主管漏水，请来看", **more}
    return caller.post(f"/api/v1/issues/{issue}/whistles", json=body)


def called(caller: Caller, issue: str, *names: str, **more: Any) -> list[str]:
    """Call departments, which must succeed; the whistles' ids in the order of the names."""
    answer = sound(caller, issue, *names, **more)
    assert answer.status_code == 201, answer.json
    found = {item["department_name"]: item["id"] for item in answer.json["items"] if item["ended_at"] is None}
    return [found[name] for name in names]


def answer(caller: Caller, whistle: str, verb: str, **body: Any) -> Any:
    """One of the verbs of a whistle."""
    return caller.post(f"/api/v1/whistles/{whistle}/{verb}", json=body)
