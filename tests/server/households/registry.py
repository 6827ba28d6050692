"""What the tests of households share: registering one, reading the trail."""

import json
from typing import Any

import sqlalchemy as sa

from models import AuditEvent
from tests.world import Caller, Spot, World

URL = "/api/v1/households"


def person(name: str = "张小明", phone: str | None = "13812345678", **more: Any) -> dict[str, Any]:
    """A resident to register."""
    return {"name": name, "phone": phone, **more}


def register(head: Caller, building: Spot, door: str = "301", *people: dict[str, Any], **more: Any) -> Any:
    """Register a household. Returns its JSON."""
    body = {"building": building.public_id, "unit": "1", "door": door, "tenancy": "owner", "residents": list(people)}
    made = head.post(URL, json=body | more)
    assert made.status_code == 201, made.get_data(as_text=True)
    return made.json


def match(household: Any) -> dict[str, str]:
    """The header of an edit made from what was seen."""
    return {"If-Match": f'"{household["version"]}"'}


def trail(world: World, subject: str) -> list[Any]:
    """The audit events about something, oldest first."""
    query = sa.select(AuditEvent.__table__).where(AuditEvent.subject == subject).order_by(AuditEvent.id)
    with world.reading() as connection:
        return list(connection.execute(query))


def everything_written(world: World) -> str:
    """Every audit event as text, to look for what must not be there."""
    with world.reading() as connection:
        rows = connection.execute(sa.select(AuditEvent.subject, AuditEvent.action, AuditEvent.detail)).all()
    return json.dumps([list(row) for row in rows], ensure_ascii=False)
