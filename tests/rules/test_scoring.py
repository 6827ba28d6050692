"""The score against a second, slow reckoning in fractions written from design §6, and its clauses one by one."""

from dataclasses import replace
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.enums import Component
from server.rules.rule_sets import STANDARD_1, RuleSet
from server.rules.scoring import RANKED_REASON, THIN_REASON, BuildingFacts, BuildingScore, Line, score_community
from tests.rules.samples import EMPTY, building, communities, visits

C = Component
WEIGHTS = {C.SURVEY: 30, C.STAR_BOOK: 30, C.CASE_HANDLING: 30, C.DUTIES: 10}


def score(*facts: BuildingFacts, rule_set: RuleSet = STANDARD_1) -> BuildingScore:
    """The first building's score among these."""
    return score_community(rule_set, facts)[0]


def line(scored: BuildingScore, component: Component) -> Line:
    return next(one for one in scored.lines if one.component is component)


def shares(facts: BuildingFacts, community: list[BuildingFacts]) -> dict[Component, Fraction]:
    """Each component with data and its share, read off design §6."""

    def shrunk(got: Fraction | int, of: int, all_got: Fraction | int, all_of: int) -> Fraction:
        return (got + 10 * Fraction(all_got, all_of)) / (of + 10)

    found: dict[Component, Fraction] = {}
    if facts.ballots >= 5 and facts.ballots * 5 >= facts.eligible:
        mean = Fraction(sum(b.survey_got for b in community), sum(b.survey_of for b in community))
        own = Fraction(facts.survey_got, facts.survey_of)
        found[C.SURVEY] = (facts.ballots * own + 10 * mean) / (facts.ballots + 10)
    if facts.inspections:
        found[C.STAR_BOOK] = Fraction(facts.stars_got, facts.stars_of)

    def total(name: str) -> int:
        return sum(getattr(one, name) for one in community)

    fairly = Fraction(9, 10)
    satisfaction, all_satisfaction = (
        facts.satisfied + fairly * facts.fairly,
        total("satisfied") + fairly * total("fairly"),
    )
    questions: list[tuple[int, Fraction | int, int, Fraction | int, int]] = [
        (10, facts.contacted, facts.contacted_of, total("contacted"), total("contacted_of")),
        (50, facts.solved, facts.solved_of, total("solved"), total("solved_of")),
        (40, satisfaction, facts.satisfaction_of, all_satisfaction, total("satisfaction_of")),
    ]
    asked = [(part, shrunk(got, of, all_got, all_of)) for part, got, of, all_got, all_of in questions if of >= 3]
    if asked:
        found[C.CASE_HANDLING] = sum((part * share for part, share in asked), Fraction()) / sum(p for p, _ in asked)
    if facts.duties_in_use:
        found[C.DUTIES] = Fraction(min(facts.duties, 4), 4)
    return found


@given(communities())
def test_agrees_with_the_slow_reckoning(community: list[BuildingFacts]) -> None:
    for facts, scored in zip(community, score_community(STANDARD_1, community), strict=True):
        found = shares(facts, community)
        with_data = sum(WEIGHTS[component] for component in found)
        for component in WEIGHTS:
            one = line(scored, component)
            exact = Fraction(100_000 * WEIGHTS[component], with_data or 1) * found.get(component, 0)
            assert one.points == floor(exact + Fraction(1, 2))
            assert one.thin is (component not in found)
        earned = sum(one.points for one in scored.lines if one.component is not C.DEDUCTION)
        assert scored.total == max(0, earned - min(facts.deductions, 10_000))
        assert scored.ranked is any(component in found for component in (C.SURVEY, C.STAR_BOOK, C.CASE_HANDLING))


@given(communities())
def test_a_total_is_the_sum_of_its_lines_and_stays_in_range(community: list[BuildingFacts]) -> None:
    for scored in score_community(STANDARD_1, community):
        assert scored.total == sum(one.points for one in scored.lines)
        assert 0 <= scored.total <= 100_000
        assert all(type(one.points) is int and all(type(fact) is int for fact in one.facts) for one in scored.lines)


@given(communities(), st.randoms(use_true_random=False))
def test_the_order_of_buildings_does_not_matter(community: list[BuildingFacts], chance: object) -> None:
    shuffled = list(community)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert sorted(score_community(STANDARD_1, shuffled)) == sorted(score_community(STANDARD_1, community))


