"""How an office's existing ledger (台账) reads: which column is which, and what its words mean.

A mapping is data: a JSON object kept beside the ledger. What it does not say, the usual Chinese headings and words say.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, TypeVar, cast
from zoneinfo import ZoneInfo

from models.enums import IssueCategory, IssueState, Satisfaction, Word

BY_DUE: Literal["by_due"] = "by_due"
Contacted = bool | Literal["by_due"] | None
FIELDS = ("number", "time", "due", "closed", "category", "place", "text", "outcome")
REQUIRED = ("number", "time", "place")
# A ledger knows nothing of the steps in between, and a reopened issue there is simply one in progress.
LEDGER_STATES = frozenset(IssueState) - {IssueState.ACCEPTED, IssueState.REOPENED}


class MappingError(ValueError):
    """A mapping that cannot be used; `problems` lists every fault in Chinese."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("；".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one of the ledger's outcome words means: the state, and the reporter's three answers where it tells them.

    `contacted` "by_due": yes when it was closed in time, no when late, unknown without a due or closing time.
    """

    state: IssueState
    contacted: Contacted = None
    solved: bool | None = None
    satisfaction: Satisfaction | None = None


# "办结" is the office's own word. Without the reporter's word it is an end in silence, never counted as solved.
_SILENT = Outcome(IssueState.CLOSED_SILENT)
_SOLVED = Outcome(IssueState.CONFIRMED, None, True, None)
_SATISFIED = Outcome(IssueState.CONFIRMED, True, True, Satisfaction.SATISFIED)
_FAIRLY = Outcome(IssueState.CONFIRMED, True, True, Satisfaction.FAIRLY)
_UNSATISFIED = Outcome(IssueState.RESOLVED, True, None, Satisfaction.UNSATISFIED)
_OPEN = Outcome(IssueState.REPORTED)
_BUSY = Outcome(IssueState.IN_PROGRESS)

_COLUMNS: dict[str, tuple[str, ...]] = {
    "number": ("编号", "工单号", "工单编号", "受理编号", "诉求编号", "序号"),
    "time": ("受理时间", "上报时间", "登记时间", "诉求时间", "来电时间", "受理日期", "上报日期", "登记日期"),
    "due": ("截止时间", "办理期限", "办结期限", "办理时限", "截止日期", "要求办结时间"),
    "closed": ("办结时间", "完成时间", "结案时间", "办结日期", "完成日期", "销号时间"),
    "category": ("类别", "问题类型", "诉求类型", "诉求类别", "问题类别", "类型", "分类"),
    "place": ("楼栋", "地点", "楼栋/地点", "地址", "问题地点", "事发地点", "诉求地点"),
    "text": ("内容", "诉求内容", "问题描述", "主要内容", "反映内容", "诉求", "标题"),
    "outcome": ("结果", "办理结果", "状态", "办理状态", "办理情况", "回访结果", "满意度"),
}
_TIME_FORMATS = (
    *("YYYY-MM-DD HH:MM:SS", "YYYY-MM-DD HH:MM", "YYYY-MM-DD"),
    *("YYYY/M/D H:MM:SS", "YYYY/M/D H:MM", "YYYY/M/D"),
    *("YYYY年M月D日 H:MM:SS", "YYYY年M月D日 H:MM", "YYYY年M月D日H时MM分", "YYYY年M月D日"),
    *("YYYY.M.D H:MM", "YYYY.M.D"),
)
_CATEGORIES: dict[str, IssueCategory] = {
    **{category.zh: category for category in IssueCategory},
    **dict.fromkeys(("漏水", "渗水", "水管漏水", "房屋漏水"), IssueCategory.LEAK),
    **dict.fromkeys(("停电", "用电", "供电"), IssueCategory.POWER),
    **dict.fromkeys(("电梯故障", "电梯问题"), IssueCategory.LIFT),
    **dict.fromkeys(("下水道", "管道堵塞", "下水道堵塞"), IssueCategory.SEWER),
    **dict.fromkeys(("照明", "路灯", "楼道灯"), IssueCategory.LIGHTING),
    **dict.fromkeys(("卫生", "垃圾", "环境卫生", "保洁"), IssueCategory.CLEANING),
    **dict.fromkeys(("堆物", "杂物堆放", "楼道杂物"), IssueCategory.CLUTTER),
    **dict.fromkeys(("消防", "消防通道", "消防隐患"), IssueCategory.FIRE_SAFETY),
    **dict.fromkeys(("停车", "乱停车", "占道停车"), IssueCategory.PARKING),
    **dict.fromkeys(("噪音", "噪声", "扰民", "噪声扰民"), IssueCategory.NOISE),
    **dict.fromkeys(("纠纷", "矛盾纠纷", "邻里矛盾"), IssueCategory.NEIGHBOUR),
    **dict.fromkeys(("门禁", "治安", "安全防范"), IssueCategory.SECURITY),
    **dict.fromkeys(("绿化", "树木"), IssueCategory.GREENERY),
    **dict.fromkeys(("养狗", "犬只", "养犬"), IssueCategory.PETS),
    **dict.fromkeys(("帮扶", "困难帮扶", "养老"), IssueCategory.CARE),
    **dict.fromkeys(("代办", "帮办"), IssueCategory.ERRAND),
}
_OUTCOMES: dict[str, Outcome] = {
    **dict.fromkeys(("待受理", "未受理", "新建", "待处理", "待办"), _OPEN),
    **dict.fromkeys(("已受理", "办理中", "处理中", "进行中", "在办"), _BUSY),
    **dict.fromkeys(("已办结", "办结", "已完成", "完成", "已处理", "结案", "已结案"), _SILENT),
    **dict.fromkeys(("已销号", "销号", "已解决"), _SOLVED),
    **dict.fromkeys(("满意", "非常满意"), _SATISFIED),
    **dict.fromkeys(("基本满意", "比较满意"), _FAIRLY),
    **dict.fromkeys(("不满意", "非常不满意"), _UNSATISFIED),
    "未解决": Outcome(IssueState.RESOLVED, True, False, None),
    **dict.fromkeys(("不予受理", "不受理", "退回", "已退回"), Outcome(IssueState.DECLINED)),
    **dict.fromkeys(("重复", "重复件", "并案", "已并案"), Outcome(IssueState.DUPLICATE)),
    **dict.fromkeys(("撤回", "已撤回", "撤销", "撤诉"), Outcome(IssueState.WITHDRAWN)),
}


@dataclass(frozen=True, slots=True)
class LedgerMapping:
    """Columns (field → headings, the first one found is read), times, and the meaning of the ledger's words.

    `when_closed` and `when_open` speak for a row without an outcome: with and without a closing time.
    """

    columns: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _COLUMNS)
    time_formats: tuple[str, ...] = _TIME_FORMATS
    time_zone: str = "Asia/Shanghai"
    categories: Mapping[str, IssueCategory] = field(default_factory=lambda: _CATEGORIES)
    default_category: IssueCategory = IssueCategory.OTHER
    outcomes: Mapping[str, Outcome] = field(default_factory=lambda: _OUTCOMES)
    when_closed: Outcome = _SILENT
    when_open: Outcome = _OPEN

    @classmethod
    def from_dict(cls, data: object) -> "LedgerMapping":
        """A mapping from decoded JSON with this class's fields as keys; given words and columns go over the default's.

        A column is one heading or a list of them; a time format is "YYYY-M-D H:MM" or strptime's. MappingError lists
        every fault.
        """
        if not isinstance(data, dict):
            raise MappingError(["对照表应是一个 JSON 对象"])
        readers = {
            "columns": _columns,
            "time_formats": _time_formats,
            "time_zone": _time_zone,
            "categories": _categories,
            "default_category": _category,
            "outcomes": _outcomes,
            "when_closed": _outcome,
            "when_open": _outcome,
        }
        problems, read = [], {}
        for name, value in data.items():
            if name not in readers:
                problems.append(f"不认识“{name}”，可以写的有{'、'.join(one.name for one in fields(cls))}")
                continue
            try:
                read[name] = readers[name](value)
            except (ValueError, TypeError) as wrong:
                problems.append(f"“{name}”：{wrong}")
        if problems:
            raise MappingError(problems)
        return replace(cls(), **cast(dict[str, Any], read))


def strptime_format(written: str) -> str:
    """ "YYYY-MM-DD HH:MM" → "%Y-%m-%d %H:%M"; an M after an H is minutes. A format with "%" is taken as it is.

    ValueError when year, month or day is missing.
    """
    pattern = written
    if "%" not in written:
        date_part, hour, time_part = written.partition("H")
        date_part = re.sub("D+", "%d", re.sub("M+", "%m", date_part.replace("YYYY", "%Y")))
        time_part = re.sub("S+", "%S", re.sub("M+", "%M", re.sub("^H", "", time_part)))
        pattern = date_part + ("%H" if hour else "") + time_part
    if not all(part in pattern for part in ("%Y", "%m", "%d")):
        raise ValueError(f"时间格式“{written}”里要有年、月、日，比如“YYYY-MM-DD HH:MM”")
    return pattern


def _columns(value: object) -> dict[str, tuple[str, ...]]:
    given = {}
    for name, headings in _object(value).items():
        if name not in FIELDS:
            raise ValueError(f"没有“{name}”这一项，可以写的有{'、'.join(FIELDS)}")
        given[name] = _words(headings)
    return {**_COLUMNS, **given}


def _time_formats(value: object) -> tuple[str, ...]:
    formats = _words(value)
    for written in formats:
        strptime_format(written)
    return formats


def _time_zone(value: object) -> str:
    try:
        ZoneInfo(str(value))
    except (KeyError, ValueError, OSError):
        raise ValueError(f"不认识的时区“{value}”，比如 Asia/Shanghai") from None
    return str(value)


def _category(value: object) -> IssueCategory:
    return _member(IssueCategory, value, "类别")


def _categories(value: object) -> dict[str, IssueCategory]:
    return {**_CATEGORIES, **{word.strip(): _category(meaning) for word, meaning in _object(value).items()}}


def _outcomes(value: object) -> dict[str, Outcome]:
    return {**_OUTCOMES, **{word.strip(): _outcome(meaning) for word, meaning in _object(value).items()}}


def _outcome(value: object) -> Outcome:
    given = _object(value)
    if extra := set(given) - {"state", "contacted", "solved", "satisfaction"}:
        raise ValueError(f"不认识“{min(extra)}”，结果只写 state、contacted、solved、satisfaction")
    state = _member(sorted(LEDGER_STATES), given.get("state"), "状态")
    contacted, solved, satisfaction = given.get("contacted"), given.get("solved"), given.get("satisfaction")
    if not (contacted is None or isinstance(contacted, bool) or contacted == BY_DUE):
        raise ValueError("contacted 只能是 true、false、null 或 “by_due”")
    if not (solved is None or isinstance(solved, bool)):
        raise ValueError("solved 只能是 true、false 或 null")
    answer = None if satisfaction is None else _member(Satisfaction, satisfaction, "满意度")
    return Outcome(state, contacted, solved, answer)


_W = TypeVar("_W", bound=Word)


def _member(words: Iterable[_W], value: object, what: str) -> _W:
    known = list(words)
    for word in known:
        if word.value == value:
            return word
    raise ValueError(f"没有“{value}”这个{what}，可以写的有{'、'.join(known)}")


def _object(value: object) -> dict[str, object]:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise ValueError("应是一个 JSON 对象")
    return value


def _words(value: object) -> tuple[str, ...]:
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list | tuple) or not words or not all(isinstance(word, str) for word in words):
        raise ValueError("应是一个词，或者一列词")
    return tuple(words)
