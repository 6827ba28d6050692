"""办理情况: the figures of a place and a period, each a share of counts with its definition in words.

What is counted is defined here once; `server.ledger.queries` counts it, the page and docs/figures.md say it. A figure over
fewer than THIN cases is shown with its cases and called thin; over none it is no figure at all.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from models.enums import IssueState, Level, Word
from server.rules.amounts import show_percent
from server.rules.calendar import SHANGHAI, Month, bounds

THIN = 5
LONGEST = timedelta(days=366)

S = IssueState
# Not asked of anybody: taken back by the reporter, or handled under another number.
LEFT_OUT = frozenset({S.WITHDRAWN, S.DUPLICATE})
# In these somebody has taken it up, whether or not they pressed the button.
TAKEN_UP = frozenset(S) - LEFT_OUT - {S.REPORTED}
# The hands of the place itself. What lies above is not a building's, a head's or a community's doing.
OWN_LEVELS = (Level.HEAD, Level.GRID, Level.COMMUNITY)


class Key(Word):
    """The figures, in the order they are shown."""

    ACCEPTED = "accepted", "受理率"
    RESOLVED = "resolved", "办结率"
    ON_TIME = "on_time", "按期结案率"
    REWORKED = "reworked", "返工率"
    EXTENDED = "extended", "延期率"
    PUSHED_BACK = "pushed_back", "回退率"
    SIGNED_IN = "signed_in", "签收及时率"
    CONTACTED = "contacted", "联系率"
    SOLVED = "solved", "解决率"
    SATISFIED = "satisfied", "满意率"
    SILENT = "silent", "无回音占比"


@dataclass(frozen=True, slots=True)
class Definition:
    """What a figure says. `better`: whether more of it is better (None: neither)."""

    key: Key
    numerator: str
    denominator: str
    left_out: str
    source: str
    better: bool | None


_REPORTED = "本期上报的诉求"
_NOT_OURS = "撤回的、并到别件的；列楼栋、小区、网格时，还有社区以上正在办或办结的"
_UNASKED = "没有回答这一问的；同一人代报又办结、社区没有再问过本人的；列楼栋、小区、网格时，还有社区以上办结的"
DEFINITIONS: dict[Key, Definition] = {
    each.key: each
    for each in (
        Definition(
            Key.ACCEPTED,
            "其中已有人受理、办理过或答复过的",
            _REPORTED,
            _NOT_OURS,
            "issues.accepted_at、issues.state",
            True,
        ),
        Definition(
            Key.RESOLVED,
            "其中至少办结过一次的（后来“还没好”的也算办结过，另记返工）",
            _REPORTED,
            f"不予受理的（另列件数）；{_NOT_OURS}",
            "issues.resolved_at、issues.state",
            True,
        ),
        Definition(
            Key.ON_TIME,
            "其中在期限内办结的环节",
            "期限落在本期、已经到期或已经办结的办理环节（楼栋长、网格、社区各算各的）",
            "期限内转给别人或撤回、并案、不予受理的环节；街道、职能部门、区的环节（另按层级列出）；"
            "暂缓的时间不算（期限已顺延）；导入的旧台账",
            "turns.due_at、turns.ended_at、turns.end；正在办的：issues.due_at",
            True,
        ),
        Definition(
            Key.REWORKED,
            "其中上报人说过“还没好”的",
            f"{_REPORTED}里至少办结过一次的",
            _NOT_OURS,
            "issues.rework、issues.resolved_level",
            False,
        ),
        Definition(
            Key.EXTENDED,
            "其中批准过延期的",
            _REPORTED,
            _NOT_OURS,
            "issues.extensions",
            False,
        ),
        Definition(
            Key.PUSHED_BACK,
            "其中被某一级或部门退回过的",
            _REPORTED,
            _NOT_OURS,
            "issues.pushed_back",
            False,
        ),
        Definition(
            Key.SIGNED_IN,
            "其中在签收期限内签收的环节",
            "签收期限落在本期、已经到期或已经签收的办理环节（楼栋长、网格、社区）",
            "签收期限内就转走或结束、没有签收的环节；街道、职能部门、区的环节（另按层级列出）",
            "turns.sign_in_due_at、turns.signed_in_at；正在办的：issues 的同名列",
            True,
        ),
        Definition(
            Key.CONTACTED,
            "其中答“联系过”的",
            "本期回访里回答了“联系您了吗”的",
            _UNASKED,
            "return_visits.contacted",
            True,
        ),
        Definition(
            Key.SOLVED, "其中答“解决了”的", "本期回访里回答了“解决了吗”的", _UNASKED, "return_visits.solved", True
        ),
        Definition(
            Key.SATISFIED,
            "其中答“满意”或“基本满意”的",
            "本期回访里回答了“满意吗”的",
            _UNASKED,
            "return_visits.satisfaction、return_visits.counts",
            True,
        ),
        Definition(
            Key.SILENT,
            "其中上报人没有回音、到期结束的（不算解决）",
            f"{_REPORTED}里办结后已经结束的：已销号或无回音结束",
            f"还在等上报人确认的；{_NOT_OURS}",
            "issues.state",
            None,
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted of a place (or a level) in a period. Seconds for the median; None: nobody accepted anything."""

    reported: int = 0  # without LEFT_OUT, and in a building's or grid's figures without `above`
    left_out: int = 0
    above: int = 0  # with, or settled by, somebody above the community: no doing of a building or grid
    declined: int = 0
    taken_up: int = 0
    resolved: int = 0
    reworked: int = 0
    extended: int = 0
    pushed_back: int = 0
    confirmed: int = 0
    silent: int = 0
    median_acceptance: int | None = None
    turns: int = 0
    on_time: int = 0
    sign_ins: int = 0
    signed_in: int = 0
    contact_answers: int = 0
    contacted: int = 0
    solved_answers: int = 0
    solved: int = 0
    satisfaction_answers: int = 0
    satisfied: int = 0