@given(communities())
def test_weight_always_moves_to_a_hundred(community: list[BuildingFacts]) -> None:
    for scored in score_community(STANDARD_1, community):
        shown = [one for one in scored.lines if one.component is not C.DEDUCTION]
        exact = [Fraction(100_000 * one.facts[0], one.facts[1]) for one in shown if not one.thin]
        assert sum(exact) == (100_000 if exact else 0)
        assert [one.weight for one in shown if not one.thin] == [floor(e + Fraction(1, 2)) for e in exact]
        assert [one.weight for one in shown if one.thin] == [0] * (4 - len(exact))


@given(communities(), st.data())
def test_a_better_answer_never_lowers_a_score(community: list[BuildingFacts], data: st.DataObject) -> None:
    facts = community[0]
    better = [
        facts._replace(**{part: getattr(facts, part) + 1})
        for part, whole in (("contacted", "contacted_of"), ("solved", "solved_of"), ("stars_got", "stars_of"))
        if getattr(facts, part) < getattr(facts, whole)
    ]
    if facts.fairly:
        better.append(facts._replace(satisfied=facts.satisfied + 1, fairly=facts.fairly - 1))
    if facts.survey_got < facts.survey_of:
        better.append(facts._replace(survey_got=facts.survey_got + 1))
    better.append(facts._replace(duties=facts.duties + 1))
    improved = data.draw(st.sampled_from(better))
    assert score(improved, *community[1:]).total >= score(*community).total


def test_a_month_reckoned_by_hand() -> None:
    # One building alone is its own community, so the mean is its own share and shrinking changes nothing.
    scored = score(building(deductions=2_000))
    assert [(one.component, one.points) for one in scored.lines] == [
        (C.SURVEY, 27_600),  # 30 × 184/200
        (C.STAR_BOOK, 27_000),  # 30 × 18/20
        (C.CASE_HANDLING, 26_050),  # 30 × (10 % · 11/12 + 50 % · 10/12 + 40 % · 10.8/12)
        (C.DUTIES, 7_500),
        (C.DEDUCTION, -2_000),
    ]
    assert scored == BuildingScore(1, 86_150, True, RANKED_REASON, scored.lines)
    assert {(one.rule_id, one.rule_version) for one in scored.lines} == {
        (f"standard-1/{component}", 1) for component in ("survey", "star_book", "case_handling", "duties", "deduction")
    }


def test_few_answers_lean_on_the_communitys_mean() -> None:
    unlucky = building(1, **visits(0, 0, 0, 0, 3))
    others = building(2, **visits(97, 97, 97, 0, 97))
    # The mean is 97 of 100, so ten of those and three bad ones: 9.7 / 13.
    assert line(score(unlucky, others), C.CASE_HANDLING).points == 22_385


def test_the_offices_inspection_does_not_shrink() -> None:
    assert line(score(building(1, stars_got=20), building(2, stars_got=4)), C.STAR_BOOK).points == 30_000


@pytest.mark.parametrize(
    ("ballots", "eligible", "thin"),
    [
        (4, 10, True),
        (5, 25, False),  # exactly five, exactly 20 %
        (5, 26, True),
        (6, 30, False),
        (19, 100, True),
        (20, 100, False),
        (0, 0, True),
    ],
)
def test_too_few_ballots_are_thin(ballots: int, eligible: int, thin: bool) -> None:
    facts = building(ballots=ballots, eligible=eligible, survey_got=8 * ballots, survey_of=10 * ballots)
    survey = line(score(facts), C.SURVEY)
    assert survey.thin is thin
    assert (survey.points == 0) is thin


def test_a_handful_of_ballots_is_not_shown() -> None:
    survey = line(score(building(ballots=2, survey_got=13, survey_of=20)), C.SURVEY)
    assert survey.facts[3:7] == (2, 60, 0, 0)


@pytest.mark.parametrize(
    ("counts", "thin", "points"),
    [
        (visits(2, 2, 2, 0, 2), True, 0),
        (visits(3, 3, 3, 0, 3), False, 30_000),
        (visits(0, 3, 3, 0, 3), False, 27_000),
        (visits(3, 0, 3, 0, 3), False, 15_000),
        (visits(3, 3, 0, 3, 3), False, 28_800),  # fairly satisfied counts nine tenths
        (visits(3, 3, 0, 0, 3), False, 18_000),
        # One question asked too seldom: its part moves to the other two in proportion.
        (visits(3, 3, 2, 0, 3) | {"satisfaction_of": 2}, False, 30_000),
        (visits(3, 0, 0, 0, 3) | {"satisfaction_of": 0}, False, 5_000),  # 30 × 10 / 60
        (visits(0, 0, 3, 0, 3) | {"contacted_of": 0}, False, 13_333),  # 30 × 40 / 90
        (visits(0, 3, 0, 0, 3) | {"contacted_of": 2, "satisfaction_of": 2}, False, 30_000),
    ],
)
def test_case_handling(counts: dict[str, int], thin: bool, points: int) -> None:
    cases = line(score(building(**counts)), C.CASE_HANDLING)
    assert (cases.thin, cases.points) == (thin, points)


