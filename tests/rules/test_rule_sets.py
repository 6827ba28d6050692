import json
from dataclasses import replace

import pytest

from server.rules.rule_sets import STANDARD_1, RuleSet, RuleSetError, from_json, rule_set_for, to_json

BODY = json.loads(to_json(STANDARD_1))


def test_standard_1_is_the_design() -> None:
    assert STANDARD_1.weights == (30_000, 30_000, 30_000, 10_000)
    assert (STANDARD_1.contacted_part, STANDARD_1.solved_part, STANDARD_1.satisfied_part) == (10, 50, 40)
    assert (STANDARD_1.min_ballots, STANDARD_1.min_ballots_percent, STANDARD_1.min_answers) == (5, 20, 3)
    assert (STANDARD_1.fairly_worth, STANDARD_1.prior_weight, STANDARD_1.deduction_cap) == (900, 10, 10_000)


def test_survives_json() -> None:
    changed = replace(STANDARD_1, version=3, valid_from=202611, flags=1, tie_break=("rework",))
    assert from_json(to_json(changed)) == changed
    assert BODY["valid_from"] == "2000-01"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"survey_weight": 40_000}, "加起来应是100分"),
        ({"survey_weight": 30.0}, "“survey_weight”应是整数"),
        ({"flags": True}, "“flags”应是整数"),
        ({"version": "1"}, "“version”应是整数"),
        ({"prior_weight": -1}, "不能是负数"),
        ({"version": 0}, "“version”至少是1"),
        ({"min_answers": 0}, "“min_answers”至少是1"),
        ({"solved_part": 60}, "加起来应是100"),
        ({"contacted_part": 0, "solved_part": 60}, "都要大于0"),
        ({"fairly_worth": 1001}, "“fairly_worth”最多1000"),
        ({"deduction_cap": 100_001}, "最多100000"),
        ({"tie_break": ["luck"]}, "“tie_break”只能从"),
        ({"tie_break": ["rework", "rework"]}, "不重复"),
        ({"tie_break": "rework"}, "一列词"),
        ({"tie_break": [[]]}, "一列词"),
        ({"valid_from": "2026-13"}, "月份要写成"),
        ({"valid_from": 202610}, "“valid_from”要写成"),
        ({"name": "standard-9"}, "不会按“standard-9”算分"),
        ({"name": []}, "不会按"),
        ({"bonus": 1}, "不认识“bonus”"),
    ],
)
def test_what_cannot_be_law_is_refused_in_words(change: dict[str, object], says: str) -> None:
    with pytest.raises(RuleSetError, match=says):
        from_json(json.dumps({**BODY, **change}))


@pytest.mark.parametrize("text", ["", "[]", "1", "{"])
def test_only_an_object_is_a_rule_set(text: str) -> None:
    with pytest.raises(RuleSetError):
        from_json(text)


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(RuleSetError) as caught:
        from_json(json.dumps({**BODY, "version": 0, "survey_weight": 1, "name": "x"}))
    assert len(caught.value.problems) == 3
    with pytest.raises(RuleSetError, match="缺少“flags”"):
        from_json(json.dumps({name: value for name, value in BODY.items() if name != "flags"}))


def test_weights_that_could_round_past_a_hundred_are_refused() -> None:
    # With the last missing, 1, 1 and 4 sixths of 100,000 round up to 16,667 + 16,667 + 66,667.
    with pytest.raises(RuleSetError, match="超过100分"):
        replace(STANDARD_1, survey_weight=1, star_book_weight=1, case_handling_weight=4, duties_weight=99_994)


def test_the_law_of_a_month_is_the_latest_begun() -> None:
    old, new = STANDARD_1, replace(STANDARD_1, version=2, valid_from=202611)
    corrected = replace(new, version=3)
    assert rule_set_for(202610, [new, old]) == old
    assert rule_set_for(202611, [old, new]) == new
    assert rule_set_for(202701, [corrected, new, old]) == corrected
    with pytest.raises(LookupError, match="1999-12"):
        rule_set_for(199912, [old, new])


def test_is_frozen() -> None:
    with pytest.raises(AttributeError):
        STANDARD_1.version = 2  # type: ignore[misc]
    assert isinstance(hash(STANDARD_1), int)
    assert RuleSet() == STANDARD_1