@dataclass(frozen=True, slots=True)
class Figure:
    """A share: `part` of `whole`, in words; None where there was nothing to take a share of."""

    key: Key
    part: int
    whole: int

    @property
    def share(self) -> str | None:
        """ "91.7%"."""
        return show_percent(self.part, self.whole) if self.whole else None

    @property
    def thin(self) -> bool:
        """Whether it rests on too few cases to say much."""
        return self.whole < THIN


def figures(counts: Counts) -> list[Figure]:
    """Every figure of some counts, in order."""
    c = counts
    return [
        Figure(Key.ACCEPTED, c.taken_up, c.reported),
        Figure(Key.RESOLVED, c.resolved, c.reported - c.declined),
        Figure(Key.ON_TIME, c.on_time, c.turns),
        Figure(Key.REWORKED, c.reworked, c.resolved),
        Figure(Key.EXTENDED, c.extended, c.reported),
        Figure(Key.PUSHED_BACK, c.pushed_back, c.reported),
        Figure(Key.SIGNED_IN, c.signed_in, c.sign_ins),
        Figure(Key.CONTACTED, c.contacted, c.contact_answers),
        Figure(Key.SOLVED, c.solved, c.solved_answers),
        Figure(Key.SATISFIED, c.satisfied, c.satisfaction_answers),
        Figure(Key.SILENT, c.silent, c.silent + c.confirmed),
    ]


OF_LEVELS = (Key.SIGNED_IN, Key.ON_TIME)  # what a level's (or the departments') own clocks tell


def figures_of_level(counts: Counts) -> list[Figure]:
    """The figures that rest on a level's own clocks."""
    return [figure for figure in figures(counts) if figure.key in OF_LEVELS]


@dataclass(frozen=True, slots=True)
class Period:
    """[since, until) in UTC, and what it is called."""

    since: datetime
    until: datetime
    zh: str


def of_month(month: Month) -> Period:
    """A month of Shanghai."""
    since, until = bounds(month)
    return Period(since, until, f"{month // 100}年{month % 100}月")


def of_days(first: date, last: date) -> Period:
    """From the first to the last day, both counted. ValueError with a Chinese sentence when that is no period."""
    if last < first:
        raise ValueError("结束的日期不能早于开始的日期。")
    if last - first >= LONGEST:
        raise ValueError("一次最多统计一年。")
    since, until = (datetime.combine(day, time(), SHANGHAI) for day in (first, last + timedelta(days=1)))
    return Period(since, until, f"{first.isoformat()} 至 {last.isoformat()}")


def say_span(seconds: int) -> str:
    """A span as people say it, cut to two parts: 3小时20分, 2天4小时; under a minute 不到1分钟."""
    minutes = seconds // 60
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [(days, "天"), (hours, "小时"), (rest, "分")]
    told = [f"{number}{unit}" for number, unit in parts if number]
    return "".join(told[:2]) or "不到1分钟"
