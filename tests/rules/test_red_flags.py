from dataclasses import replace

import pytest
from hypothesis import given

from server.rules.ranking import rank
from server.rules.red_flags import TIE_KEYS, TIE_WORDS, propose_flags
from server.rules.rule_sets import STANDARD_1, TIE_BREAKS, RuleSet
from server.rules.scoring import BuildingFacts, BuildingScore, score_community
from tests.rules.samples import EMPTY, building, communities, visits

SCORED = score_community(STANDARD_1, [building(1), building(2, solved=9), building(3, rework=1), building(4, **EMPTY)])


def with_total(score: BuildingScore, building_id: int, total: int, *, ranked: bool = True) -> BuildingScore:
    """The same lines under another total, to set up ties."""
    return score._replace(building_id=building_id, total=total, ranked=ranked)


def holders(scores: list[BuildingScore], rule_set: RuleSet = STANDARD_1) -> list[int]:
    return [flag.building_id for flag in propose_flags(rank(scores), scores, rule_set)]


ALIKE, LESS_SOLVED, REWORKED, NO_CASES = SCORED
# Two answers, both "solved": 数据不足, whatever their share.
(THIN_CASES,) = score_community(STANDARD_1, [building(5, **visits(2, 2, 2, 0, of=2))])


@pytest.mark.parametrize(
    ("scores", "flags"),
    [
        ([with_total(ALIKE, 1, 90), with_total(ALIKE, 2, 95), with_total(ALIKE, 3, 80)], [2, 1]),
        ([with_total(ALIKE, 1, 90)], [1]),
        ([], []),
        # A tie on the second flag: the higher solved share.
        ([with_total(ALIKE, 1, 95), with_total(LESS_SOLVED, 2, 90), with_total(ALIKE, 3, 90)], [1, 3]),
        # Solved share and stars equal: fewer reworks.
        ([with_total(ALIKE, 1, 95), with_total(REWORKED, 2, 90), with_total(ALIKE, 3, 90)], [1, 3]),
        # No return visits never wins a tie.
        ([with_total(ALIKE, 1, 95), with_total(NO_CASES, 2, 90), with_total(LESS_SOLVED, 3, 90)], [1, 3]),
        # Nor do too few of them: "2 of 2" is not better than "9 of 12".
        ([with_total(ALIKE, 1, 95), with_total(THIN_CASES, 2, 90), with_total(LESS_SOLVED, 3, 90)], [1, 3]),
        # Still equal: all of them hold it.
        ([with_total(ALIKE, 1, 95), with_total(ALIKE, 2, 90), with_total(ALIKE, 3, 90)], [1, 2, 3]),
        ([with_total(ALIKE, 3, 90), with_total(ALIKE, 1, 90), with_total(ALIKE, 2, 90)], [1, 2, 3]),
        # Both places are taken before the tie begins.
        ([with_total(ALIKE, 1, 95), with_total(ALIKE, 2, 95), with_total(ALIKE, 3, 90)], [1, 2]),
        # The second of a broken tie for the first place still holds the second flag.
        ([with_total(LESS_SOLVED, 1, 95), with_total(ALIKE, 2, 95), with_total(ALIKE, 3, 90)], [2, 1]),
        # Thin data never hold it, whatever their total.
        ([with_total(ALIKE, 1, 99, ranked=False), with_total(ALIKE, 2, 50)], [2]),
    ],
)
def test_the_best_two_and_those_equal_to_them(scores: list[BuildingScore], flags: list[int]) -> None:
    assert holders(scores) == flags


def test_more_stars_break_a_tie_of_solved_shares() -> None:
    plain, starred = score_community(STANDARD_1, [building(1, stars_got=17), building(2)])
    first = with_total(ALIKE, 9, 95)
    assert holders([first, with_total(plain, 1, 90), with_total(starred, 2, 90)]) == [9, 2]


def test_the_order_and_the_number_are_the_rule_sets() -> None:
    scores = [with_total(REWORKED, 1, 90), with_total(LESS_SOLVED, 2, 90)]
    assert holders(scores, replace(STANDARD_1, flags=1)) == [1]
    assert holders(scores, replace(STANDARD_1, flags=1, tie_break=("rework",))) == [2]
    assert holders(scores, replace(STANDARD_1, flags=1, tie_break=())) == [1, 2]


def test_the_reason_tells_how_a_tie_was_broken() -> None:
    scores = [with_total(ALIKE, 1, 95_000), with_total(LESS_SOLVED, 2, 90_000), with_total(ALIKE, 3, 90_000)]
    first, second = propose_flags(rank(scores), scores, STANDARD_1)
    assert first.reason == "总分95分，在参与排名的3栋楼里排第1名。"
    assert second.reason.endswith("与另外1栋并列。总分相同时依次比解决率、星级评定得分、返工少。")
    same = [with_total(ALIKE, 1, 90_000), with_total(ALIKE, 2, 90_000)]
    assert all("同时得旗" in flag.reason for flag in propose_flags(rank(same), same, STANDARD_1))


def test_every_tie_break_word_has_its_key_and_its_words() -> None:
    assert set(TIE_KEYS) == set(TIE_WORDS) == set(TIE_BREAKS)


@given(communities())
def test_nobody_without_the_flag_is_better_than_a_holder(community: list[BuildingFacts]) -> None:
    scores = score_community(STANDARD_1, community)
    standings = rank(scores)
    held = set(holders(scores))
    ranked = [one for one in standings if one.rank is not None]
    assert len(held) >= min(2, len(ranked))
    worst_holder = min((one.total for one in ranked if one.building_id in held), default=0)
    assert all(one.total <= worst_holder for one in ranked if one.building_id not in held)
    assert all(len(flag.reason) <= 200 for flag in propose_flags(standings, scores, STANDARD_1))
