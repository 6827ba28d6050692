"""How a month is scored (design §6, rule set `standard-1`): plain integers, one exact fraction a line, rounded once.

- A component without enough data is thin, not zero: its weight moves to those with data, in proportion to theirs.
- What residents answer is a sample, so it shrinks to the community's mean: share = (n·x + prior·mean) / (n + prior).
  The office's inspection looks at the whole building and the duty book lists every duty: neither is shrunk.
- Sentences are not written here: `explain` tells them from a line's facts when somebody opens the line.

Facts and lines are NamedTuples, not dataclasses: 120,000 are made for a district, at a third of the cost.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

from models.enums import Component
from server.rules.amounts import round_half_up
from server.rules.line_facts import MISSING_BITS
from server.rules.rule_sets import FULL, RuleSet

RANKED_REASON = "本月数据足够，参与排名。"
THIN_REASON = "居民测评、星级评定、诉求办理本月都没有足够的数据，不参与排名，也不算末位。"


class BuildingFacts(NamedTuple):
    """One building's month. Counts with 0 ≤ part ≤ whole (`…_of`); `deductions` is their sum in thousandths."""

    building_id: int
    ballots: int = 0
    eligible: int = 0
    survey_got: int = 0
    survey_of: int = 0
    stars_got: int = 0
    stars_of: int = 0
    inspections: int = 0
    contacted: int = 0
    contacted_of: int = 0
    solved: int = 0
    solved_of: int = 0
    satisfied: int = 0
    fairly: int = 0
    satisfaction_of: int = 0
    rework: int = 0
    duties: int = 0
    duties_in_use: bool = False
    deductions: int = 0


class Line(NamedTuple):
    """One part of a building's score. `points`, `weight` (after moving) in thousandths; `facts` as in `line_facts`."""

    component: Component
    rule_id: str
    rule_version: int
    points: int
    weight: int
    thin: bool
    facts: tuple[int, ...]


class BuildingScore(NamedTuple):
    """A building's month: `total` is exactly the sum of its lines' points, 0 … 100,000 thousandths."""

    building_id: int
    total: int
    ranked: bool
    reason: str
    lines: tuple[Line, ...]


class _Moved(NamedTuple):
    """What the components weigh when those in `missing` have no data."""

    with_data: int  # the weight they are shared over; 1 when nothing has data, for it divides
    missing: int
    ranked: bool
    survey: int
    star_book: int
    case_handling: int
    duties: int


@lru_cache(maxsize=16)
def _moved_weights(rule_set: RuleSet) -> tuple[_Moved, ...]:
    """One entry for each of the 16 sets of missing components, at the index of its MISSING_BITS."""
    bits = tuple(MISSING_BITS.values())
    table = []
    for missing in range(16):
        left = [0 if missing & bit else weight for bit, weight in zip(bits, rule_set.weights, strict=True)]
        with_data = sum(left) or 1
        moved = [round_half_up(weight * FULL, with_data) for weight in left]
        # The duty book alone never ranks a building: it is the head's own word, not the residents'.
        ranked = sum(left[:3]) >= max(rule_set.min_weight_to_rank, 1)
        table.append(_Moved(with_data, missing, ranked, *moved))
    return tuple(table)


# Writes one component's line for one building: (building, weights after moving, whether thin) → line.
_Writer = Callable[[BuildingFacts, _Moved, bool], Line]


def score_community(rule_set: RuleSet, facts: Sequence[BuildingFacts]) -> list[BuildingScore]:
    """Score every building of one community for one month, in the order given (design §6).

    All of the community's buildings must be there, for its means are taken from them. Each gets a line for survey, star
    book, case handling and duties, and one for deductions when there are any.
    """
    if not facts:
        return []
    community = BuildingFacts._make(map(sum, zip(*facts, strict=True)))
    table = _moved_weights(rule_set)
    survey, star_book = _survey(rule_set, community), _star_book(rule_set)
    case_handling, duties = _case_handling(rule_set, community), _duties(rule_set)
    min_ballots, min_percent, min_answers = rule_set.min_ballots, rule_set.min_ballots_percent, rule_set.min_answers

    scores = []
    for building in facts:
        ballots = building.ballots
        no_survey = ballots < min_ballots or ballots * 100 < min_percent * building.eligible or not building.survey_of
        no_stars = not building.inspections or not building.stars_of
        no_cases = (
            building.contacted_of < min_answers
            and building.solved_of < min_answers
            and building.satisfaction_of < min_answers
        )
        no_duties = not building.duties_in_use
        moved = table[no_survey + 2 * no_stars + 4 * no_cases + 8 * no_duties]
        lines: tuple[Line, ...] = (
            survey(building, moved, no_survey),
            star_book(building, moved, no_stars),
            case_handling(building, moved, no_cases),
            duties(building, moved, no_duties),
        )
        total = lines[0].points + lines[1].points + lines[2].points + lines[3].points
        if building.deductions:
            deduction = _deduction(rule_set, building.deductions, total)
            lines += (deduction,)
            total += deduction.points
        reason = RANKED_REASON if moved.ranked else THIN_REASON
        scores.append(BuildingScore(building.building_id, total, moved.ranked, reason, lines))
    return scores


# Every writer below: points = weight · 100,000 / weight with data · share, as one fraction, rounded once.


