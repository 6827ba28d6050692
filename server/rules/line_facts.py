"""What the integers of a score line's `facts` mean: one layout for each rule and the version it began with.

Facts are kept as bare integers in this order (20,000 buildings are settled at once and kept for years). A layout is
never edited: when a rule comes to need other facts it gets a new entry with the version that brought them.
"""

from collections.abc import Mapping, Sequence

from models.enums import Component

_WEIGHT = ("base_weight", "weight_with_data", "missing")  # missing: sum of MISSING_BITS of the components without data

MISSING_BITS: dict[Component, int] = {
    Component.SURVEY: 1,
    Component.STAR_BOOK: 2,
    Component.CASE_HANDLING: 4,
    Component.DUTIES: 8,
}

# (rule id, first version) → names. `community_…` are sums over all the community's answers to that question.
LAYOUTS: dict[tuple[str, int], tuple[str, ...]] = {
    ("standard-1/survey", 1): (
        *_WEIGHT,
        "ballots",
        "eligible",
        "got",  # 0 when thin: too few ballots to be shown without pointing at people
        "of",
        "community_got",
        "community_of",
        "prior",
        "min_ballots",
        "min_percent",
    ),
    ("standard-1/star_book", 1): (*_WEIGHT, "inspections", "got", "of"),
    ("standard-1/case_handling", 1): (
        *_WEIGHT,
        "contacted",
        "contacted_of",
        "community_contacted",
        "community_contacted_of",
        "solved",
        "solved_of",
        "community_solved",
        "community_solved_of",
        "satisfied",
        "fairly",
        "satisfaction_of",
        "community_satisfaction",  # thousandths of an answer: satisfied 1000, fairly `fairly_worth`
        "community_satisfaction_of",
        "rework",
        "contacted_part",
        "solved_part",
        "satisfied_part",
        "fairly_worth",
        "prior",
        "min_answers",
    ),
    ("standard-1/duties", 1): (*_WEIGHT, "duties", "full", "in_use"),
    ("standard-1/deduction", 1): ("deductions", "cap", "earned"),
}


class UnknownRule(LookupError):
    """A score line names a rule this program has never known."""


def since(rule_id: str, version: int) -> tuple[str, int]:
    """The entry that covers a rule's version: (rule id, the version it began with). UnknownRule when there is none."""
    begun = [first for known, first in LAYOUTS if known == rule_id and first <= version]
    if not begun:
        raise UnknownRule(f"{rule_id} v{version}")
    return rule_id, max(begun)


def named_facts(rule_id: str, version: int, facts: Sequence[int] | Mapping[str, int]) -> dict[str, int]:
    """A line's facts by name, for people and for the API. ValueError when their number does not fit the layout."""
    if isinstance(facts, Mapping):
        return dict(facts)
    return dict(zip(LAYOUTS[since(rule_id, version)], facts, strict=True))
