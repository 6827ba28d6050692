"""Correcting, adding, moving out: each change counts the household's version up and leaves a line in the trail."""

from typing import Any

import pytest
import sqlalchemy as sa

from models import Resident
from tests.server.households.registry import URL, everything_written, match, person, trail
from tests.world import Caller, World


def reload(caller: Caller, household: Any) -> Any:
    answer = caller.get(f"{URL}/{household['id']}")
    assert answer.headers["ETag"] == f'"{answer.json["version"]}"'
    return answer.json


@pytest.fixture
def head(world: World) -> Caller:
    caller = world.head(world.building())
    caller.building = caller.get("/api/v1/me").json["posts"][0]["place"]  # type: ignore[attr-defined]
    return caller


@pytest.fixture
def household(world: World, head: Caller) -> Any:
    body = {
        "building": head.building,  # type: ignore[attr-defined]
        "unit": "1",
        "door": "301",
        "tenancy": "owner",
        "residents": [person(relation="self", is_contact=True), person("李四", None)],
    }
    return head.post(URL, json=body).json


def test_a_door_is_corrected(world: World, head: Caller, household: Any) -> None:
    changes = {"unit": "2", "door": "1001", "tenancy": "rented"}
    answer = head.patch(f"{URL}/{household['id']}", json=changes, headers=match(household))
    assert answer.status_code == 200
    assert {name: answer.json[name] for name in changes} == changes
    assert answer.json["version"] == 2
    assert answer.headers["ETag"] == '"2"'
    event = trail(world, f"household:{household['id']}")[-1]
    assert event.detail == {"what": "corrected", "fields": ["door", "tenancy", "unit"]}


def test_an_edit_says_what_it_was_made_from(head: Caller, household: Any) -> None:
    address = f"{URL}/{household['id']}"
    assert head.patch(address, json={"door": "302"}).status_code == 428
    assert head.patch(address, json={"door": "302"}, headers=match(household)).status_code == 200
    late = head.patch(address, json={"door": "303"}, headers=match(household))
    assert (late.status_code, late.json["code"]) == (412, "version_changed")
    resident = f"/api/v1/residents/{household['residents'][0]['id']}"
    assert head.patch(resident, json={"phone": None}).status_code == 428
    assert head.patch(resident, json={"phone": None}, headers=match(household)).status_code == 412


def test_a_door_cannot_be_corrected_to_one_that_is_there(head: Caller, household: Any) -> None:
    body = {"building": household["building"], "unit": "1", "door": "302", "tenancy": "owner"}
    assert head.post(URL, json=body).status_code == 201
    answer = head.patch(f"{URL}/{household['id']}", json={"door": "302室"}, headers=match(household))
    assert (answer.status_code, answer.json["code"]) == (409, "household_exists")
    same = head.patch(f"{URL}/{household['id']}", json={"door": "301室"}, headers=match(household))
    assert same.status_code == 200


@pytest.mark.parametrize("body", [{}, {"building": "0" * 16}, {"door": None}, {"version": 3}])
def test_an_edit_of_nothing_or_of_something_else_is_refused(head: Caller, household: Any, body: Any) -> None:
    answer = head.patch(f"{URL}/{household['id']}", json=body, headers=match(household))
    assert answer.status_code == 422
    assert reload(head, household) == household


def test_a_house_with_people_in_it_is_not_vacant(head: Caller, household: Any) -> None:
    answer = head.patch(f"{URL}/{household['id']}", json={"tenancy": "vacant"}, headers=match(household))
    assert (answer.status_code, answer.json["code"]) == (409, "people_live_there")


def test_a_resident_is_corrected(world: World, head: Caller, household: Any) -> None:
    second = household["residents"][1]["id"]
    changes = {"name": "赵四海", "phone": "139 8765 4321", "relation": "spouse", "is_contact": True}
    answer = head.patch(f"/api/v1/residents/{second}", json=changes, headers=match(household))
    assert answer.status_code == 200
    first, other = answer.json["residents"]
    assert (first["id"], first["name"], first["phone"]) == (second, "赵**", "139******21")
    assert (first["relation"], first["is_contact"], other["is_contact"]) == ("spouse", True, False)
    assert answer.json["version"] == 2
    event = trail(world, f"household:{household['id']}")[-1]
    assert event.detail == {
        "what": "resident_corrected",
        "resident": second,
        "fields": ["is_contact", "name", "phone", "relation"],
    }
    assert "赵四海" not in everything_written(world)
    gone = head.patch(f"/api/v1/residents/{second}", json={"phone": None}, headers=match(answer.json))
    assert gone.json["residents"][0]["phone"] is None
    assert head.patch(f"/api/v1/residents/{second}", json={}, headers=match(gone.json)).status_code == 422


