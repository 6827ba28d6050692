"""From facts to rows: scoring communities, and writing their lines and standings as fast as the database takes them."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from models import ScoreLine, Standing
from models.enums import Component, StandingState
from server.core import database
from server.rules.ranking import rank
from server.rules.red_flags import propose_flags
from server.rules.rule_sets import RuleSet
from server.rules.scoring import BuildingFacts, BuildingScore, score_community

# How the stored words are written: asking an enum member for its value 100,000 times is slow.
_COMPONENTS = {component: component.value for component in Component}
_STATES = {state: state.value for state in StandingState}


class Settled(NamedTuple):
    """One community's scored month: rows without the month's id, in the order they are stored."""

    standings: list[tuple[Any, ...]]
    lines: list[tuple[Any, ...]]


_STANDING = ("building_id", "total", "state", "rank", "tied", "red_flag", "reason", "community_month_id")
_LINE = (
    "building_id",
    "component",
    "rule_id",
    "rule_version",
    "points",
    "weight",
    "thin",
    "facts",
    "community_month_id",
)


def settle(rules: RuleSet, facts: Sequence[BuildingFacts]) -> Settled:
    """Score one community: every line, every standing, and the proposed red flags."""
    scores = score_community(rules, facts)
    places = rank(scores)
    flags = {flag.building_id: flag.reason for flag in propose_flags(places, scores, rules)}
    standings = [
        (
            place.building_id,
            place.total,
            _STATES[place.state],
            place.rank,
            int(place.tied),
            int(place.building_id in flags),
            flags.get(place.building_id, place.reason),
        )
        for place in sorted(places)
    ]
    return Settled(standings, _lines(scores))


def _lines(scores: Iterable[BuildingScore]) -> list[tuple[Any, ...]]:
    """In the order of the table's key: what arrives in order is stored a quarter faster."""
    # Integers only, so the text of the list is JSON, at a third of the cost of json.dumps.
    return sorted(
        (building_id, _COMPONENTS[component], rule_id, version, points, weight, int(thin), str(list(facts)))
        for building_id, _, _, _, lines in scores
        for component, rule_id, version, points, weight, thin, facts in lines
    )


def write(months: Iterable[tuple[int, Settled]]) -> None:
    """Store the rows of months that have none yet: pairs of a month's id and what was settled."""
    settled = list(months)
    database.load(Standing, _STANDING, [(*row, month) for month, rows in settled for row in rows.standings])
    database.load(ScoreLine, _LINE, [(*row, month) for month, rows in settled for row in rows.lines])
