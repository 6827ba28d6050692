"""What fits into a subscribe message, and which of our values a template may show (WeChat's limits, docs/messages.md).

A template's keys are a type and a number (`thing1`). Values are shortened before sending: WeChat refuses what does not
fit, and the person would get nothing.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from models.enums import MessageKind
from server.rules.calendar import SHANGHAI

MORE = "…"
LITERAL = "="  # a field "=请尽快处理" always shows these words

_SPACE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_KEY = re.compile(r"([a-z]+(?:_[a-z]+)?)([0-9]{1,3})")
_JOINER = "\u200d"


class Shape(StrEnum):
    """What kind of value something is."""

    TEXT = "text"
    CODE = "code"  # digits and Latin letters
    MOMENT = "moment"


# What each kind of message can show, beside what every message can. The words are the vocabulary of the templates file.
COMMON: dict[str, Shape] = {
    "title": Shape.TEXT,
    "text": Shape.TEXT,
    "kind": Shape.TEXT,
    "status": Shape.TEXT,
    "hint": Shape.TEXT,
    "time": Shape.MOMENT,
}
_ISSUE = {"building": Shape.TEXT, "category": Shape.TEXT, "level": Shape.TEXT, "case": Shape.CODE}
OWN: dict[MessageKind, dict[str, Shape]] = {
    MessageKind.NEW_ISSUE: _ISSUE,
    MessageKind.PASSED_UP: _ISSUE,
    MessageKind.OVERDUE_SOON: {**_ISSUE, "deadline": Shape.MOMENT},
    MessageKind.RESOLVED: _ISSUE,
    MessageKind.PROGRESS: _ISSUE,
    MessageKind.URGED: _ISSUE,
    MessageKind.REVEALED: {},
    MessageKind.SCORE: {"building": Shape.TEXT, "month": Shape.TEXT, "points": Shape.TEXT, "rank": Shape.TEXT},
    MessageKind.APPEAL: {"building": Shape.TEXT, "month": Shape.TEXT, "outcome": Shape.TEXT},
    MessageKind.NOTICE: {"sender": Shape.TEXT},
}
# At most five Chinese characters each: what a `phrase` can hold.
STATUS: dict[MessageKind, str] = {
    MessageKind.NEW_ISSUE: "待受理",
    MessageKind.PASSED_UP: "待受理",
    MessageKind.OVERDUE_SOON: "快到期",
    MessageKind.RESOLVED: "待确认",
    MessageKind.PROGRESS: "有进展",
    MessageKind.URGED: "被催办",
    MessageKind.REVEALED: "已查看",
    MessageKind.SCORE: "已公布",
    MessageKind.APPEAL: "已答复",
    MessageKind.NOTICE: "新通知",
}
HINT = "请点开查看"


@dataclass(frozen=True, slots=True)
class FieldType:
    """A type of template field: which values may stand in it, how one is made to fit, and what stands for nothing."""

    takes: frozenset[Shape]
    fit: Callable[[str], str]
    empty: str


def units(text: str) -> int:
    """How long WeChat finds a text: UTF-16 units, so that most emoji count twice."""
    return len(text) + sum(ord(char) > 0xFFFF for char in text)


def shorten(text: str, most: int) -> str:
    """One line of at most `most` units, ending in "…" where something is left out; never half an emoji."""
    line = _SPACE.sub(" ", text).strip()
    line = "".join(char for char in line if not "\ud800" <= char <= "\udfff")  # halves of nothing
    if units(line) <= most:
        return line
    kept = ""
    for cluster in _clusters(line):
        if units(kept + cluster) > most - units(MORE):
            break
        kept += cluster
    return kept.rstrip() + MORE


def _clusters(text: str) -> list[str]:
    """A text as what people see as characters: emoji with their joiners, tones and marks stay whole."""
    found: list[str] = []
    for char in text:
        joined = bool(found) and (
            found[-1].endswith(_JOINER)
            or char == _JOINER
            or unicodedata.category(char) in ("Mn", "Me", "Mc", "Cf")
            or "\U0001f3fb" <= char <= "\U0001f3ff"  # skin tones
            or ("\U0001f1e6" <= char <= "\U0001f1ff" and _half_a_flag(found[-1]))
        )
        if joined:
            found[-1] += char
        else:
            found.append(char)
    return found


def _half_a_flag(cluster: str) -> bool:
    return len(cluster) == 1 and "\U0001f1e6" <= cluster <= "\U0001f1ff"


def _thing(text: str) -> str:
    return shorten(text, 20)


def _phrase(text: str) -> str:
    return "".join(_CHINESE.findall(text))[:5]


def _name(text: str) -> str:
    """Ten characters when there is Chinese in it, otherwise twenty letters."""
    line = _SPACE.sub(" ", text).strip()
    if _CHINESE.search(line):
        return "".join(char for char in line if _CHINESE.match(char) or char == "·")[:10]
    return "".join(char for char in line if char.isascii() and (char.isalpha() or char in " .-'")).strip()[:20].rstrip()


def _only(pattern: str, most: int) -> Callable[[str], str]:
    wanted = re.compile(pattern)

    def fit(text: str) -> str:
        plain = unicodedata.normalize("NFKC", text)  # full-width digits and letters become plain ones
        return "".join(wanted.findall(plain))[:most]

    return fit


def _symbols(text: str) -> str:
    return "".join(char for char in text if unicodedata.category(char)[0] in "PS")[:5]


def _decimal(most: int, around: str = "") -> Callable[[str], str]:
    """A number with at most `most` digits. A number is not shortened: that would be another number."""
    shape = re.compile(rf"[{around}]?-?[0-9]+(?:\.[0-9]+)?{'元?' if around else ''}")

    def fit(text: str) -> str:
        plain = unicodedata.normalize("NFKC", text).replace(",", "").strip()
        digits = sum(char.isdecimal() for char in plain)
        return plain if shape.fullmatch(plain) and digits <= most else ""

    return fit


_WORDS = frozenset({Shape.TEXT})
_CODES = frozenset({Shape.CODE})
_MOMENTS = frozenset({Shape.MOMENT})
_NONE: frozenset[Shape] = frozenset()
_MOMENT_TEXT = re.compile(
    r"(?:[0-9]{4}年[0-9]{1,2}月[0-9]{1,2}日|[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2})?(?: ?[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)?"
)


def _moment(text: str) -> str:
    line = _SPACE.sub(" ", text).strip()
    return line if _MOMENT_TEXT.fullmatch(line) else ""


FIELDS: dict[str, FieldType] = {
    "thing": FieldType(frozenset(Shape), _thing, HINT),
    "phrase": FieldType(_WORDS, _phrase, "请查看"),
    "name": FieldType(_WORDS, _name, "社区"),
    "enum": FieldType(_NONE, _thing, ""),  # the listed values are WeChat's: only a literal can be right
    "character_string": FieldType(_CODES, _only(r"[\x21-\x7e]", 32), "-"),
    "letter": FieldType(_NONE, _only(r"[A-Za-z]", 32), ""),
    "symbol": FieldType(_NONE, _symbols, ""),
    "number": FieldType(_NONE, _decimal(32), ""),
    "amount": FieldType(_NONE, _decimal(10, "¥￥$€£"), ""),
    "phone_number": FieldType(_NONE, _only(r"[0-9+\-() ]", 17), ""),
    "car_number": FieldType(_NONE, lambda text: _SPACE.sub("", text)[:8], ""),
    "time": FieldType(_MOMENTS, _moment, ""),
    "date": FieldType(_MOMENTS, _moment, ""),
}

Value = str | datetime


def say(moment: datetime) -> str:
    """A moment as WeChat takes it in `time` and `date`, in Shanghai: "2026年10月12日 09:00"."""
    local = moment.astimezone(SHANGHAI)
    return f"{local.year}年{local.month}月{local.day}日 {local.hour:02d}:{local.minute:02d}"


def vocabulary(kind: MessageKind) -> dict[str, Shape]:
    """The values a template of this kind may show."""
    return COMMON | OWN[kind]


def fault(kind: MessageKind, key: str, wanted: str) -> str:
    """What is wrong with one entry of a template's fields, as the end of a sentence; "" when it is right."""
    found = _KEY.fullmatch(key)
    if found is None or found[1] not in FIELDS:
        return f"is not a type and a number such as thing1 (types: {', '.join(FIELDS)})"
    field = FIELDS[found[1]]
    if wanted.startswith(LITERAL):
        words = wanted.removeprefix(LITERAL)
        return "" if words and field.fit(words) == words else f"does not fit the words {words!r}"
    shape = vocabulary(kind).get(wanted)
    if shape is None:
        return f"wants {wanted!r}; a {kind} has: {', '.join(vocabulary(kind))}"
    if shape not in field.takes:
        return f"cannot show {wanted!r} (a {shape})"
    return ""


def render(fields: Mapping[str, str], values: Mapping[str, Value], told_at: datetime) -> dict[str, str]:
    """Every field of a template with a value that fits and is not empty."""
    data = {}
    for key, wanted in fields.items():
        found = _KEY.fullmatch(key)
        assert found is not None  # `fault` was asked at the start
        field = FIELDS[found[1]]
        value = wanted.removeprefix(LITERAL) if wanted.startswith(LITERAL) else values.get(wanted, "")
        text = say(value) if isinstance(value, datetime) else value
        empty = say(told_at) if field.takes == _MOMENTS else field.empty
        data[key] = field.fit(text) or empty
    return data