def test_two_of_one_name_do_not_live_together(head: Caller, household: Any) -> None:
    address = f"{URL}/{household['id']}/residents"
    again = head.post(address, json=person("张 小明", None))
    assert (again.status_code, again.json["code"]) == (409, "resident_exists")
    second = household["residents"][1]["id"]
    renamed = head.patch(f"/api/v1/residents/{second}", json={"name": "张小明"}, headers=match(household))
    assert (renamed.status_code, renamed.json["code"]) == (409, "resident_exists")
    same = head.patch(f"/api/v1/residents/{second}", json={"name": "李四"}, headers=match(household))
    assert same.status_code == 200


def test_somebody_moves_in_and_becomes_the_contact(world: World, head: Caller, household: Any) -> None:
    body = person("王五", "13700001111", is_contact=True)
    headers = {"Idempotency-Key": "move-in-0123456789"}
    made = head.post(f"{URL}/{household['id']}/residents", json=body, headers=headers)
    assert made.status_code == 201
    assert [(r["name"], r["is_contact"]) for r in made.json["residents"]] == [
        ("王*", True),
        ("张**", False),
        ("李*", False),
    ]
    assert made.json["version"] == 2
    assert head.post(f"{URL}/{household['id']}/residents", json=body, headers=headers).json == made.json
    assert len(reload(head, household)["residents"]) == 3


def test_one_moves_out_and_leaves_no_trace_in_the_list(world: World, head: Caller, household: Any) -> None:
    first = household["residents"][0]["id"]
    answer = head.post(f"/api/v1/residents/{first}/move-out")
    assert answer.status_code == 200
    assert [r["name"] for r in answer.json["residents"]] == ["李*"]
    assert (answer.json["tenancy"], answer.json["version"]) == ("owner", 2)
    for path, body in (("move-out", None), ("reveal", {"field": "name", "reason": "核对"})):
        assert head.post(f"/api/v1/residents/{first}/{path}", json=body).status_code == 404
    assert head.get(URL, query_string={"q": "张小明"}).json["items"] == []
    with world.reading() as connection:
        row = connection.execute(sa.select(Resident.__table__).where(Resident.public_id == first)).one()
    assert (row.moved_out_at, row.is_contact) == (world.clock.now(), False)
    assert row.name_sealed is not None  # kept for 180 days, then erased


def test_with_the_last_one_the_door_is_vacant_until_somebody_comes(head: Caller, household: Any) -> None:
    for resident in household["residents"]:
        answer = head.post(f"/api/v1/residents/{resident['id']}/move-out")
    assert (answer.json["tenancy"], answer.json["residents"]) == ("vacant", [])
    back = head.post(f"{URL}/{household['id']}/residents", json=person())
    assert (back.status_code, back.json["tenancy"]) == (201, "other")


def test_everybody_moves_out_and_the_door_stays(world: World, head: Caller, household: Any) -> None:
    answer = head.post(f"{URL}/{household['id']}/move-out")
    assert (answer.status_code, answer.json["tenancy"], answer.json["residents"]) == (200, "vacant", [])
    assert [item["id"] for item in head.get(URL).json["items"]] == [household["id"]]
    event = trail(world, f"household:{household['id']}")[-1]
    assert event.detail == {"what": "moved_out", "residents": 2}
    assert head.post(f"{URL}/{household['id']}/move-out").json["residents"] == []


@pytest.mark.parametrize("path", ["0" * 16, "short", "Z" * 16])
def test_what_is_not_there_is_not_found(head: Caller, path: str) -> None:
    assert head.get(f"{URL}/{path}").status_code == 404
    assert head.post(f"/api/v1/residents/{path}/move-out").status_code == 404
