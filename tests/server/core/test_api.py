"""Bodies nobody sends by accident are refused like any other wrong one."""

import pytest

from models.enums import Role
from tests.server.web.desk import Desk
from tests.server.web.test_console_places import upload
from tests.world import World

DEEP = 100_000


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_json_of_a_hundred_thousand_levels_is_refused(world: World, opening: str) -> None:
    answer = world.anyone().post("/api/v1/sessions", data=opening * DEEP, content_type="application/json")
    assert (answer.status_code, answer.json["code"]) == (400, "bad_request")


def test_so_is_a_mapping_for_a_ledger(world: World) -> None:
    desk = Desk(world.staff(Role.COMMUNITY, world.community()))
    page = upload(desk.open("/console/issues/import"), "/import", "编号\n1\n", "check", mapping="[" * DEEP)
    assert "对照表不是 JSON" in page.text
