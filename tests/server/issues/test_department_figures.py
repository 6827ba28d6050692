"""The report on departments: counted by hand beside what it says, and who reads what."""

import io
from datetime import timedelta
from typing import Any

import python_calamine

from models.enums import Role
from tests.server.issues.test_life import reported
from tests.server.issues.whistles import answer, called
from tests.world import Caller, World

HOUSING, WATER = "住建局", "水务局"
PATH = "/api/v1/whistles/figures?month=2026-10"


def figures(caller: Caller, month: str = "2026-10") -> dict[str, Any]:
    view = caller.get(f"/api/v1/whistles/figures?month={month}")
    assert view.status_code == 200, view.json
    return {item["department_name"]: item for item in view.json["items"]}


def test_a_month_is_counted_as_written_and_everyone_reads_their_own(world: World) -> None:
    building = world.building()
    clerk = world.staff(Role.COMMUNITY, world.place_of(building, "community_id"))
    housing = world.person((Role.DEPARTMENT, world.district()), department=HOUSING)
    water = world.person((Role.DEPARTMENT, world.district()), department=WATER)
    done = {"text": "换了", "done_on": "2026-10-12"}
    one, two, three = (reported(world, building)[0] for _ in range(3))

    # In time in everything, and rated.
    first, second = called(clerk, one, HOUSING, WATER)
    for verb, body in (("sign-in", {}), ("contact", {}), ("report-back", done)):
        assert answer(housing, first, verb, **body).status_code == 200
    assert answer(clerk, first, "rating", rating="satisfied").status_code == 200
    # Signed in late, urged, pushed back at last, three days and a bit after it was due.
    world.clock.advance(timedelta(hours=2))
    answer(water, second, "sign-in")
    answer(clerk, second, "urge")
    world.clock.set(world.clock.now().replace(day=22, hour=9, minute=1))  # due 19 October 17:00 in Shanghai = 09:00 UTC
    answer(water, second, "push-back", text="不归我们")
    assert answer(clerk, second, "rating", rating="unsatisfied", text="拖了才说").status_code == 200
    # Called off: counts for nothing else. Still open, and not yet due: no one is late yet.
    (third,) = called(clerk, two, HOUSING)
    answer(clerk, third, "call-off", text="自己修好了")
    called(clerk, three, HOUSING)

    found = figures(clerk)
    assert {name: value for name, value in found[HOUSING].items() if name != "department"} == {
        "department_name": HOUSING, "whistles": 2, "called_off": 1,
        "signed_in_on_time": 1, "sign_in_counted": 1, "contacted_on_time": 1, "contact_counted": 1,
        "reported_on_time": 1, "report_counted": 1, "pushed_back": 0, "urged": 0,
        "overdue": 0, "overdue_days": 0, "open": 1, "satisfied": 1, "fairly": 0, "unsatisfied": 0,
    }  # fmt: skip
    assert {name: value for name, value in found[WATER].items() if name != "department"} == {
        "department_name": WATER, "whistles": 1, "called_off": 0,
        "signed_in_on_time": 0, "sign_in_counted": 1, "contacted_on_time": 0, "contact_counted": 0,
        "reported_on_time": 0, "report_counted": 0, "pushed_back": 1, "urged": 1,
        "overdue": 1, "overdue_days": 4, "open": 0, "satisfied": 0, "fairly": 0, "unsatisfied": 1,
    }  # fmt: skip
    definitions = clerk.get(PATH).json["definitions"]
    assert all(each["title"] and each["meaning"] for each in definitions)

    # A month later the open one is late, and belongs to its own month still.
    world.clock.advance(timedelta(days=40))
    late = figures(clerk)[HOUSING]
    assert (late["overdue"], late["report_counted"], late["sign_in_counted"], late["open"]) == (1, 2, 2, 1)
    assert figures(clerk, "2026-11") == {}

    # Who reads what.
    assert set(figures(housing)) == {HOUSING}
    assert set(figures(world.staff(Role.STREET, world.street()))) == {HOUSING, WATER}
    assert set(figures(world.staff(Role.DISTRICT, world.district()))) == {HOUSING, WATER}
    assert figures(world.staff(Role.COMMUNITY, world.community())) == {}
    grid, head = world.staff(Role.GRID, world.place_of(building, "grid_id")), world.head(building)
    assert [caller.get(PATH).status_code for caller in (grid, head, world.resident())] == [403, 403, 403]

    file = clerk.get("/api/v1/whistles/figures.xlsx?month=2026-10")
    book = python_calamine.load_workbook(io.BytesIO(file.data))
    assert book.sheet_names == ["部门办理情况", "说明"]
    assert [row[0] for row in book.get_sheet_by_name("部门办理情况").to_python()] == ["部门", HOUSING, WATER]
