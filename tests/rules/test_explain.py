"""Every line explains itself: the last step, done on a calculator, gives its points."""

import ast
import json
import operator
import re
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given, settings

from models.enums import Component
from server.rules.explain import RENDERERS, best_hint, explain
from server.rules.line_facts import LAYOUTS, UnknownRule, named_facts
from server.rules.rule_sets import STANDARD_1
from server.rules.scoring import BuildingFacts, Line, score_community
from tests.rules.samples import EMPTY, building, communities, visits

C = Component


def line(component: Component, *facts: BuildingFacts) -> Line:
    """The first building's line among these."""
    return next(one for one in score_community(STANDARD_1, facts)[0].lines if one.component is component)


OPERATIONS: dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def reckon(formula: str) -> Fraction:
    """Do a written sum exactly: numbers, + - × ÷ and brackets, nothing else."""

    def value(node: ast.expr) -> Fraction:
        if isinstance(node, ast.BinOp):
            return OPERATIONS[type(node.op)](value(node.left), value(node.right))
        assert isinstance(node, ast.Constant)
        return Fraction(str(node.value))

    return value(ast.parse(formula.replace("×", "*").replace("÷", "/"), mode="eval").body)


@given(communities())
def test_the_last_step_gives_the_points(community: list[BuildingFacts]) -> None:
    for scored in score_community(STANDARD_1, community):
        for one in scored.lines:
            explanation = explain(one)
            assert explanation.reason.endswith("。")
            assert explanation.would_raise.endswith("。")
            assert not re.search(r"[{}]|None", " ".join([explanation.reason, *explanation.steps]))
            if one.thin:
                assert "数据不足" in explanation.reason
                continue
            found = re.fullmatch(r"得分：(.+) = (-?[0-9.]+)分.*", explanation.steps[-1])
            assert found
            assert Fraction(found[2]) == Fraction(one.points, 1000)
            assert floor(reckon(found[1]) * 1000 + Fraction(1, 2)) == one.points


@settings(max_examples=25)
@given(communities())
def test_a_line_read_back_from_json_tells_the_same(community: list[BuildingFacts]) -> None:
    for scored in score_community(STANDARD_1, community):
        for one in scored.lines:
            stored = one._replace(facts=tuple(json.loads(json.dumps(one.facts))))
            assert explain(stored) == explain(one)
            assert explain(one._replace(facts=named_facts(one.rule_id, one.rule_version, one.facts))) == explain(one)  # type: ignore[arg-type]


def test_case_handling_in_words() -> None:
    one = line(C.CASE_HANDLING, building(), building(2, **visits(19, 15, 8, 6, 20)))
    told = explain(one)
    assert told.reason == (
        "本月有12次有效回访，其中11次说联系过，10次说解决了，9次满意、2次基本满意（一次算0.9次，合10.8次）。"
        "这一项满分30分，得24.939分。"
    )
    assert told.would_raise == "没解决的2次里，要是有1次真正解决了，这一项大约多0.895分。"
    assert (
        told.steps[1] == "联系：12次回答里11次说联系过；全社区32次里合30次。(11 + 10 × 30 ÷ 32) ÷ 22 ≈ 92.61%，占10份。"
    )


def test_the_promised_gain_is_what_one_more_answer_brings() -> None:
    others = building(2, **visits(19, 15, 8, 6, 20))
    before = line(C.CASE_HANDLING, building(), others)
    after = line(C.CASE_HANDLING, building(solved=11), others)
    promised = re.search(r"大约多([0-9.]+)分", explain(before).would_raise)
    assert promised
    assert abs(Fraction(promised[1]) * 1000 - (after.points - before.points)) <= 1


