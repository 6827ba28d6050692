"""Two at once: nobody's facts slip past a notice that is just opening, and a month is moved only once."""

from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from datetime import datetime

import pytest
import sqlalchemy as sa

from models import Inspection, new_public_id
from server.core import months
from server.core.errors import Problem
from tests.server.scores.given import FIRST_OF_NOVEMBER, NOTICE_OVER, Community, at
from tests.world import World


def test_a_notice_waits_for_an_inspection_that_is_being_written_and_shows_it(world: World) -> None:
    community = Community(world)
    building = community.building(stars=None, answers=0)
    community.drafted()
    with ThreadPoolExecutor(1) as other:
        with world.writing() as connection:
            months.require_changeable(community.spot.id, 202610, world.clock.now())
            opening = other.submit(lambda: community.move("notice").status_code)
            with pytest.raises(NotYet):
                opening.result(timeout=0.5)
            connection.execute(
                sa.insert(Inspection).values(
                    public_id=new_public_id(),
                    month=202610,
                    building_id=building.id,
                    grid_id=community.grid.id,
                    community_id=community.spot.id,
                    stairwell=5,
                    safety=5,
                    care=5,
                    neighbours=5,
                    note="",
                    inspector_id=community.office.person_id,
                    inspected_at=world.clock.now(),
                    version=1,
                )
            )
        assert opening.result() == 200
    (row,) = community.ranking()
    assert (row["state"], row["total"]) == ("ranked", 100_000)


def test_whoever_comes_after_the_notice_opened_is_refused_not_lost(world: World) -> None:
    community = Community(world)
    community.building()
    community.drafted()
    with ThreadPoolExecutor(1) as other:
        with world.writing() as connection:
            connection.execute(sa.select(1))  # on SQLite the transaction itself is the lock
            months.hold(community.spot.id, 202610)
            opening = other.submit(lambda: community.move("notice").status_code)
            with pytest.raises(NotYet):
                opening.result(timeout=0.5)
        assert opening.result() == 200
    with world.writing(), pytest.raises(Problem) as refused:
        months.require_changeable(community.spot.id, 202610, world.clock.now())
    assert refused.value.slug == "month_fixed"


def test_two_who_write_facts_do_not_wait_for_each_other_on_postgresql(world: World) -> None:
    community = Community(world)
    with world.reading() as connection:
        if connection.dialect.name == "sqlite":
            return  # one writer at a time, whatever they write
    with ThreadPoolExecutor(1) as other, world.writing():
        months.require_changeable(community.spot.id, 202610, world.clock.now())

        def write() -> bool:
            with world.writing():
                months.require_changeable(community.spot.id, 202610, world.clock.now())
            return True

        assert other.submit(write).result(timeout=5)


def test_of_two_who_close_seal_or_publish_at_once_one_does_it(world: World) -> None:
    community = Community(world)
    community.building()
    at(world, FIRST_OF_NOVEMBER)
    with ThreadPoolExecutor(2) as both:
        for move, moment, by in (
            ("close", FIRST_OF_NOVEMBER, community.office),
            ("notice", FIRST_OF_NOVEMBER, community.office),
            ("seal", NOTICE_OVER, community.second),
            ("publish", NOTICE_OVER, community.office),
        ):
            world.clock.set(datetime.fromisoformat(moment))
            answers = list(both.map(lambda _, m=move, b=by: community.move(m, b).status_code, range(2)))
            assert sorted(answers) == [200, 409], move
