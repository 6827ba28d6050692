"""通知: the office tells the heads of its places; a neighbour's heads hear nothing."""

import pytest
import sqlalchemy as sa

from models import AuditEvent
from models.enums import Role
from tests.server.web.desk import Desk
from tests.world import Spot, World

BODY = {"title": "停水通知", "text": "明天上午停水。"}


@pytest.fixture
def community(world: World) -> Spot:
    return world.community("幸福社区")


def test_a_neighbours_heads_cannot_be_told(world: World, community: Spot) -> None:
    clerk = world.staff(Role.COMMUNITY, world.community())
    head = world.head(world.building(world.grid(community)))
    answer = clerk.post("/api/v1/notices", json={**BODY, "place": community.public_id})
    assert answer.status_code == 404
    assert head.get("/api/v1/messages").json["items"] == []
    assert head.post("/api/v1/notices", json={**BODY, "place": community.public_id}).status_code == 403


def test_every_head_of_the_place_is_told_once_and_it_is_on_record(world: World, community: Spot) -> None:
    clerk = world.staff(Role.COMMUNITY, community)
    one, two = world.building(world.grid(community)), world.building(world.grid(community))
    head = world.person((Role.HEAD, one), (Role.HEAD, two))
    other, grid = world.head(two), world.staff(Role.GRID, world.grid(community))
    answer = clerk.post("/api/v1/notices", json={**BODY, "place": community.public_id})
    assert answer.status_code == 201
    assert (answer.json["place_name"], answer.json["told"]) == ("幸福社区", 2)
    (item,) = head.get("/api/v1/messages").json["items"]
    assert (item["title"], item["body"], item["kind"]) == ("停水通知", "明天上午停水。\n——幸福社区", "notice")
    assert len(other.get("/api/v1/messages").json["items"]) == 1
    assert grid.get("/api/v1/messages").json["items"] == []
    with world.reading() as connection:
        event = connection.execute(sa.select(AuditEvent).where(AuditEvent.action == "notice:send")).one()
    assert event.subject == f"notice:{answer.json['id']}"
    answer = clerk.post("/api/v1/notices", json={**BODY, "place": one.public_id})
    assert answer.json["told"] == 1


def test_a_notice_to_nobody_is_refused(world: World, community: Spot) -> None:
    clerk = world.staff(Role.COMMUNITY, community)
    answer = clerk.post("/api/v1/notices", json={**BODY, "place": community.public_id})
    assert (answer.status_code, answer.json["code"]) == (409, "no_heads")
    assert clerk.post("/api/v1/notices", json={**BODY, "title": "", "place": community.public_id}).status_code == 422


def test_at_the_console(world: World, community: Spot) -> None:
    building = world.building(world.grid(community), "3栋")
    head = world.head(building)
    desk = Desk(world.staff(Role.COMMUNITY, community))
    assert "给楼栋长发通知" in desk.open("/console/inbox").text
    assert "给楼栋长发通知" not in Desk(head).open("/console/inbox").text
    page = desk.open("/console/inbox/notify").submit("/notify", place=building.public_id, title="停水", text="")
    assert page.status == 422
    page = page.submit("/notify", text="明天停水。")
    assert "通知已发给在任的楼栋长" in page.text
    assert [item["title"] for item in head.get("/api/v1/messages").json["items"]] == ["停水"]
