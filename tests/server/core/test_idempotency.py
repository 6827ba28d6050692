"""A repeated POST is answered as the first time, as long as its sender may still make it."""

from typing import Any

import sqlalchemy as sa

from models import Appointment
from tests.world import World


def test_whoever_lost_the_right_is_not_shown_the_answer_again(world: World) -> None:
    building = world.building()
    head = world.head(building)
    body: dict[str, Any] = {
        "building": building.public_id,
        "unit": "1",
        "door": "301",
        "tenancy": "owner",
        "residents": [],
    }
    key = {"Idempotency-Key": "household-301-once"}
    first = head.post("/api/v1/households", json=body, headers=key)
    assert first.status_code == 201
    again = head.post("/api/v1/households", json=body, headers=key)
    assert (again.status_code, again.json) == (201, first.json)
    with world.writing() as connection:
        ended = sa.update(Appointment).where(Appointment.person_id == head.person_id)
        connection.execute(ended.values(ends_at=world.clock.now()))
    assert head.post("/api/v1/households", json=body, headers=key).status_code == 403
