"""How a door is written down, so that the same door is never registered twice under two spellings.

"２单元 301室", "二单元301" and "2-301" are the same door: unit 2, door 301.
"""

import re
import unicodedata

UNIT_LIMIT = 16
DOOR_LIMIT = 16

_DIGITS = re.compile(r"[0-9]+")
_NUMERALS = {word: str(number) for number, word in enumerate("一二三四五六七八九十", 1)}
_NUMERALS |= {f"十{word}": str(10 + number) for number, word in enumerate("一二三四五六七八九", 1)}
_UNIT_WORD = re.compile(r"^([0-9A-Z]+|[一二三四五六七八九十]{1,2})(?:单元|门)$")
_DOOR_WORD = re.compile(r"^(.*[0-9A-Z])[室号]$")


def tidy_unit(typed: str) -> str:
    """A unit as it is kept: "2单元", "二单元", "02单元" → "2"; "东单元" stays; "" where a building has only one."""
    unit = _plain(typed)
    worded = _UNIT_WORD.match(unit)
    unit = worded[1] if worded else unit
    unit = _NUMERALS.get(unit, unit)
    return unit.lstrip("0") or unit if unit.isdecimal() else unit


def tidy_door(typed: str) -> str:
    """A door as it is kept: "301室" → "301", "a1" → "A1". Zeros in front stay: doors carry them."""
    door = _plain(typed)
    worded = _DOOR_WORD.match(door)
    return worded[1] if worded else door


def position(unit: str, door: str) -> str:
    """By which doors are put in order: door 2 before door 10."""
    return f"{_padded(unit)} {_padded(door)}"


def label(unit: str, door: str) -> str:
    """A door as it is said: "2单元301", "301"."""
    return f"{unit}单元{door}" if unit else door


class DoorPattern:
    """The beginning of a door, as somebody types it into a search: "3", "2-3", "2单元301室"."""

    def __init__(self, typed: str) -> None:
        plain = _plain(typed).replace("单元", "-")
        unit, dash, door = plain.partition("-")
        self._door = tidy_door(plain)
        self._labelled = f"{tidy_unit(unit)}-{tidy_door(door)}" if dash else None

    def matches(self, unit: str, door: str) -> bool:
        """Whether the door begins so, with or without its unit."""
        if self._labelled is not None and f"{unit}-{door}".startswith(self._labelled):
            return True
        return bool(self._door) and door.startswith(self._door)


def _plain(typed: str) -> str:
    return "".join(unicodedata.normalize("NFKC", typed).split()).upper()


def _padded(text: str) -> str:
    return _DIGITS.sub(lambda found: found[0].zfill(6), text)
