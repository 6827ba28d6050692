"""The travelling red flag (流动红旗): proposed for the best buildings, awarded by people (design §4, §6)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from models.enums import Component
from server.rules.line_facts import named_facts
from server.rules.ranking import Standing
from server.rules.rule_sets import RuleSet
from server.rules.scoring import BuildingScore, Line

_Key = tuple[Fraction, ...]  # the total, then the tie-break order; higher is better


@dataclass(frozen=True, slots=True)
class Flag:
    """One building proposed for the flag, and why."""

    building_id: int
    reason: str


def propose_flags(standings: Sequence[Standing], scores: Sequence[BuildingScore], rule_set: RuleSet) -> list[Flag]:
    """The best buildings of one community's month, `rule_set.flags` of them, best first (design §6).

    Equal totals are compared by the rule set's tie-break order; buildings still equal all hold the flag, so there may
    be more. A building with thin data never holds it.
    """
    ranked = sorted(
        (standing for standing in standings if standing.rank is not None),
        key=lambda standing: (-standing.total, standing.building_id),
    )
    if not ranked:
        return []
    last_total = ranked[: rule_set.flags][-1].total
    contenders = [standing for standing in ranked if standing.total >= last_total]  # only these need comparing
    score_of = {score.building_id: score for score in scores}
    keys: dict[int, _Key] = {
        standing.building_id: (Fraction(standing.total), *_tie_keys(score_of[standing.building_id], rule_set))
        for standing in contenders
    }
    contenders.sort(key=lambda standing: keys[standing.building_id], reverse=True)
    last_to_hold = keys[contenders[: rule_set.flags][-1].building_id]
    return [
        Flag(standing.building_id, standing.reason + _how_tie_was_broken(standing, contenders, keys, rule_set))
        for standing in contenders
        if keys[standing.building_id] >= last_to_hold
    ]


def _tie_keys(score: BuildingScore, rule_set: RuleSet) -> list[Fraction]:
    return [TIE_KEYS[word](score) for word in rule_set.tie_break]


def _how_tie_was_broken(
    standing: Standing,
    contenders: Sequence[Standing],
    keys: dict[int, _Key],
    rule_set: RuleSet,
) -> str:
    """A sentence for a building that shares its total with others; "" when nothing had to be compared."""
    own = keys[standing.building_id]
    rivals = [
        keys[other.building_id]
        for other in contenders
        if other.total == standing.total and other.building_id != standing.building_id
    ]
    if not rivals:
        return ""
    order = "、".join(TIE_WORDS[word] for word in rule_set.tie_break)
    if own in rivals:
        return f"依次比{order}也都相同，同时得旗。"
    return f"总分相同时依次比{order}。"


def _line(score: BuildingScore, component: Component) -> Line:
    return next(line for line in score.lines if line.component is component)


def _case_facts(score: BuildingScore) -> dict[str, int]:
    line = _line(score, Component.CASE_HANDLING)
    return named_facts(line.rule_id, line.rule_version, line.facts)


def _solved_share(score: BuildingScore) -> Fraction:
    """Solved of the return visits that answered it; below any share when they are too few: thin data never win a tie."""
    facts = _case_facts(score)
    enough = facts["solved_of"] >= facts["min_answers"]
    return Fraction(facts["solved"], facts["solved_of"]) if enough else Fraction(-1)


# The words a rule set's tie-break order may use; higher is better.
TIE_KEYS: dict[str, Callable[[BuildingScore], Fraction]] = {
    "solved_share": _solved_share,
    "star_book": lambda score: Fraction(_line(score, Component.STAR_BOOK).points),
    "rework": lambda score: Fraction(-_case_facts(score)["rework"]),
}
TIE_WORDS = {"solved_share": "解决率", "star_book": "星级评定得分", "rework": "返工少"}
