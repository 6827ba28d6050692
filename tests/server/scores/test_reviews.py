"""调整评议: three sealed months in last place are told to the staff who decide, once, and to nobody else."""

from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from models import Appointment, Message
from models.enums import Role
from server.rules.calendar import SHANGHAI
from tests.server.scores.given import STARS, Community, visits
from tests.server.web.desk import Desk
from tests.world import Caller, Spot, World

MONTHS = ("2026-08", "2026-09", "2026-10")
SINCE = datetime(2026, 8, 1, tzinfo=SHANGHAI)


class Quarter(Community):
    """A community with three buildings, the last of which was last from August to October."""

    def __init__(self, world: World, last: int = 2) -> None:
        super().__init__(world)
        world.clock.set(datetime(2026, 8, 1, 8, tzinfo=SHANGHAI))
        self.buildings = [world.building(self.grid) for _ in range(3)]
        self.poor = self.buildings[last]
        self.head = world.head(self.poor)
        self.street = world.staff(Role.STREET, world.street())
        with world.writing() as connection:
            connection.execute(
                sa.update(Appointment).where(Appointment.person_id == self.head.person_id).values(starts_at=SINCE)
            )

    def run(self, month: str, poor: Spot | None = None) -> None:
        """A month from its facts to its publication."""
        number = int(month.replace("-", ""))
        for spot in self.buildings:
            visits(self.world, spot, 4, month=number)
            self.inspect(spot, dict.fromkeys(STARS, 2 if spot == (poor or self.poor) else 5), month)
        year, following = divmod(number, 100)
        self.world.clock.set(datetime(year, following + 1, 1, 8, tzinfo=SHANGHAI))
        assert self.move("close", month=month).status_code == 200
        assert self.move("notice", month=month).status_code == 200
        self.world.clock.set(datetime(year, following + 1, 20, 8, tzinfo=SHANGHAI))
        assert self.move("seal", self.second, month=month).status_code == 200
        assert self.move("publish", month=month).status_code == 200

    def reviews(self, by: Caller | None = None, month: str = MONTHS[-1]) -> Any:
        return (by or self.office).get(self.path("reviews", month))


def told(caller: Caller) -> list[Any]:
    return [each for each in caller.get("/api/v1/messages").json["items"] if "调整评议" in each["title"]]


@pytest.fixture
def quarter(world: World) -> Quarter:
    made = Quarter(world)
    for month in MONTHS:
        made.run(month)
    return made


def test_a_neighbour_and_a_head_learn_nothing(world: World, quarter: Quarter) -> None:
    theirs = Community(world)
    assert quarter.reviews(theirs.office).status_code == 404
    other_head = world.head(quarter.buildings[0])
    for head in (quarter.head, other_head, world.staff(Role.GRID, quarter.grid)):
        assert quarter.reviews(head).status_code == 403
        assert told(head) == []
    assert told(theirs.office) == []


def test_staff_are_told_once_and_where_help_begins(world: World, quarter: Quarter) -> None:
    for caller in (quarter.office, quarter.second, quarter.street):
        (message,) = told(caller)
        assert message["kind"] == "notice"
        assert quarter.poor.name in message["title"]
        assert "2026年8月、2026年9月、2026年10月都排在末位" in message["body"]
        assert "帮扶计划第一步：" in message["body"]
        assert "由人来决定" in message["body"]
        (review,) = caller.get(message["link"]).json["items"]
        assert (review["building"], bool(review["first_step"])) == (quarter.poor.public_id, True)
    assert quarter.reviews(month="2026-09").json["items"] == []
    # Published again as a correction: the same is not told twice.
    assert quarter.office.post(quarter.path("correct"), json={"reason": "登记错了"}).status_code == 200
    assert quarter.move("notice").status_code == 200
    world.clock.set(datetime(2026, 12, 10, 8, tzinfo=SHANGHAI))
    assert quarter.move("seal", quarter.second).status_code == 200
    assert quarter.move("publish").status_code == 200
    assert len(told(quarter.office)) == 1
    with world.reading() as connection:
        titles = connection.execute(sa.select(Message.title)).scalars().all()
    assert len([title for title in titles if "调整评议" in title]) == 3


def test_a_correction_that_lifts_a_building_takes_the_review_away(world: World, quarter: Quarter) -> None:
    assert quarter.office.post(quarter.path("correct"), json={"reason": "登记错了"}).status_code == 200
    path = f"/api/v1/inspections/2026-10/{quarter.poor.public_id}"
    found = quarter.office.get(path)
    mended = quarter.office.put(path, json=dict.fromkeys(STARS, 5), headers={"If-Match": found.headers["ETag"]})
    assert mended.status_code == 200
    assert quarter.move("notice").status_code == 200
    assert len(quarter.reviews().json["items"]) == 1  # what was published counts until then
    world.clock.set(datetime(2026, 12, 10, 8, tzinfo=SHANGHAI))
    assert quarter.move("seal", quarter.second).status_code == 200
    assert quarter.move("publish").status_code == 200
    assert quarter.reviews().json["items"] == []


def test_months_before_her_term_are_not_hers(world: World) -> None:
    quarter = Quarter(world)
    with world.writing() as connection:
        connection.execute(
            sa.update(Appointment)
            .where(Appointment.person_id == quarter.head.person_id)
            .values(starts_at=datetime(2026, 8, 2, tzinfo=SHANGHAI))
        )
    for month in MONTHS:
        quarter.run(month)
    assert quarter.reviews().json["items"] == []
    assert told(quarter.office) == []


def test_one_better_month_breaks_the_row(world: World) -> None:
    quarter = Quarter(world)
    for month in MONTHS:
        quarter.run(month, quarter.buildings[0] if month == "2026-09" else None)
    assert quarter.reviews().json["items"] == []


def test_nobody_is_shown_her_own_review(world: World) -> None:
    quarter = Quarter(world)
    both = world.person((Role.COMMUNITY, quarter.spot), (Role.HEAD, quarter.poor))
    for month in MONTHS:
        quarter.run(month)
    assert quarter.reviews(both).json["items"] == []
    assert told(both) == []
    assert len(told(quarter.office)) == 1


def test_the_months_page_lists_them_for_staff_only(world: World, quarter: Quarter) -> None:
    page = f"/console/months/2026-10/{quarter.spot.public_id}"
    seen = Desk(quarter.office).open(page).text
    assert "调整评议（1 栋）" in seen
    assert "帮扶计划第一步" in seen
    assert "调整评议" in Desk(quarter.street).open(page).text
    other_head = world.head(quarter.buildings[0])
    for somebody in (quarter.head, other_head, world.staff(Role.GRID, quarter.grid)):
        assert "评议" not in Desk(somebody).open(page).text
    assert "评议" not in Desk(world.staff(Role.DISTRICT, world.district())).open(page).text
