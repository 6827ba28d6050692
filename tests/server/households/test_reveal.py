"""Opening one field of one resident: with a reason, one line in the trail each time, never the value in it."""

import logging
from typing import Any

import pytest
import sqlalchemy as sa

from models import AuditEvent, IdempotencyKey, Resident
from models.enums import Role
from tests.server.households.registry import everything_written, person, register, trail
from tests.world import World

REASON = "上门送疫苗通知，需电话联系"


def test_one_field_is_opened_and_written_down(world: World, caplog: pytest.LogCaptureFixture) -> None:
    building = world.building()
    head = world.head(building)
    resident = register(head, building, "301", person("张小明", "138 1234 5678"))["residents"][0]["id"]
    caplog.set_level(logging.DEBUG)
    opened = [
        head.post(f"/api/v1/residents/{resident}/reveal", json={"field": field, "reason": REASON}).json
        for field in ("phone", "name")
    ]
    assert opened == [{"field": "phone", "value": "13812345678"}, {"field": "name", "value": "张小明"}]
    events = trail(world, f"resident:{resident}")
    assert [(e.action, e.actor_role, e.actor_id, e.place_id) for e in events] == [
        ("household:reveal", "head", head.person_id, building.id)
    ] * 2
    assert [event.detail for event in events] == [
        {"field": "phone", "reason": REASON},
        {"field": "name", "reason": REASON},
    ]
    for said in (everything_written(world), caplog.text):
        assert "13812345678" not in said
        assert "张小明" not in said


def test_every_opening_is_its_own_line_even_with_a_key(world: World) -> None:
    building = world.building()
    head = world.head(building)
    resident = register(head, building, "301", person())["residents"][0]["id"]
    headers = {"Idempotency-Key": "reveal-0123456789"}
    for _ in range(2):
        body = {"field": "phone", "reason": REASON}
        assert head.post(f"/api/v1/residents/{resident}/reveal", json=body, headers=headers).status_code == 200
    assert len(trail(world, f"resident:{resident}")) == 2
    with world.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(IdempotencyKey)).scalar() == 0


def test_the_role_in_which_it_was_opened_is_named(world: World) -> None:
    community = world.community()
    building = world.building(world.grid(community))
    resident = register(world.head(building), building, "301", person())["residents"][0]["id"]
    clerk = world.person((Role.DEPARTMENT, world.district()), (Role.COMMUNITY, community))
    assert (
        clerk.post(f"/api/v1/residents/{resident}/reveal", json={"field": "phone", "reason": REASON}).status_code == 200
    )
    assert trail(world, f"resident:{resident}")[0].actor_role == "community"


@pytest.mark.parametrize(
    "body",
    [
        {"field": "phone"},
        {"field": "phone", "reason": ""},
        {"field": "phone", "reason": "x"},
        {"field": "phone", "reason": "打给 13812345678"},
        {"field": "phone", "reason": "打给 138 1234 5678"},
        {"field": "phone", "reason": "长" * 101},
        {"field": "id_number", "reason": REASON},
        {"field": ["phone", "name"], "reason": REASON},
    ],
)
def test_without_a_good_reason_nothing_is_opened(world: World, body: Any) -> None:
    building = world.building()
    head = world.head(building)
    resident = register(head, building, "301", person())["residents"][0]["id"]
    assert head.post(f"/api/v1/residents/{resident}/reveal", json=body).status_code == 422
    assert trail(world, f"resident:{resident}") == []


def test_what_was_never_given_cannot_be_opened(world: World) -> None:
    building = world.building()
    head = world.head(building)
    resident = register(head, building, "301", person(phone=None))["residents"][0]["id"]
    answer = head.post(f"/api/v1/residents/{resident}/reveal", json={"field": "phone", "reason": REASON})
    assert (answer.status_code, answer.json["code"]) == (409, "nothing_kept")
    with world.reading() as connection:
        actions = connection.execute(sa.select(AuditEvent.action)).scalars().all()
    assert "household:reveal" not in actions


def test_a_field_that_was_tampered_with_is_told_and_does_not_hide_the_others(world: World) -> None:
    building = world.building()
    head = world.head(building)
    household = register(head, building, "301", person(), person("李四", "13700001111"))
    spoilt = household["residents"][0]["id"]
    with world.writing() as connection:
        connection.execute(sa.update(Resident).where(Resident.public_id == spoilt).values(name_sealed=b"\0" * 40))
    answer = head.post(f"/api/v1/residents/{spoilt}/reveal", json={"field": "name", "reason": REASON})
    assert (answer.status_code, answer.json["code"]) == (503, "cannot_open")
    shown = head.get(f"/api/v1/households/{household['id']}").json["residents"]
    assert [resident["name"] for resident in shown] == ["*", "李*"]
    assert len(head.get("/api/v1/households", query_string={"q": "李四"}).json["items"]) == 1
