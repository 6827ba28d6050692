"""Buildings to score: one plain maker, and one that hypothesis drives."""

from typing import Any

from hypothesis import strategies as st

from server.rules.scoring import BuildingFacts


def building(building_id: int = 1, **over: Any) -> BuildingFacts:
    """A building with enough data everywhere: 20 ballots, an inspection, 12 return visits, 3 duties."""
    facts = BuildingFacts(
        building_id,
        ballots=20,
        eligible=60,
        survey_got=184,
        survey_of=200,
        stars_got=18,
        stars_of=20,
        inspections=1,
        contacted=11,
        contacted_of=12,
        solved=10,
        solved_of=12,
        satisfied=9,
        fairly=2,
        satisfaction_of=12,
        duties=3,
        duties_in_use=True,
    )
    return facts._replace(**over)


def visits(contacted: int, solved: int, satisfied: int, fairly: int, of: int) -> dict[str, int]:
    """Return visits that answered all three questions."""
    return {
        "contacted": contacted,
        "contacted_of": of,
        "solved": solved,
        "solved_of": of,
        "satisfied": satisfied,
        "fairly": fairly,
        "satisfaction_of": of,
    }


EMPTY = {"ballots": 0, "survey_got": 0, "survey_of": 0, "stars_got": 0, "stars_of": 0, "inspections": 0} | visits(
    0, 0, 0, 0, 0
)


@st.composite
def some_building(draw: st.DrawFn, duties_in_use: bool) -> BuildingFacts:
    """Any building whose parts do not exceed their wholes; often thin somewhere."""
    few = st.sampled_from([0, 1, 2, 3, 4, 5, 12, 40])
    ballots, contacted_of, solved_of, satisfaction_of = draw(few), draw(few), draw(few), draw(few)
    inspections = draw(st.integers(0, 2))
    satisfied = draw(st.integers(0, satisfaction_of))
    return BuildingFacts(
        0,
        ballots,
        draw(st.integers(0, 200)),
        draw(st.integers(0, 10 * ballots)),
        10 * ballots,
        draw(st.integers(0, 20 * inspections)),
        20 * inspections,
        inspections,
        draw(st.integers(0, contacted_of)),
        contacted_of,
        draw(st.integers(0, solved_of)),
        solved_of,
        satisfied,
        draw(st.integers(0, satisfaction_of - satisfied)),
        satisfaction_of,
        draw(st.integers(0, 3)),
        draw(st.integers(0, 7)),
        duties_in_use,
        draw(st.sampled_from([0, 500, 10_000, 25_000])),
    )


@st.composite
def communities(draw: st.DrawFn) -> list[BuildingFacts]:
    """One to six buildings of one community."""
    in_use = draw(st.booleans())
    buildings = draw(st.lists(some_building(in_use), min_size=1, max_size=6))
    return [facts._replace(building_id=number) for number, facts in enumerate(buildings, start=1)]
