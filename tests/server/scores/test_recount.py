"""A month counted twice: by the set-based SQL, and slowly, row by row, the way a clerk would with a pencil."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import Deduction, DutyRecord, Inspection, Issue, IssueEvent, Place, ReturnVisit, new_public_id
from models.enums import Channel, DutyState, IssueCategory, IssueState, Level, Move, Satisfaction
from server.rules.scoring import BuildingFacts
from server.scores import facts
from tests.world import Spot, World

MONTH = 202610
# The month's edges in Shanghai, as UTC moments, with what lies just before and after each.
_STARTS, _ENDS = datetime(2026, 9, 30, 16, tzinfo=UTC), datetime(2026, 10, 31, 16, tzinfo=UTC)
_A_BIT = timedelta(microseconds=1)
MOMENTS = [_STARTS - _A_BIT, _STARTS, _STARTS + timedelta(days=9), _ENDS - _A_BIT, _ENDS]
months = st.sampled_from([202609, MONTH, MONTH, MONTH, 202611])
maybe = st.sampled_from([True, False, None])


@dataclass
class House:
    """A building and everything that was written down about it."""

    closed_at: datetime | None
    visits: list[tuple[int, bool | None, bool | None, Satisfaction | None, bool]]
    events: list[tuple[datetime, IssueState | None, IssueState, Level]]
    stars: dict[int, tuple[int, int, int, int]]
    duties: list[tuple[int, DutyState]]
    deductions: list[tuple[int, int, bool]]


@st.composite
def houses(draw: st.DrawFn) -> House:
    """Any building, often around the edges of the month."""
    star = st.integers(1, 5)
    states = st.sampled_from([IssueState.RESOLVED, IssueState.REOPENED, IssueState.REPORTED, None])
    return House(
        draw(st.sampled_from([None, None, *MOMENTS])),
        draw(
            st.lists(st.tuples(months, maybe, maybe, st.sampled_from([None, *Satisfaction]), st.booleans()), max_size=6)
        ),
        draw(
            st.lists(
                st.tuples(
                    st.sampled_from(MOMENTS),
                    states,
                    st.sampled_from([IssueState.REOPENED, IssueState.CONFIRMED]),
                    st.sampled_from(list(Level)),
                ),
                max_size=6,
            )
        ),
        draw(st.dictionaries(st.sampled_from([202609, MONTH, 202611]), st.tuples(star, star, star, star), max_size=3)),
        draw(st.lists(st.tuples(months, st.sampled_from(list(DutyState))), max_size=4)),
        draw(st.lists(st.tuples(months, st.integers(1, 10_000), st.booleans()), max_size=3)),
    )


def _write(world: World, spot: Spot, house: House, person: int) -> None:
    inside = {"building_id": spot.id, "grid_id": spot.row.grid_id, "community_id": spot.row.community_id}
    when = MOMENTS[2]
    with world.writing() as connection:
        connection.execute(sa.update(Place).where(Place.id == spot.id).values(closed_at=house.closed_at))

        def issue() -> int:
            made = connection.execute(
                sa.insert(Issue)
                .values(
                    public_id=new_public_id(), category=IssueCategory.LEAK, text="漏水", channel=Channel.SCAN,
                    state=IssueState.CONFIRMED, level=Level.HEAD, reported_at=when, **inside,
                )
                .returning(Issue.id)
            )  # fmt: skip
            return int(made.scalar_one())

        for month, contacted, solved, satisfaction, counts in house.visits:
            connection.execute(
                sa.insert(ReturnVisit).values(
                    issue_id=issue(), month=month, contacted=contacted, solved=solved, satisfaction=satisfaction,
                    answered_at=when, counts=counts, **inside,
                )
            )  # fmt: skip
        for at, before, after, level in house.events:
            connection.execute(
                sa.insert(IssueEvent).values(
                    issue_id=issue(), at=at, move=Move.REOPEN, from_state=before, to_state=after, level=level, text=""
                )
            )
        for month, (stairwell, safety, care, neighbours) in house.stars.items():
            connection.execute(
                sa.insert(Inspection).values(
                    public_id=new_public_id(), month=month, stairwell=stairwell, safety=safety, care=care,
                    neighbours=neighbours, inspector_id=person, inspected_at=when, **inside,
                )
            )  # fmt: skip
        for month, state in house.duties:
            connection.execute(
                sa.insert(DutyRecord).values(
                    public_id=new_public_id(), item_id=1, person_id=person, month=month, done_on=when.date(),
                    text="宣讲", state=state, created_at=when, **inside,
                )
            )  # fmt: skip
        for month, points, cancelled in house.deductions:
            connection.execute(
                sa.insert(Deduction).values(
                    public_id=new_public_id(), month=month, points=points, reason="堆物", evidence="照片",
                    entered_by_id=person, entered_at=when, cancelled_at=when if cancelled else None, **inside,
                )
            )  # fmt: skip


def _by_hand(community: dict[int, House]) -> Iterator[BuildingFacts]:
    """The facts of one community's month, the slow way."""
    standing = {key: house for key, house in community.items() if not house.closed_at or house.closed_at >= _ENDS}
    in_use = any(duty == (MONTH, DutyState.ACCEPTED) for house in standing.values() for duty in house.duties)
    for key, house in sorted(standing.items()):
        visits = [visit for visit in house.visits if visit[0] == MONTH and visit[4]]
        stars: Any = house.stars.get(MONTH)
        yield BuildingFacts(
            key,
            stars_got=sum(stars) if stars else 0,
            stars_of=20 if stars else 0,
            inspections=1 if stars else 0,
            contacted=sum(visit[1] is True for visit in visits),
            contacted_of=sum(visit[1] is not None for visit in visits),
            solved=sum(visit[2] is True for visit in visits),
            solved_of=sum(visit[2] is not None for visit in visits),
            satisfied=sum(visit[3] is Satisfaction.SATISFIED for visit in visits),
            fairly=sum(visit[3] is Satisfaction.FAIRLY for visit in visits),
            satisfaction_of=sum(visit[3] is not None for visit in visits),
            # Head, grid and community had said it was done: it went to the grid, the community or the street.
            rework=sum(
                _STARTS <= at < _ENDS
                and (before, after) == (IssueState.RESOLVED, IssueState.REOPENED)
                and level in (Level.GRID, Level.COMMUNITY, Level.STREET)
                for at, before, after, level in house.events
            ),
            duties=sum(duty == (MONTH, DutyState.ACCEPTED) for duty in house.duties),
            duties_in_use=in_use,
            deductions=sum(points for month, points, cancelled in house.deductions if month == MONTH and not cancelled),
        )


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(houses(), min_size=1, max_size=3), min_size=1, max_size=2))
def test_every_month_is_counted_as_a_clerk_would_by_hand(world: World, town: list[list[House]]) -> None:
    person = world.resident().person_id
    written: dict[int, dict[int, House]] = {}
    for community in town:
        spot = world.community()
        written[spot.id] = {}
        for house in community:
            building = world.building(spot)
            _write(world, building, house, person)
            written[spot.id][building.id] = house
    expected = {key: list(_by_hand(community)) for key, community in written.items()}
    expected = {key: rows for key, rows in expected.items() if rows}
    with world.reading():
        assert facts.gather(MONTH, list(written)) == expected
        everywhere = facts.gather(MONTH)
    assert {key: rows for key, rows in everywhere.items() if key in written} == expected
