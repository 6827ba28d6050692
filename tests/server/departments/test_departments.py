"""Registering, renaming and closing departments, and appointing to one: through the API and the terminal."""

from typing import Any

import pytest
import sqlalchemy as sa

from models import Appointment, AuditEvent, Department, Place
from models.enums import PlaceKind, Role
from tests.server.issues.test_life import reported
from tests.world import Caller, World

PATH = "/api/v1/departments"


def register(caller: Caller, name: str = "水务局", **more: Any) -> Any:
    return caller.post(PATH, json={"name": name, "duty": "自来水、下水主管道", **more})


def change(caller: Caller, department: Any, **body: Any) -> Any:
    tag = {"If-Match": f'"{department["version"]}"'}
    return caller.patch(f"{PATH}/{department['id']}", json=body, headers=tag)


def names(caller: Caller, query: str = "") -> list[str]:
    return [item["name"] for item in caller.get(f"{PATH}{query}").json["items"]]


def test_the_district_registers_and_whoever_whistles_reads(world: World) -> None:
    district = world.staff(Role.DISTRICT, world.district())
    made = register(district)
    assert made.status_code == 201, made.json
    assert made.headers["ETag"] == '"1"'
    building = world.building()
    readers = {
        Role.GRID: world.place_of(building, "grid_id"),
        Role.COMMUNITY: world.place_of(building, "community_id"),
        Role.STREET: world.street(),
    }
    for role, spot in readers.items():
        caller = world.staff(role, spot)
        assert names(caller) == ["水务局"], role
        assert register(caller).status_code == 403, role
        assert change(caller, made.json, name="x").status_code == 403, role
    assert world.head(building).get(PATH).status_code == 403
    assert world.resident().get(PATH).status_code == 403
    again = register(district)
    assert (again.status_code, again.json["code"]) == (409, "name_taken")


def test_another_district_finds_nothing(world: World) -> None:
    made = register(world.staff(Role.DISTRICT, world.district())).json
    other = world.staff(Role.DISTRICT, world.place(PlaceKind.DISTRICT, None, "别的区"))
    assert names(other) == []
    assert other.get(f"{PATH}/{made['id']}").status_code == 404
    assert change(other, made, name="x").status_code == 404
    assert other.get(f"{PATH}/{'0' * 16}").status_code == 404


def test_a_department_is_changed_by_who_read_its_latest_version(world: World) -> None:
    district = world.staff(Role.DISTRICT, world.district())
    made = register(district).json
    assert district.patch(f"{PATH}/{made['id']}", json={"name": "x"}).status_code == 428
    renamed = change(district, made, name="水利局", duty="")
    assert (renamed.json["name"], renamed.json["duty"], renamed.json["version"]) == ("水利局", "", 2)
    assert change(district, made, name="x").status_code == 412
    closed = change(district, renamed.json, closed=True)
    assert closed.json["closed_at"] is not None
    assert (names(district), names(district, "?closed=true")) == ([], ["水利局"])
    assert change(district, closed.json, closed=False).json["closed_at"] is None
    with world.reading() as connection:
        told = connection.execute(sa.select(AuditEvent.detail).order_by(AuditEvent.id)).scalars().all()
    assert [each["what"] for each in told] == ["register", "rename", "duty", "close", "open"]


def test_one_that_owes_an_answer_is_not_closed(world: World) -> None:
    district = world.staff(Role.DISTRICT, world.district())
    made = register(district).json
    issue, _ = reported(world, world.building())
    called = district.post(f"/api/v1/issues/{issue}/whistles", json={"departments": [made["id"]], "text": "主管漏水"})
    assert called.status_code == 201, called.json
    refused = change(district, made, closed=True)
    assert (refused.status_code, refused.json["code"]) == (409, "has_open_whistles")
    whistle = called.json["items"][0]["id"]
    assert district.post(f"/api/v1/whistles/{whistle}/call-off", json={"text": "已经修好"}).status_code == 200
    assert change(district, made, closed=True).status_code == 200
    late = district.post(f"/api/v1/issues/{issue}/whistles", json={"departments": [made["id"]], "text": "再来"})
    assert (late.status_code, late.json["code"]) == (409, "department_closed")


def test_a_post_names_an_open_department_of_its_own_district(world: World) -> None:
    district = world.staff(Role.DISTRICT, world.district())
    water, closed = register(district).json, register(district, "旧局").json
    change(district, closed, closed=True)
    elsewhere = world.place(PlaceKind.DISTRICT, None, "别的区")
    foreign = register(world.staff(Role.DISTRICT, elsewhere), "外区水务局").json

    def appoint(**more: Any) -> Any:
        body = {"person": person.public_id, "role": "department", "place": world.district().public_id, **more}
        return district.post("/api/v1/appointments", json=body)

    person = world.resident()
    for department in (None, foreign["id"], closed["id"], "0" * 16):
        refused = appoint(department=department)
        assert refused.status_code == 422, department
        assert refused.json["errors"][0]["field"] == "department"
    made = appoint(department=water["id"])
    assert (made.status_code, made.json["department_name"]) == (201, "水务局")
    assert appoint(department=water["id"]).json["code"] == "already_appointed"
    second = register(district, "住建局").json
    assert appoint(department=second["id"]).status_code == 201, "one person may stand for two departments"
    refused = appoint(role="operator", department=water["id"])
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "department")


@pytest.mark.parametrize(
    ("department", "said"),
    [
        ([], "请选择是哪个部门"),
        (["--department", "没有的局"], "本区没有登记这个部门"),
        (["--department", "水务局"], ""),
    ],
)
def test_at_the_terminal(world: World, department: list[str], said: str) -> None:
    runner, code = world.app.test_cli_runner(), world.district().code
    added = runner.invoke(args=["departments", "add", "--district", code, "--name", "水务局", "--duty", "管水"])
    assert added.exit_code == 0, added.output
    assert runner.invoke(args=["departments", "add", "--district", "nowhere", "--name", "x"]).exit_code == 1
    words = [
        "people",
        "create-staff",
        "--name",
        "王五",
        "--username",
        "wangwu",
        "--role",
        "department",
        "--place",
        code,
    ]
    told = runner.invoke(args=[*words, *department, "--password-stdin"], input="a-long-enough-password")
    assert (told.exit_code, said in told.output) == (1 if said else 0, True), told.output
    with world.reading() as connection:
        query = (
            sa.select(Department.name).join_from(Appointment, Department).join(Place, Place.id == Appointment.place_id)
        )
        assert connection.execute(query).scalars().all() == ([] if said else ["水务局"])
