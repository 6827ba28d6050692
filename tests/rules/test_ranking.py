import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.enums import StandingState
from server.rules.ranking import rank
from server.rules.rule_sets import STANDARD_1
from server.rules.scoring import RANKED_REASON, THIN_REASON, BuildingFacts, BuildingScore, score_community
from tests.rules.samples import communities


def score(building_id: int, total: int, *, ranked: bool = True) -> BuildingScore:
    return BuildingScore(building_id, total, ranked, RANKED_REASON if ranked else THIN_REASON, ())


@pytest.mark.parametrize(
    ("totals", "ranks"),
    [
        ([90, 80, 70], [1, 2, 3]),
        ([90, 80, 80, 70], [1, 2, 2, 4]),
        ([90, 90, 90], [1, 1, 1]),
        ([70, 90, 80], [3, 1, 2]),
        ([0], [1]),
        ([0, 0], [1, 1]),
        ([], []),
    ],
)
def test_competition_ranking(totals: list[int], ranks: list[int]) -> None:
    standings = {one.building_id: one for one in rank([score(i, total) for i, total in enumerate(totals)])}
    assert [standings[i].rank for i in range(len(totals))] == ranks
    assert [standings[i].tied for i in range(len(totals))] == [ranks.count(place) > 1 for place in ranks]


def test_thin_buildings_have_no_rank_and_cannot_be_last() -> None:
    standings = rank([score(1, 0, ranked=False), score(2, 50_000), score(3, 99_000, ranked=False), score(4, 60_000)])
    assert [(one.building_id, one.rank, one.state) for one in standings] == [
        (4, 1, StandingState.RANKED),
        (2, 2, StandingState.RANKED),
        (1, None, StandingState.THIN),
        (3, None, StandingState.THIN),
    ]
    assert standings[2].reason == THIN_REASON
    assert not standings[2].tied


def test_the_reason_names_the_field() -> None:
    standings = rank([score(1, 85_714), score(2, 85_714), score(3, 90_000)])
    assert standings[0].reason == "总分90分，在参与排名的3栋楼里排第1名。"
    assert standings[1].reason == "总分85.714分，在参与排名的3栋楼里排第2名，与另外1栋并列。"


@given(communities(), st.randoms(use_true_random=False))
def test_ties_are_symmetrical_and_order_does_not_matter(community: list[BuildingFacts], chance: object) -> None:
    scores = score_community(STANDARD_1, community)
    standings = rank(scores)
    shuffled = list(scores)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert rank(shuffled) == standings
    ranked = [one for one in standings if one.rank is not None]
    assert sorted(one.building_id for one in standings) == [facts.building_id for facts in community]
    for one in ranked:
        assert one.rank == 1 + sum(other.total > one.total for other in ranked)
        assert one.tied is any(other.total == one.total for other in ranked if other is not one)
        assert len(one.reason) <= 200
