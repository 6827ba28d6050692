"""How a month is scored (design §6, rule set `standard-1`): plain integers, one exact fraction a line, rounded once.

- A component without enough data is thin, not zero: its weight moves to those with data, in proportion to their weights.
- What residents answer is a sample, so it shrinks to the community's mean: share = (n·x + prior·mean) / (n + prior).
  The office's inspection looks at the whole building and the duty book lists every duty: neither is shrunk.
- Sentences are not written here: `explain` tells them from a line's facts when somebody opens the line.

Facts and lines are NamedTuples, not dataclasses: 120,000 are made for a district, at a third of the cost.
"""

from collections.abc import Sequence
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
    """One part of a building's score. `points`, `weight` (after moving) in thousandths; `facts` laid out in line_facts."""

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


def score_community(rule_set: RuleSet, facts: Sequence[BuildingFacts]) -> list[BuildingScore]:
    """Score every building of one community for one month, in the order given (design §6).

    All of the community's buildings must be there, for its means are taken from them. Each has a line for survey, star
    book, case handling and duties, and one for deductions when there are any.
    """
    if not facts:
        return []
    columns = BuildingFacts._make(zip(*facts, strict=True))  # type: ignore[arg-type]
    return []
