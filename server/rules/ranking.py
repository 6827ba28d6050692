"""Who stands where in a community's month (design §6): competition ranking, ties are ties, thin data never rank."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from models.enums import StandingState
from server.rules.amounts import show_points
from server.rules.scoring import BuildingScore


class Standing(NamedTuple):
    """A building's place. `rank` 1 is best, equal totals share it (1, 2, 2, 4); None when data are thin."""

    building_id: int
    rank: int | None
    tied: bool
    state: StandingState
    total: int
    reason: str


def rank(scores: Sequence[BuildingScore]) -> list[Standing]:
    """One community's buildings, best first; then those with thin data by id, without a rank: none is last.

    Nothing but the total decides a rank; the tie-break order of the rule set is for the red flag only.
    """
    ranked = sorted((-score.total, score.building_id) for score in scores if score.ranked)
    sharing = Counter(total for total, _ in ranked)
    field = f"分，在参与排名的{len(ranked)}栋楼里排第"
    standings: list[Standing] = []
    place, before = 0, None
    for position, (negative, building_id) in enumerate(ranked, start=1):
        if negative != before:
            place, before = position, negative
        others = sharing[negative] - 1
        shared = f"，与另外{others}栋并列。" if others else "。"
        reason = f"总分{show_points(-negative)}{field}{place}名{shared}"
        standings.append(Standing(building_id, place, others > 0, StandingState.RANKED, -negative, reason))
    thin = sorted((score for score in scores if not score.ranked), key=lambda score: score.building_id)
    standings += [
        Standing(score.building_id, None, False, StandingState.THIN, score.total, score.reason) for score in thin
    ]
    return standings