@pytest.mark.parametrize(
    ("component", "facts", "reason", "would_raise"),
    [
        (
            C.SURVEY,
            building(),
            "本月有20张有效测评票，平均打了92%的分。这一项满分30分，得27.6分。",
            "每提高1个百分点，这一项大约多0.2分",
        ),
        (
            C.SURVEY,
            building(ballots=4, survey_got=9, survey_of=40),
            "本月收到有效测评票4张，至少要12张才计分",
            "再多收到8张",
        ),
        (C.SURVEY, building(**EMPTY, eligible=0), "本月没有开展居民测评。", "不用做什么"),
        (
            C.STAR_BOOK,
            building(),
            "社区本月检查1次，得18颗星（满分20颗）。这一项满分30分，得27分。",
            "多得1颗星，这一项就多1.5分",
        ),
        (C.STAR_BOOK, building(inspections=0), "社区本月没有登记本楼的检查。", "请社区本月安排一次检查"),
        (C.STAR_BOOK, building(stars_got=20), "得30分。", "已经拿满"),
        (C.CASE_HANDLING, building(**visits(2, 2, 2, 0, 2)), "本月有效回访2次，不足3次。", "再有1次回访"),
        (C.CASE_HANDLING, building(**visits(3, 3, 3, 0, 3)), "3次满意。这一项满分30分，得30分。", "已经拿满"),
        (
            C.CASE_HANDLING,
            building(**visits(3, 3, 0, 3, 3)),
            "0次满意、3次基本满意",
            "基本满意的3次里，要是有1次变成满意",
        ),
        (C.CASE_HANDLING, building(**visits(3, 3, 0, 0, 3)), "0次满意。", "不满意的3次里，要是有1次变成满意"),
        (C.CASE_HANDLING, building(**visits(0, 3, 3, 0, 3)), "0次说联系过", "没联系的3次里，要是有1次联系了上报人"),
        (
            C.CASE_HANDLING,
            building(satisfaction_of=0, satisfied=0, fairly=0),
            "问“联系”的12次里11次说联系过；问“解决”的",
            "没解决",
        ),
        (C.DUTIES, building(), "本月有3条已核实的履职记录，满4条拿满。", "再有1条核实的履职记录，这一项多2.5分"),
        (C.DUTIES, building(duties=4), "得10分。", "不用再多记"),
        (C.DUTIES, building(duties_in_use=False), "本月全社区都没有使用履职记录。", "不用做什么"),
        (C.DEDUCTION, building(deductions=2_500), "本月各笔扣分合计2.5分。", "提出申诉"),
        (C.DEDUCTION, building(deductions=12_000), "合计12分。一个月最多扣10分。", "提出申诉"),
        (
            C.DEDUCTION,
            building(**{**EMPTY, "duties": 0, "deductions": 500}),
            "其他各项一共得0分，扣到0分为止。",
            "提出申诉",
        ),
    ],
)
def test_what_a_head_reads(component: Component, facts: BuildingFacts, reason: str, would_raise: str) -> None:
    told = explain(line(component, facts))
    assert reason in told.reason
    assert would_raise in told.would_raise


def test_moved_weight_says_from_where() -> None:
    told = explain(line(C.STAR_BOOK, building(duties_in_use=False)))
    assert any("本月“履职记录”没有足够的数据" in step and "30 ÷ 90 × 100 ≈ 33.333分" in step for step in told.steps)
    assert told.steps[-1].startswith("得分：30 ÷ 90 × 100 × 18 ÷ 20 = 30分")


def test_a_perfect_building_learns_why_it_is_not_at_full_marks() -> None:
    told = explain(line(C.CASE_HANDLING, building(**visits(3, 3, 3, 0, 3)), building(2, **visits(0, 0, 0, 0, 9))))
    assert "来自另加的全社区平均" in told.would_raise


def test_rework_is_told_but_costs_nothing() -> None:
    with_rework, without = line(C.CASE_HANDLING, building(rework=2)), line(C.CASE_HANDLING, building())
    assert with_rework.points == without.points
    assert any("返工2次" in step for step in explain(with_rework).steps)


def test_every_rule_has_a_layout_and_a_renderer() -> None:
    assert set(RENDERERS) == set(LAYOUTS)


def test_later_versions_use_the_words_they_began_with() -> None:
    facts = [building()]
    one = score_community(replace(STANDARD_1, version=7), facts)[0].lines[0]
    assert explain(one) == explain(score_community(STANDARD_1, facts)[0].lines[0])


@pytest.mark.parametrize(("rule_id", "version"), [("standard-9/survey", 1), ("standard-1/survey", 0)])
def test_an_unknown_rule_is_told_as_such(rule_id: str, version: int) -> None:
    one = line(C.SURVEY, building())._replace(rule_id=rule_id, rule_version=version)
    with pytest.raises(UnknownRule, match=rule_id):
        explain(one)


def test_facts_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        named_facts("standard-1/duties", 1, [1, 2])


def test_the_best_hint_is_where_most_is_to_win() -> None:
    lines = score_community(STANDARD_1, [building(stars_got=2)])[0].lines
    assert best_hint(lines) == explain(lines[1]).would_raise
    full = building(survey_got=200, stars_got=20, duties=4, deductions=1_000, **visits(3, 3, 3, 0, 3))
    assert best_hint(score_community(STANDARD_1, [full])[0].lines) == ""
