"""The import law of docs/house.md. Each law is proved once able to fail, on a sample that breaks it."""

import sys
from collections.abc import Callable, Iterable

import pytest

from tests.house.source import ROOMS, Module, imports, inside, module, modules

Law = Callable[[Iterable[Module]], list[str]]


def rules_know_nothing(house: Iterable[Module]) -> list[str]:
    """`server.rules` → standard library and `models.enums`."""
    return [
        f"{m.path} imports {name}: the law is pure. Pass what it needs as a fact; it may know the standard library, "
        "models.enums and other rules only."
        for m in house
        if inside(m.name, "server.rules")
        for name in imports(m)
        if name.split(".")[0] not in sys.stdlib_module_names
        and not inside(name, "models.enums")
        and not inside(name, "server.rules")
    ]


def models_stand_alone(house: Iterable[Module]) -> list[str]:
    """`models` never knows `server` or `wechat`."""
    return [
        f"{m.path} imports {name}: tables do not know who uses them. Move the logic to a room or a rule."
        for m in house
        if inside(m.name, "models")
        for name in imports(m)
        if inside(name, "server") or inside(name, "wechat")
    ]


def wechat_stands_alone(house: Iterable[Module]) -> list[str]:
    """`wechat` never knows `server` or `models`."""
    return [
        f"{m.path} imports {name}: the gateway speaks of WeChat only. Hand it values, not our rows."
        for m in house
        if inside(m.name, "wechat")
        for name in imports(m)
        if inside(name, "server") or inside(name, "models")
    ]


def core_knows_no_room(house: Iterable[Module]) -> list[str]:
    """`server.core` knows no room, page, job or command."""
    features = (*ROOMS, "web", "jobs", "commands")
    return [
        f"{m.path} imports {name}: the frame knows no feature. Let the room call the frame, or pass a function in."
        for m in house
        if inside(m.name, "server.core")
        for name in imports(m)
        if any(inside(name, f"server.{feature}") for feature in features)
    ]


def rooms_meet_at_the_counter(house: Iterable[Module]) -> list[str]:
    """A room meets another only through its `service` or `queries`."""
    return [
        f"{m.path} imports {name}: meet another room only through its service or queries."
        for m in house
        for room in ROOMS
        if inside(m.name, f"server.{room}")
        for name in imports(m)
        for other in ROOMS
        if other != room
        and inside(name, f"server.{other}")
        and not any(inside(name, f"server.{other}.{door}") for door in ("service", "queries"))
    ]


def rooms_have_no_cycles(house: Iterable[Module]) -> list[str]:
    """Rooms depend on each other without cycles."""
    graph: dict[str, set[str]] = {room: set() for room in ROOMS}
    for m in house:
        for room in ROOMS:
            if inside(m.name, f"server.{room}"):
                graph[room] |= {o for name in imports(m) for o in ROOMS if o != room and inside(name, f"server.{o}")}
    cycles = []
    for start in ROOMS:
        trail = [(start, (start,))]
        while trail:
            here, path = trail.pop()
            for following in graph[here]:
                if following == start:
                    cycles.append(
                        f"rooms in a circle: {' → '.join((*path, start))}. Move what both need to the lower one."
                    )
                elif following not in path:
                    trail.append((following, (*path, following)))
    return cycles


def doors_never_touch_tables(house: Iterable[Module]) -> list[str]:
    """`web`, `jobs` and `commands` call `service`/`queries`, never tables."""
    allowed = ("models.enums", "models.migrations")
    exempt = {
        # the ledger of background work is the jobs' own table
        "server.jobs.ledger",
    }
    return [
        f"{m.path} imports {name}: pages, jobs and commands call a room's service or queries, never tables."
        for m in house
        if any(inside(m.name, f"server.{door}") for door in ("web", "jobs", "commands")) and m.name not in exempt
        for name in imports(m)
        if (inside(name, "models") and not any(inside(name, ok) for ok in allowed))
        or inside(name, "sqlalchemy.insert")
        or inside(name, "sqlalchemy.select")
    ]


def only_the_packing_list_picks_wechat(house: Iterable[Module]) -> list[str]:
    """Only `server.app` picks live or sandbox WeChat; everybody else knows the gateway, and how pushes are read."""
    return [
        f"{m.path} imports {name}: only server.app picks live or sandbox; ask the gateway in app.extensions."
        for m in house
        if inside(m.name, "server") and m.name != "server.app"
        for name in imports(m)
        if inside(name, "wechat")
        and not any(inside(name, f"wechat.{known}") for known in ("gateway", "push", "tokens"))
    ]


def only_live_imports_wechatpy(house: Iterable[Module]) -> list[str]:
    """`wechat.live` is the only importer of wechatpy's client."""
    return [
        f"{m.path} imports {name}: wechatpy is unmaintained and leaks; keep it behind wechat/live.py."
        for m in house
        if not inside(m.name, "wechat")
        for name in imports(m)
        if inside(name, "wechatpy")
    ]


LAWS: list[tuple[Law, str, str]] = [
    (rules_know_nothing, "server.rules.scoring", "from models import Issue"),
    (rules_know_nothing, "server.rules.scoring", "import sqlalchemy"),
    (models_stand_alone, "models.issue", "from server.core import clock"),
    (wechat_stands_alone, "wechat.live", "from models.enums import Role"),
    (core_knows_no_room, "server.core.access", "from server.issues import queries"),
    (rooms_meet_at_the_counter, "server.scores.facts", "from server.issues.claims import show"),
    (doors_never_touch_tables, "server.web.console", "from models import Issue"),
    (doors_never_touch_tables, "server.jobs.timetable", "from models.job import JobRun"),
    (only_the_packing_list_picks_wechat, "server.identity.service", "from wechat.live import LiveWeChat"),
    (only_live_imports_wechatpy, "server.identity.service", "import wechatpy"),
]


@pytest.mark.parametrize("law", [*list(dict.fromkeys(law for law, _, _ in LAWS)), rooms_have_no_cycles])
def test_the_house_keeps_the_law(law: Law) -> None:
    assert law(modules()) == []


@pytest.mark.parametrize(("law", "name", "text"), LAWS)
def test_breaking_the_law_is_noticed(law: Law, name: str, text: str) -> None:
    assert len(law([module(name, text)])) == 1


def test_a_circle_of_rooms_is_noticed() -> None:
    circle = [
        module("server.issues.service", "from server.scores import queries"),
        module("server.scores.service", "from server.issues import queries"),
    ]
    assert rooms_have_no_cycles(circle)


def test_every_room_is_on_the_list() -> None:
    """A room nobody listed would escape the law."""
    found = {m.name.split(".")[1] for m in modules() if m.name.endswith(".routes")}
    assert found == set(ROOMS)