@pytest.mark.parametrize(
    ("duties", "in_use", "points", "thin"),
    [
        (0, True, 0, False),
        (1, True, 2_500, False),
        (4, True, 10_000, False),
        (9, True, 10_000, False),
        (0, False, 0, True),
    ],
)
def test_duties(duties: int, in_use: bool, points: int, thin: bool) -> None:
    one = line(score(building(duties=duties, duties_in_use=in_use)), C.DUTIES)
    assert (one.points, one.thin) == (points, thin)


@pytest.mark.parametrize(
    ("deductions", "points", "total"),
    [(0, None, 100_000), (1, -1, 99_999), (10_000, -10_000, 90_000), (10_001, -10_000, 90_000)],
)
def test_deductions_stop_at_ten_points(deductions: int, points: int | None, total: int) -> None:
    best = building(survey_got=200, stars_got=20, duties=4, deductions=deductions, **visits(9, 9, 9, 0, 9))
    scored = score(best)
    assert scored.total == total
    assert [one.points for one in scored.lines if one.component is C.DEDUCTION] == ([points] if points else [])


def test_nothing_falls_below_zero() -> None:
    almost = {"inspections": 1, "stars_got": 1, "stars_of": 1_000, "duties": 0, "deductions": 9_000}
    poor = building(**{**EMPTY, **almost})
    scored = score(poor)  # 75 × 1/1000 points, less nine
    assert (scored.total, line(scored, C.DEDUCTION).points) == (0, -75)


@pytest.mark.parametrize(
    ("facts", "ranked"),
    [
        (building(), True),
        (building(**EMPTY), False),  # the duty book alone never ranks
        (building(**{**EMPTY, "duties_in_use": False}), False),
        (building(**{**EMPTY, "inspections": 1, "stars_got": 1, "stars_of": 20}), True),
        (building(**{**EMPTY, **visits(3, 3, 3, 0, 3)}), True),
        (building(**{**EMPTY, **visits(2, 2, 2, 0, 2)}), False),
    ],
)
def test_only_residents_and_the_inspection_rank(facts: BuildingFacts, ranked: bool) -> None:
    scored = score(facts)
    assert (scored.ranked, scored.reason) == (ranked, RANKED_REASON if ranked else THIN_REASON)


@pytest.mark.parametrize(
    ("least", "facts", "ranked"),
    [
        (10_000, building(**EMPTY), False),  # though the duty book weighs as much
        (0, building(**EMPTY), False),
        (60_000, building(**{**EMPTY, "inspections": 1, "stars_of": 20}), False),
        (60_000, building(ballots=0), True),
        (60_001, building(ballots=0), False),
    ],
)
def test_how_much_must_have_data_is_the_rule_sets(least: int, facts: BuildingFacts, ranked: bool) -> None:
    assert score(facts, rule_set=replace(STANDARD_1, min_weight_to_rank=least)).ranked is ranked


def test_nothing_at_all_scores_nothing() -> None:
    scored = score(building(**{**EMPTY, "duties_in_use": False, "deductions": 500}))
    assert (scored.total, [one.weight for one in scored.lines]) == (0, [0] * 5)
    assert score_community(STANDARD_1, []) == []


def test_the_numbers_are_the_rule_sets() -> None:
    other = replace(
        STANDARD_1,
        version=2,
        survey_weight=0,
        star_book_weight=60_000,
        fairly_worth=500,
        prior_weight=0,
        min_answers=1,
        duties_for_full_marks=3,
        deduction_cap=1_000,
    )
    scored = score(building(1, deductions=2_000, **visits(1, 1, 0, 1, 1)), building(2), rule_set=other)
    assert [one.points for one in scored.lines] == [0, 54_000, 24_000, 10_000, -1_000]
    assert {one.rule_version for one in scored.lines} == {2}
    with_nothing_weighed = building(
        **{**EMPTY, "ballots": 20, "survey_got": 1, "survey_of": 200, "duties_in_use": False}
    )
    assert score(with_nothing_weighed, rule_set=other).total == 0
