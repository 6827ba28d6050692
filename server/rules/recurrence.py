"""Recurrence (再次出现): the same fault at the same place, reported again within 90 days of its end.

What is compared is plain to see: the pairs of neighbouring characters two texts share, of all pairs of the shorter one.
"三楼灯不亮" has 三楼 楼灯 灯不 不亮; with "楼道三楼的灯不亮了" it shares three of the four. Where both name a floor, a unit
or a door, it must be the same one. Nothing is learnt. The thresholds were measured on real messages (docs/joining.md). A
link says "look at the earlier one"; it decides nothing, and the office can remove it.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from models.enums import IssueCategory, IssueState
from server.rules.decision import Decision

WINDOW = timedelta(days=90)
ENDED_WELL = frozenset({IssueState.RESOLVED, IssueState.CONFIRMED, IssueState.CLOSED_SILENT})
# Hundredths of the shorter text's pairs that must be shared.
ALIKE = 40  # texts alone
ALIKE_AT_THE_SPOT = 25  # texts that name the same spot besides
SAME_SPOT = 50

_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_KIND = {"层": "楼"}
_NUMBERED = re.compile(r"(\d{1,4}|[零〇一二两三四五六七八九十]{1,3})(楼|层|单元|栋|号|室)")


@dataclass(frozen=True, slots=True)
class Fault:
    """What was reported, as far as it matters here. `settled_at`: when an earlier one was said to be done."""

    building_id: int
    category: IssueCategory
    text: str
    spot: str = ""
    topic: str = ""
    about_head: bool = False
    state: IssueState = IssueState.REPORTED
    reported_at: datetime | None = None
    settled_at: datetime | None = None


def recurs(new: Fault, old: Fault) -> Decision:
    """Whether `new` is `old` come back."""
    if (new.building_id, new.category, new.about_head) != (old.building_id, old.category, old.about_head):
        return Decision(False, "不是同一栋楼的同一类问题。")
    if new.topic and old.topic and new.topic != old.topic:
        return Decision(False, "小类不同。")
    if old.state not in ENDED_WELL or old.settled_at is None or new.reported_at is None:
        return Decision(False, "上一件没有办结。")
    if not timedelta() <= new.reported_at - old.settled_at <= WINDOW:
        return Decision(False, f"上一件不是在{WINDOW.days}天内办结的。")
    if _elsewhere(f"{new.spot} {new.text}", f"{old.spot} {old.text}"):
        return Decision(False, "楼层或单元不同。")
    needed = ALIKE
    if new.spot and old.spot:
        if share(new.spot, old.spot) < SAME_SPOT:
            return Decision(False, "位置不同。")
        needed = ALIKE_AT_THE_SPOT
    alike = share(new.text, old.text)
    if alike < needed:
        return Decision(False, f"说的不像同一件事（{alike}%）。")
    return Decision(True, f"同一栋楼、同一类，说法有{alike}%相同，上一件在{WINDOW.days}天内办结。")


def share(one: str, other: str) -> int:
    """How much two texts share, in hundredths of the shorter one's pairs of characters; 0 when either has no letter.

    A text of one character is its own only pair.
    """
    pairs, others = _pairs(one), _pairs(other)
    fewer = min(len(pairs), len(others))
    return 100 * len(pairs & others) // fewer if fewer else 0


def _pairs(text: str) -> frozenset[str]:
    plain = [c for c in _NUMBERED.sub(_spelled, unicodedata.normalize("NFKC", text)).lower() if c.isalnum()]
    if len(plain) == 1:
        return frozenset(plain)
    return frozenset(a + b for a, b in pairwise(plain))


def _elsewhere(one: str, other: str) -> bool:
    """Whether both name floors, units, houses or doors, and none of them is the same."""
    here, there = _numbered(one), _numbered(other)
    return any(here[kind].isdisjoint(there[kind]) for kind in here.keys() & there.keys())


def _numbered(text: str) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for number, kind in _NUMBERED.findall(unicodedata.normalize("NFKC", text)):
        found.setdefault(_KIND.get(kind, kind), set()).add(_number(number))
    return found


def _spelled(numbered: re.Match[str]) -> str:
    """十二层 as 12楼."""
    number, kind = numbered.groups()
    return f"{_number(number)}{_KIND.get(kind, kind)}"


def _number(written: str) -> int:
    """12, 十二, 二十, 一〇三 as numbers."""
    if written.isdecimal():
        return int(written)
    if "十" in written:
        tens, _, ones = written.partition("十")
        return 10 * _DIGITS.get(tens, 1) + _DIGITS.get(ones, 0)
    return int("".join(str(_DIGITS[c]) for c in written))