def _survey(rule_set: RuleSet, community: BuildingFacts) -> _Writer:
    rule_id, version, weight, prior = (
        f"{rule_set.name}/survey",
        rule_set.version,
        rule_set.survey_weight,
        rule_set.prior_weight,
    )
    all_got, all_of = community.survey_got, community.survey_of
    law = (all_got, all_of, prior, rule_set.min_ballots, rule_set.min_ballots_percent)

    def write(building: BuildingFacts, moved: _Moved, thin: bool) -> Line:
        ballots = building.ballots
        points = got = of = 0  # when thin, a handful of ballots is not shown
        if not thin:
            got, of = building.survey_got, building.survey_of
            points = round_half_up(
                weight * FULL * (ballots * got * all_of + prior * all_got * of),
                moved.with_data * of * all_of * (ballots + prior),
            )
        facts = (weight, moved.with_data, moved.missing, ballots, building.eligible, got, of, *law)
        return Line(Component.SURVEY, rule_id, version, points, moved.survey, thin, facts)

    return write


def _star_book(rule_set: RuleSet) -> _Writer:
    rule_id, version, weight = f"{rule_set.name}/star_book", rule_set.version, rule_set.star_book_weight

    def write(building: BuildingFacts, moved: _Moved, thin: bool) -> Line:
        got, of = building.stars_got, building.stars_of
        points = 0 if thin else round_half_up(weight * FULL * got, moved.with_data * of)
        facts = (weight, moved.with_data, moved.missing, building.inspections, got, of)
        return Line(Component.STAR_BOOK, rule_id, version, points, moved.star_book, thin, facts)

    return write


def _case_handling(rule_set: RuleSet, community: BuildingFacts) -> _Writer:
    rule_id, version, weight = f"{rule_set.name}/case_handling", rule_set.version, rule_set.case_handling_weight
    prior, enough, fairly_worth = rule_set.prior_weight, rule_set.min_answers, rule_set.fairly_worth
    contacted_part, solved_part, satisfied_part = rule_set.contacted_part, rule_set.solved_part, rule_set.satisfied_part
    law = (contacted_part, solved_part, satisfied_part, fairly_worth, prior, enough)
    all_contacted, all_contacted_of = community.contacted, community.contacted_of
    all_solved, all_solved_of = community.solved, community.solved_of
    all_satisfaction = 1000 * community.satisfied + fairly_worth * community.fairly
    all_satisfaction_of = community.satisfaction_of

    def write(building: BuildingFacts, moved: _Moved, thin: bool) -> Line:
        contacted, contacted_of = building.contacted, building.contacted_of
        solved, solved_of = building.solved, building.solved_of
        satisfied, fairly, satisfaction_of = building.satisfied, building.fairly, building.satisfaction_of
        # The sum of part · share over the questions with enough answers, kept as got / of, then over those parts.
        points, got, of, parts = 0, 0, 1, 0
        if contacted_of >= enough:
            parts = contacted_part
            got = contacted_part * (contacted * all_contacted_of + prior * all_contacted)
            of = all_contacted_of * (contacted_of + prior)
        if solved_of >= enough:
            parts += solved_part
            more = all_solved_of * (solved_of + prior)
            got = got * more + solved_part * (solved * all_solved_of + prior * all_solved) * of
            of *= more
        if satisfaction_of >= enough:
            parts += satisfied_part
            more = 1000 * all_satisfaction_of * (satisfaction_of + prior)
            own = (1000 * satisfied + fairly_worth * fairly) * all_satisfaction_of
            got = got * more + satisfied_part * (own + prior * all_satisfaction) * of
            of *= more
        if parts:
            points = round_half_up(weight * FULL * got, moved.with_data * parts * of)
        facts = (
            weight,
            moved.with_data,
            moved.missing,
            contacted,
            contacted_of,
            all_contacted,
            all_contacted_of,
            solved,
            solved_of,
            all_solved,
            all_solved_of,
            satisfied,
            fairly,
            satisfaction_of,
            all_satisfaction,
            all_satisfaction_of,
            building.rework,
            *law,
        )
        return Line(Component.CASE_HANDLING, rule_id, version, points, moved.case_handling, thin, facts)

    return write


def _duties(rule_set: RuleSet) -> _Writer:
    rule_id, version, weight = f"{rule_set.name}/duties", rule_set.version, rule_set.duties_weight
    full = rule_set.duties_for_full_marks

    def write(building: BuildingFacts, moved: _Moved, thin: bool) -> Line:
        done = building.duties
        points = 0 if thin else round_half_up(weight * FULL * min(done, full), moved.with_data * full)
        facts = (weight, moved.with_data, moved.missing, done, full, int(not thin))
        return Line(Component.DUTIES, rule_id, version, points, moved.duties, thin, facts)

    return write


def _deduction(rule_set: RuleSet, deductions: int, earned: int) -> Line:
    """What is taken off stops at the cap, and at what was earned, so that the total is the sum of its lines."""
    cap = rule_set.deduction_cap
    rule_id, taken = f"{rule_set.name}/deduction", min(deductions, cap, earned)
    return Line(Component.DEDUCTION, rule_id, rule_set.version, -taken, 0, False, (deductions, cap, earned))
