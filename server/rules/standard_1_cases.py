"""The words of `standard-1` for case handling: the three answers of the return visits, each checked by hand."""

from dataclasses import dataclass
from fractions import Fraction

from server.rules.amounts import round_half_up, show_percent, show_points
from server.rules.decision import Explanation
from server.rules.rule_sets import FULL
from server.rules.standard_1 import best_already, moved, scored, thin_note, total_step, worth


@dataclass(frozen=True, slots=True)
class _Question:
    """One of the three. `got` and the community's `all_got` in thousandths of an answer; `of`, `all_of` in answers."""

    name: str
    part: int
    got: int
    of: int
    all_got: int
    all_of: int
    told: str  # the building's own answers in words
    better: str  # the change that would help most, in words; "" when there is none
    by: int  # and by how much it would raise `got`

    def term(self, prior: int) -> str:
        """The share as a formula: own answers and the community's mean laid under them."""
        own, mean = show_points(self.got), f"{prior} × {show_points(self.all_got)} ÷ {self.all_of}"
        return f"({own} + {mean}) ÷ {self.of + prior}"

    def share(self, prior: int, by: int = 0) -> Fraction:
        """The share, exactly; `by` thousandths better if asked."""
        mean = Fraction(self.all_got + by, 1000 * self.all_of)
        return Fraction(Fraction(self.got + by, 1000) + prior * mean, self.of + prior)


def case_handling(f: dict[str, int], points: int, weight: int, thin: bool) -> Explanation:
    """诉求办理."""
    enough, prior = f["min_answers"], f["prior"]
    questions = _questions(f)
    counted = [question for question in questions if question.of >= enough]
    if thin:
        most = max(question.of for question in questions)
        more = f"再有{enough - most}次回访得到回答，这一项就参加计分。办好以后，告诉上报人可以评价一下。"
        return Explanation(
            f"本月有效回访{most}次，不足{enough}次。{thin_note(f)}", more, [f"{most}次，不到{enough}次。"]
        )
    parts = sum(question.part for question in counted)
    steps = [f"回访少的时候，一两次就会让分数大起大落，所以每一问都另加{prior}次“全社区平均”一起算。"]
    for question in questions:
        steps.append(_step(question, enough, prior))
    share = Fraction(sum(question.part * question.share(prior) for question in counted), parts)
    shares = " + ".join(f"{question.part} × {_percent(question.share(prior))}" for question in counted)
    steps.append(f"合起来：({shares}) ÷ {parts} ≈ {_percent(share)}。")
    steps += moved(f, weight)
    if f["rework"]:
        steps.append(f"其中返工{f['rework']}次，不另外扣分，只在总分相同时用来比先后。")
    terms = " + ".join(f"{question.part} × {question.term(prior)}" for question in counted)
    steps.append(total_step(f"{worth(f)} × ({terms}) ÷ {parts}", points))
    return Explanation(f"{_told(questions)}{scored(points, weight)}", _better(f, counted, points, weight), steps)


def _questions(f: dict[str, int]) -> tuple[_Question, _Question, _Question]:
    satisfied, fairly, asked = f["satisfied"], f["fairly"], f["satisfaction_of"]
    got = 1000 * satisfied + f["fairly_worth"] * fairly
    away, unsolved, neither = (
        f["contacted_of"] - f["contacted"],
        f["solved_of"] - f["solved"],
        asked - satisfied - fairly,
    )
    fairly_told = (
        f"、{fairly}次基本满意（一次算{show_points(f['fairly_worth'])}次，合{show_points(got)}次）" if fairly else ""
    )
    if neither:
        better, by = f"不满意的{neither}次里，要是有1次变成满意", 1000
    else:
        better, by = f"基本满意的{fairly}次里，要是有1次变成满意", 1000 - f["fairly_worth"]
    return (
        _Question(
            "联系",
            f["contacted_part"],
            1000 * f["contacted"],
            f["contacted_of"],
            1000 * f["community_contacted"],
            f["community_contacted_of"],
            f"{f['contacted']}次说联系过",
            f"没联系的{away}次里，要是有1次联系了上报人" if away else "",
            1000,
        ),
        _Question(
            "解决",
            f["solved_part"],
            1000 * f["solved"],
            f["solved_of"],
            1000 * f["community_solved"],
            f["community_solved_of"],
            f"{f['solved']}次说解决了",
            f"没解决的{unsolved}次里，要是有1次真正解决了" if unsolved else "",
            1000,
        ),
        _Question(
            "满意",
            f["satisfied_part"],
            got,
            asked,
            f["community_satisfaction"],
            f["community_satisfaction_of"],
            f"{satisfied}次满意{fairly_told}",
            better if satisfied < asked and by else "",
            by,
        ),
    )


def _step(question: _Question, enough: int, prior: int) -> str:
    name, of, part = question.name, question.of, question.part
    if of < enough:
        return f"{name}：只有{of}次回答，不足{enough}次，这一问不算，它的{part}份按比例分给其他的问。"
    community = f"全社区{question.all_of}次里合{show_points(question.all_got)}次"
    reckoned = f"{question.term(prior)} ≈ {_percent(question.share(prior))}"
    return f"{name}：{of}次回答里{question.told}；{community}。{reckoned}，占{part}份。"


def _percent(share: Fraction) -> str:
    return show_percent(share.numerator, share.denominator, 2)


def _told(questions: tuple[_Question, ...]) -> str:
    """The answers in one sentence; each with its own count when they were not all answered equally often."""
    if len({question.of for question in questions}) == 1:
        return f"本月有{questions[0].of}次有效回访，其中{'，'.join(question.told for question in questions)}。"
    each = (f"问“{question.name}”的{question.of}次里{question.told}" for question in questions if question.of)
    return f"本月的回访，{'；'.join(each)}。"


def _better(f: dict[str, int], counted: list[_Question], points: int, weight: int) -> str:
    """The one answer that, had it been better, would have raised the line most."""
    prior, parts = f["prior"], sum(question.part for question in counted)

    def gain(question: _Question) -> Fraction:
        return question.part * (question.share(prior, question.by) - question.share(prior))

    possible = [question for question in counted if question.better]
    if not possible:
        return best_already(points, weight, "回访答案")
    best = max(possible, key=gain)
    more = Fraction(gain(best) * f["base_weight"] * FULL, parts * f["weight_with_data"])
    return f"{best.better}，这一项大约多{show_points(round_half_up(more.numerator, more.denominator))}分。"
