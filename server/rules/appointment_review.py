"""When an appointment review (调整评议) with a support plan is opened (design §6). People decide what comes of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from server.rules.calendar import Month, previous, say_month

MONTHS_IN_LAST_PLACE = 3
FEWEST_BUILDINGS = 3  # being last of two says nothing


@dataclass(frozen=True, slots=True)
class PastStanding:
    """A building's place in one month. `rank`: None when its data were thin; `worst_rank`: the community's lowest."""

    month: Month
    sealed: bool
    rank: int | None
    worst_rank: int
    ranked_buildings: int

    @property
    def last(self) -> bool:
        """Last place with enough data: nobody ranked below, somebody above, of at least three ranked buildings."""
        enough = self.rank is not None and self.ranked_buildings >= FEWEST_BUILDINGS
        return enough and self.sealed and self.rank == self.worst_rank and self.rank != 1


@dataclass(frozen=True, slots=True)
class Review:
    """Whether a review is to be opened, and why."""

    needed: bool
    reason: str

    def __bool__(self) -> bool:
        return self.needed


def needs_review(history: Sequence[PastStanding]) -> Review:
    """Whether the latest three sealed months, one after another, were all last places with enough data (design §6).

    `history`: the building's months under the same head, in any order; months before her term are not hers. A month
    with thin data, not sealed, or missing breaks the row, in her favour. A shared last place is a last place.
    """
    sealed = sorted((standing for standing in history if standing.sealed), key=lambda standing: -standing.month)
    latest = sealed[:MONTHS_IN_LAST_PLACE]
    in_a_row = all(previous(late.month) == early.month for late, early in pairwise(latest))
    if len(latest) < MONTHS_IN_LAST_PLACE or not in_a_row:
        return Review(False, f"还没有连续{MONTHS_IN_LAST_PLACE}个已封存的考核月，不开调整评议。")
    better = [standing for standing in latest if not standing.last]
    if better:
        return Review(False, f"{say_month(better[0].month)}不是末位，或者数据不足、参评楼栋太少，不开调整评议。")
    months = "、".join(say_month(standing.month) for standing in reversed(latest))
    return Review(True, f"{months}都排在末位，请社区开一次调整评议，先商量怎么帮一把，再决定是否调整。")
