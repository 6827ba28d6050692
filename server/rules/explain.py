"""Every point explains itself (design §1, §6): a score line's sentences, from nothing but the line.

A sealed line keeps its rule id, version and facts; the words are told again from them whenever somebody opens it. So a
renderer is never removed: a rule that changes gets a new entry under the version it changes with.
"""

from collections.abc import Callable, Sequence

from server.rules import standard_1, standard_1_cases
from server.rules.decision import Explanation
from server.rules.line_facts import named_facts, since
from server.rules.scoring import Line

Renderer = Callable[[dict[str, int], int, int, bool], Explanation]

# (rule id, first version) → renderer of (facts by name, points, weight, thin); the same keys as line_facts.LAYOUTS.
RENDERERS: dict[tuple[str, int], Renderer] = {
    ("standard-1/survey", 1): standard_1.survey,
    ("standard-1/star_book", 1): standard_1.star_book,
    ("standard-1/case_handling", 1): standard_1_cases.case_handling,
    ("standard-1/duties", 1): standard_1.duties,
    ("standard-1/deduction", 1): standard_1.deduction,
}


def explain(line: Line) -> Explanation:
    """The line in plain Chinese. Its last step, done on a calculator and rounded once, gives the line's points.

    UnknownRule (a LookupError) when no renderer was ever written for the line's rule and version.
    """
    facts = named_facts(line.rule_id, line.rule_version, line.facts)
    return RENDERERS[since(line.rule_id, line.rule_version)](facts, line.points, line.weight, line.thin)


def best_hint(lines: Sequence[Line]) -> str:
    """What would raise the line with the most points still to win; "" when there is none with data."""
    open_lines = [line for line in lines if not line.thin and line.weight > line.points >= 0]
    if not open_lines:
        return ""
    return explain(max(open_lines, key=lambda line: line.weight - line.points)).would_raise
