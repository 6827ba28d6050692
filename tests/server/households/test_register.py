"""Registering a door and who lives there."""

from typing import Any

import pytest
import sqlalchemy as sa

from models import Household, Resident
from tests.server.households.registry import URL, everything_written, person, register, trail
from tests.world import World


def test_a_household_is_registered_with_its_residents(world: World) -> None:
    building = world.building(name="3栋")
    head = world.head(building)
    body = {
        "building": building.public_id,
        "unit": "2单元",
        "door": "301室",
        "tenancy": "owner",
        "residents": [
            person("张  小明", "+86 138-1234-5678", relation="self", is_contact=True),
            person("王秀英", "(021) 6234 5678", relation="spouse"),
            person("阿依古丽•买买提", None),
        ],
    }
    made = head.post(URL, json=body)
    assert made.status_code == 201
    assert made.headers["ETag"] == '"1"'
    household = made.json
    assert (household["building_name"], household["unit"], household["door"]) == ("3栋", "2", "301")
    assert (household["tenancy"], household["tenancy_name"]) == ("owner", "自住")
    shown = [(r["name"], r["phone"], r["relation_name"], r["is_contact"]) for r in household["residents"]]
    assert shown == [
        ("张**", "138******78", "本人", True),
        ("王**", "021******78", "配偶", False),
        ("阿*******", None, "其他", False),
    ]
    assert head.get(f"{URL}/{household['id']}").json == household
    assert head.get(URL).json["items"] == [household]
    (event,) = trail(world, f"household:{household['id']}")
    assert (event.action, event.actor_role, event.place_id) == ("household:change", "head", building.id)
    assert event.detail == {"what": "registered", "residents": 3}


def test_names_and_phones_lie_sealed(world: World) -> None:
    building = world.building()
    register(world.head(building), building, "301", person("张小明", "13812345678"))
    with world.reading() as connection:
        row = connection.execute(sa.select(Resident.__table__)).one()
    kept = b"".join(value for value in row if isinstance(value, bytes))
    assert "张小明".encode() not in kept
    assert b"13812345678" not in kept
    assert len(row.name_index) == len(row.phone_index) == 16
    assert "张小明" not in everything_written(world)


def test_the_same_key_registers_once(world: World) -> None:
    building = world.building()
    head = world.head(building)
    body = {"building": building.public_id, "door": "301", "tenancy": "owner", "residents": [person()]}
    headers = {"Idempotency-Key": "register-0123456789"}
    first, second = (head.post(URL, json=body, headers=headers) for _ in range(2))
    assert first.status_code == second.status_code == 201
    assert first.json == second.json
    assert second.headers["Idempotent-Replay"] == "true"
    assert second.headers["ETag"] == '"1"'
    assert head.post(URL, json=body | {"door": "302"}, headers=headers).status_code == 422


@pytest.mark.parametrize(("unit", "door"), [("1", "301"), ("1单元", "301室"), ("一单元", "３０１"), ("01", "301")])
def test_the_same_door_is_registered_once_however_it_is_written(world: World, unit: str, door: str) -> None:
    building = world.building()
    head = world.head(building)
    register(head, building, "301")
    again = head.post(URL, json={"building": building.public_id, "unit": unit, "door": door, "tenancy": "owner"})
    assert (again.status_code, again.json["code"]) == (409, "household_exists")
    assert "已经登记过" in again.json["detail"]


def test_the_database_itself_refuses_a_second_one(world: World) -> None:
    """Two heads' phones at once: the later one gets 409, not two doors."""
    building = world.building()
    head = world.head(building)
    register(head, building, "301", person(is_contact=True), person("李四"))
    names = [
        "building_id",
        "community_id",
        "unit",
        "door",
        "position",
        "tenancy",
        "version",
        "created_at",
        "updated_at",
    ]
    copied = [Household.__table__.c[name] for name in names]
    for statement in (
        sa.insert(Household).from_select(["public_id", *names], sa.select(sa.literal("0" * 16), *copied)),
        sa.update(Resident).values(is_contact=True),
        sa.update(Resident).values(name_index=b"0" * 16),
        sa.update(Resident).values(moved_out_at=world.clock.now()),
    ):
        with pytest.raises(sa.exc.IntegrityError), world.writing() as connection:
            connection.execute(statement)


