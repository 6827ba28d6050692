"""The law of a month as data (design §6): `standard-1`, versioned, valid from a month's start.

`name` says which way of reckoning (this program must know it), `version` which numbers. A version is never edited:
change a number, raise the version, and name the month it begins with.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from itertools import combinations

from server.rules.amounts import round_half_up
from server.rules.calendar import Month, parse_month, show_month

KNOWN_NAMES = frozenset({"standard-1"})
TIE_BREAKS = frozenset({"solved_share", "star_book", "rework"})
FULL = 100_000  # thousandths: what all components together are worth


class RuleSetError(ValueError):
    """A rule set that cannot be law; `problems` lists every fault in Chinese."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("；".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Every number of a month's law. Weights and points in thousandths, parts and shares in whole percent."""

    name: str = "standard-1"
    version: int = 1
    valid_from: Month = 200001
    survey_weight: int = 30_000
    star_book_weight: int = 30_000
    case_handling_weight: int = 30_000
    duties_weight: int = 10_000
    deduction_cap: int = 10_000
    contacted_part: int = 10  # percent of case handling
    solved_part: int = 50
    satisfied_part: int = 40
    fairly_worth: int = 900  # "fairly satisfied" in thousandths of "satisfied"
    min_ballots: int = 5  # fewer is thin
    min_ballots_percent: int = 20  # of the eligible; fewer is thin
    min_answers: int = 3  # to one question of the return visit; fewer is thin
    prior_weight: int = 10  # answers of the community's mean laid under each building's own
    min_weight_to_rank: int = 30_000  # of survey, star book and case handling with data; duties alone never rank
    stars_max: int = 5
    duties_for_full_marks: int = 4
    flags: int = 2
    tie_break: tuple[str, ...] = ("solved_share", "star_book", "rework")

    def __post_init__(self) -> None:
        if problems := _problems(self):
            raise RuleSetError(problems)

    @property
    def weights(self) -> tuple[int, int, int, int]:
        """Survey, star book, case handling, duties: thousandths, together 100,000."""
        return self.survey_weight, self.star_book_weight, self.case_handling_weight, self.duties_weight


def to_json(rule_set: RuleSet) -> str:
    """The rule set as one JSON object, keys in the order of the class, the month as "YYYY-MM"."""
    return json.dumps({**asdict(rule_set), "valid_from": show_month(rule_set.valid_from)}, ensure_ascii=False)


def from_json(text: str) -> RuleSet:
    """The rule set written by `to_json`. Every field must be there and nothing else; RuleSetError lists all faults."""
    try:
        body = json.loads(text)
    except ValueError:
        raise RuleSetError(["规则不是合法的 JSON。"]) from None
    if not isinstance(body, dict):
        raise RuleSetError(["规则应是一个 JSON 对象。"])
    names = [field.name for field in fields(RuleSet)]
    problems = [f"缺少“{name}”" for name in names if name not in body]
    problems += [f"不认识“{name}”" for name in body if name not in names]
    if problems:
        raise RuleSetError(problems)
    if not isinstance(body["valid_from"], str) or not _is_list_of_words(body["tie_break"]):
        raise RuleSetError(["“valid_from”要写成“2026-10”，“tie_break”要写成一列词"])
    try:
        month = parse_month(body["valid_from"])
    except ValueError as wrong:
        raise RuleSetError([f"“valid_from”：{wrong}"]) from None
    return RuleSet(**{**body, "valid_from": month, "tie_break": tuple(body["tie_break"])})


def rule_set_for(month: Month, rule_sets: Iterable[RuleSet]) -> RuleSet:
    """The law of a month: of those already valid the latest begun, then the highest version. LookupError if none is."""
    valid = [rule_set for rule_set in rule_sets if rule_set.valid_from <= month]
    if not valid:
        raise LookupError(f"{show_month(month)}还没有可用的计分规则。")
    return max(valid, key=lambda rule_set: (rule_set.valid_from, rule_set.version))


def _problems(rule_set: RuleSet) -> list[str]:
    """All faults; numbers are looked at only when every field has its type."""
    numbers = {field.name: getattr(rule_set, field.name) for field in fields(rule_set) if field.type is int}
    wrong = [f"“{name}”应是整数" for name, value in numbers.items() if type(value) is not int]
    wrong += [f"“{name}”不能是负数" for name, value in numbers.items() if type(value) is int and value < 0]
    if wrong:
        return wrong
    at_least_one = ("version", "min_ballots", "min_answers", "duties_for_full_marks", "stars_max", "flags")
    wrong = [f"“{name}”至少是1" for name in at_least_one if numbers[name] < 1]
    if not 1 <= rule_set.valid_from % 100 <= 12:
        wrong.append("“valid_from”不是一个月份")
    if rule_set.name not in tuple(KNOWN_NAMES):
        wrong.append(f"这一版程序不会按“{rule_set.name}”算分")
    if sum(rule_set.weights) != FULL:
        wrong.append("四项分值加起来应是100分（100000）")
    elif _overflows(rule_set.weights):
        wrong.append("这组分值在数据不足而移动时，四舍五入后会超过100分，请换一组")
    if rule_set.contacted_part + rule_set.solved_part + rule_set.satisfied_part != 100:
        wrong.append("联系、解决、满意三部分加起来应是100")
    if 0 in (rule_set.contacted_part, rule_set.solved_part, rule_set.satisfied_part):
        wrong.append("联系、解决、满意三部分都要大于0")
    if rule_set.fairly_worth > 1000 or rule_set.min_ballots_percent > 100:
        wrong.append("“fairly_worth”最多1000，“min_ballots_percent”最多100")
    if rule_set.min_weight_to_rank > FULL or rule_set.deduction_cap > FULL:
        wrong.append("“min_weight_to_rank”和“deduction_cap”最多100000")
    if not set(rule_set.tie_break) <= TIE_BREAKS or len(set(rule_set.tie_break)) != len(rule_set.tie_break):
        wrong.append(f"“tie_break”只能从{'、'.join(sorted(TIE_BREAKS))}里选，不重复")
    return wrong


def _is_list_of_words(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)


def _overflows(weights: tuple[int, ...]) -> bool:
    """Whether full marks in some set of components with data would round to more than 100 points."""
    present = [weight for weight in weights if weight]
    sets = (chosen for size in range(1, len(present) + 1) for chosen in combinations(present, size))
    return any(sum(round_half_up(weight * FULL, sum(chosen)) for weight in chosen) > FULL for chosen in sets)


STANDARD_1 = RuleSet()
