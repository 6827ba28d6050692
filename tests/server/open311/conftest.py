"""A jurisdiction that opened the door, and another system that knocks."""

from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as tree

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from models import ContentCheck, Issue, new_public_id
from models.enums import CheckState, Role
from tests.world import Caller, Spot, World

V2 = "/open311/v2"


@dataclass
class System:
    """Another system with its key. `.post("requests", …)` sends a form as GeoReport says, the key in it."""

    anyone: Caller
    key: str
    id: str
    jurisdiction: str

    def post(self, what: str, form: str = "json", **told: Any) -> TestResponse:
        told = {name.replace("__", "[") + "]" if "__" in name else name: value for name, value in told.items()}
        return self.anyone.post(f"{V2}/{what}.{form}", data={"api_key": self.key, **told})

    def get(self, what: str, form: str = "json", **told: Any) -> TestResponse:
        return self.anyone.get(f"{V2}/{what}.{form}", query_string=told, headers={"X-Api-Key": self.key})

    def file(self, building: Spot, **told: Any) -> str:
        """File a request; its id."""
        told = {"service_code": "leak", "description": "三楼水管漏水", "address_id": building.public_id, **told}
        answer = self.post("requests", **told)
        assert answer.status_code in (200, 201), answer.text
        return str(answer.json[0]["service_request_id"])


def opened(world: World, place: Spot, jurisdiction: str = "nanhu.gov.cn", name: str = "12345 热线") -> System:
    """A key made by the district through the API."""
    district = world.staff(Role.DISTRICT, world.district())
    made = district.post(
        "/api/v1/api-keys", json={"place": place.public_id, "jurisdiction": jurisdiction, "name": name}
    )
    assert made.status_code == 201, made.text
    return System(world.anyone(), made.json["key"], made.json["about"]["id"], jurisdiction)


@pytest.fixture
def building(world: World) -> Spot:
    return world.building(name="3栋")


@pytest.fixture
def hotline(world: World, building: Spot) -> System:
    return opened(world, world.district())


def passed(world: World, public_id: str) -> None:
    """The content check passed the words of a report."""
    with world.writing() as c:
        row = c.execute(sa.select(Issue.__table__).where(Issue.public_id == public_id)).one()
        event = c.execute(
            sa.text("SELECT id FROM issue_events WHERE issue_id = :i AND move = 'report'"), {"i": row.id}
        ).scalar_one()
        c.execute(
            sa.insert(ContentCheck).values(
                public_id=new_public_id(), issue_id=row.id, event_id=event, building_id=row.building_id,
                grid_id=row.grid_id, community_id=row.community_id, state=CheckState.PASSED,
                created_at=world.clock.now(), due_at=world.clock.now(), decided_at=world.clock.now(),
            )
        )  # fmt: skip


def listed(answer: TestResponse) -> list[dict[str, str | None]]:
    """The things of an XML answer, as JSON would tell them."""
    assert answer.content_type == "text/xml; charset=utf-8"
    return [{part.tag: part.text for part in one} for one in tree.fromstring(answer.data)]
