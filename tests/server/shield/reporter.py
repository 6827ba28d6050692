"""What the tests of the shield share: a hidden reporter, and the office around her building."""

from typing import Any

import sqlalchemy as sa

from models import Issue
from models.enums import Role
from tests.world import Caller, Spot, World

TEXT = "三楼垃圾没人收"


def file(caller: Caller, building: Spot, anonymity: str = "hidden", **more: Any) -> Any:
    """Report by code, signed in or not. Returns the answer's JSON."""
    body = {"category": "cleaning", "text": TEXT, "anonymity": anonymity, **more}
    answer = caller.post(f"/api/v1/codes/{building.stairwell_code}/issues", json=body)
    assert answer.status_code == 201, answer.json
    return answer.json


def row(world: World, issue: str) -> Any:
    with world.reading() as connection:
        return connection.execute(sa.select(Issue.__table__).where(Issue.public_id == issue)).one()


def office(world: World, building: Spot, role: Role = Role.COMMUNITY) -> Caller:
    """Somebody new of the office that the building belongs to."""
    return world.staff(role, world.place_of(building, f"{role.value}_id"))


def ask(caller: Caller, issue: str, reason: str = "要当面核实位置") -> Any:
    return caller.post(f"/api/v1/issues/{issue}/openings", json={"reason": reason})


def decide(caller: Caller, opening: str, grant: bool = True, answer: str = "") -> Any:
    return caller.post(f"/api/v1/openings/{opening}/decide", json={"grant": grant, "answer": answer})


def look(caller: Caller, opening: str) -> Any:
    return caller.post(f"/api/v1/openings/{opening}/look")
