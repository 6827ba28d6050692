"""Deadlines and escalations at the right minute across National Day, Spring Festival and make-up days, by HTTP and the set clock."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from models import Issue
from models.enums import Role
from server.issues import service
from server.rules.calendar import SHANGHAI
from tests.world import Caller, World


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


class Desk:
    """A building with a head, a grid worker, a clerk and the street, and the clock's own work."""

    def __init__(self, world: World, start: str) -> None:
        self.world = world
        world.clock.advance(at(start) - world.clock.now())
        building = self.building = world.building()
        self.head, self.grid = world.head(building), world.staff(Role.GRID, world.place_of(building, "grid_id"))
        self.clerk = world.staff(Role.COMMUNITY, world.place_of(building, "community_id"))
        self.street = world.staff(Role.STREET, world.street())
        body = {"category": "leak", "text": "楼道顶上漏水"}
        made = world.anyone().post(f"/api/v1/codes/{building.stairwell_code}/issues", json=body).json
        self.issue, self.claim = made["id"], made["claim_code"]

    def move(self, who: Caller, verb: str, **body: Any) -> dict[str, Any]:
        answer = who.post(f"/api/v1/issues/{self.issue}/{verb}", json=body)
        assert answer.status_code == 200, answer.json
        return dict(answer.json)

    def seen(self) -> dict[str, Any]:
        """What the reporter sees."""
        return dict(self.world.anyone().get(f"/api/v1/claims/{self.claim}").json)

    def until(self, moment: str) -> str:
        """Let the time go by to a moment, the clock doing its work every ten minutes near it. Returns who has it then."""
        for now in (at(moment) - timedelta(minutes=10), at(moment)):
            self.world.clock.advance(max(now - self.world.clock.now(), timedelta()))
            with self.world.app.app_context():
                service.run_clocks(self.world.clock.now())
        return str(self.seen()["level"])


def local(text: str | None) -> str:
    assert text is not None
    return f"{datetime.fromisoformat(text).astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("passed_up", "sign_in", "contact", "due", "held_until"),
    [
        # the eve of National Day 2026 (1–7 October free, Saturday 10 October worked)
        ("2026-09-30 16:30", "2026-10-08 09:30", "2026-10-08 16:30", "2026-10-13 17:00", "2026-10-07 12:00"),
        # in the middle of it
        ("2026-10-03 12:00", "2026-10-08 10:00", "2026-10-09 00:00", "2026-10-13 17:00", "2026-10-08 09:50"),
        # the Saturday that is worked in its place
        ("2026-10-10 10:00", "2026-10-10 11:00", "2026-10-12 10:00", "2026-10-16 17:00", "2026-10-10 10:50"),
        # before Spring Festival 2026 (15–23 February free, Saturdays 14 and 28 February worked)
        ("2026-02-14 16:59", "2026-02-24 09:59", "2026-02-24 16:59", "2026-02-28 17:00", "2026-02-20 12:00"),
    ],
)
def test_whoever_did_not_sign_in_loses_it_at_the_right_minute(
    world: World, passed_up: str, sign_in: str, contact: str, due: str, held_until: str
) -> None:
    desk = Desk(world, passed_up)
    hands = desk.move(desk.head, "pass-up", text="要动主管道")
    assert local(hands["hands"]["sign_in_due_at"]) == sign_in
    assert local(hands["hands"]["contact_due_at"]) == contact
    assert local(hands["due_at"]) == due
    assert desk.until(held_until) == "grid"
    assert desk.until(sign_in) == "community"
    last = desk.seen()["timeline"][-1]
    assert (last["who"], last["text"]) == ("系统", "网格没有按时签收，自动转到社区办理。")


def test_a_pause_and_more_time_across_the_holidays(world: World) -> None:
    desk = Desk(world, "2026-09-28 10:00")  # Monday
    desk.move(desk.head, "pass-up", text="要动主管道")
    assert local(desk.move(desk.grid, "accept")["due_at"]) == "2026-10-10 17:00", (
        "five working days, a Saturday among them"
    )
    desk.world.clock.advance(timedelta(days=1))
    # from Tuesday 10:00 until the 8th: what was left on Tuesday is left on the 8th
    paused = desk.move(desk.grid, "suspend", text="等厂家发货", until="2026-10-08T10:00:00+08:00")
    assert local(paused["due_at"]) == "2026-10-13 17:00"
    assert desk.until("2026-10-08 10:00") == "grid"
    desk.move(desk.grid, "contacted")
    asked = desk.move(desk.grid, "extension", text="还差一个零件", workdays=2)
    assert asked["hands"]["extension_asked"] == 2
    longer = desk.move(desk.clerk, "extension/grant")
    assert local(longer["due_at"]) == "2026-10-15 17:00"
    assert desk.until("2026-10-15 16:50") == "grid"
    assert desk.until("2026-10-15 17:00") == "community"
    assert "网格没有按时办好，自动转到社区办理。" in desk.seen()["timeline"][-1]["text"]
    # the community signs in and settles it: the clock has nothing more to do
    desk.move(desk.clerk, "accept")
    desk.move(desk.clerk, "resolve", text="换了主管", done_by="水务公司")
    assert desk.until("2026-12-01 10:00") == "community"
    assert desk.seen()["state"] == "resolved"


def test_an_urgent_clock_does_not_sleep(world: World) -> None:
    desk = Desk(world, "2026-10-01 02:00")

    with world.writing() as connection:
        connection.execute(sa.update(Issue).values(urgent=True))
    hands = desk.move(desk.head, "pass-up", text="水漫到楼下了")
    assert local(hands["hands"]["sign_in_due_at"]) == "2026-10-01 03:00"
    assert desk.until("2026-10-01 03:00") == "community"
    assert desk.until("2026-10-01 04:00") == "street"
    assert desk.until("2026-10-01 05:00") == "district"
    assert desk.until("2026-10-01 09:00") == "district"