def test_the_same_door_of_another_building_or_unit_is_another_door(world: World) -> None:
    grid = world.grid()
    one, two = world.building(grid), world.building(grid)
    register(world.head(one), one, "301")
    register(world.head(one), one, "301", unit="2")
    register(world.head(two), two, "301")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"door": ""}, "door"),
        ({"door": "3" * 17}, "door"),
        ({"door": 301}, "door"),
        ({"unit": "1" * 17}, "unit"),
        ({"unit": "1\u202e1"}, "unit"),
        ({"tenancy": "castle"}, "tenancy"),
        ({"tenancy": None}, "tenancy"),
        ({"building": "x"}, "building"),
        ({"size": 3}, "size"),
        ({"residents": [person("")]}, "residents.0.name"),
        ({"residents": [person("名" * 31)]}, "residents.0.name"),
        ({"residents": [person("13812345678")]}, "residents.0.name"),
        ({"residents": [person("张**")]}, "residents.0.name"),
        ({"residents": [person("张\x00三")]}, "residents.0.name"),
        ({"residents": [person(phone="12345")]}, "residents.0.phone"),
        ({"residents": [person(phone="1381234567")]}, "residents.0.phone"),
        ({"residents": [person(phone="23812345678")]}, "residents.0.phone"),
        ({"residents": [person(phone="138******78")]}, "residents.0.phone"),
        ({"residents": [person(phone="+852 2345 6789")]}, "residents.0.phone"),
        ({"residents": [person(phone="13812345678/13987654321")]}, "residents.0.phone"),
        ({"residents": [person(phone=13812345678)]}, "residents.0.phone"),
        ({"residents": [person(relation="cousin")]}, "residents.0.relation"),
        ({"residents": [person(is_contact="yes")]}, "residents.0.is_contact"),
        ({"residents": [person(id_number="31010119900101001X")]}, "residents.0.id_number"),
        ({"residents": [person(f"张{sign}") for sign in "一二三四五六七八九十" * 4]}, "residents"),
        ({"residents": [person(is_contact=True), person("李四", is_contact=True)]}, "residents"),
        ({"residents": [person(), person(phone=None)]}, "residents"),
        ({"tenancy": "vacant", "residents": [person()]}, "tenancy"),
    ],
)
def test_what_is_wrong_is_told_field_by_field(world: World, wrong: dict[str, Any], field: str) -> None:
    building = world.building()
    body = {"building": building.public_id, "unit": "1", "door": "301", "tenancy": "owner", "residents": [person()]}
    answer = world.head(building).post(URL, json=body | wrong)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == [field]
    assert all(error["message"] for error in answer.json["errors"])
    with world.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(Household)).scalar() == 0


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("13812345678", "138******78"),
        (" 138 1234 5678 ", "138******78"),
        ("+8613812345678", "138******78"),
        ("0086-138-1234-5678", "138******78"),
        ("８６１３８１２３４５６７８", "138******78"),
        ("010-62345678", "010******78"),
        ("0755 2345678", "075******78"),
        ("62345678", "623***78"),
        ("", None),
        (None, None),
    ],
)
def test_phones_are_understood_however_they_are_typed(world: World, typed: str | None, shown: str | None) -> None:
    building = world.building()
    household = register(world.head(building), building, "301", person(phone=typed))
    assert household["residents"][0]["phone"] == shown


def test_a_building_torn_down_takes_no_households(world: World) -> None:
    from models import Place

    building = world.building()
    with world.writing() as connection:
        connection.execute(sa.update(Place).where(Place.id == building.id).values(closed_at=world.clock.now()))
    body = {"building": building.public_id, "door": "301", "tenancy": "owner"}
    answer = world.head(building).post(URL, json=body)
    assert (answer.status_code, answer.json["code"]) == (409, "building_closed")


def test_a_place_that_is_no_building_is_not_found(world: World) -> None:
    from models.enums import Role

    community = world.community()
    body = {"building": community.public_id, "door": "301", "tenancy": "owner"}
    assert world.staff(Role.COMMUNITY, community).post(URL, json=body).status_code == 404
