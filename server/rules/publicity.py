"""What neighbours may read of each other's reports on the page of their building.

Only what is about the building itself. A dispute, a person in need or an errand is nobody else's business; noise and
animals point at a household, so their words stay with those who handle them.
"""

import re
import unicodedata

from models.enums import IssueCategory, Word

C = IssueCategory

EXCERPT = 60
READ_AHEAD = 200  # characters to read before masking and cutting: what is cut off must not be half a number
HIDDEN_NUMBER = "＊＊＊"


class Publicity(Word):
    """How much of an issue neighbours may see."""

    WHOLE = "whole", "类别、摘要和照片"
    CATEGORY = "category", "只有类别"
    NOTHING = "nothing", "不公开"


_SHOWN: dict[IssueCategory, Publicity] = {
    C.NOISE: Publicity.CATEGORY,
    C.PETS: Publicity.CATEGORY,
    C.NEIGHBOUR: Publicity.NOTHING,
    C.CARE: Publicity.NOTHING,
    C.ERRAND: Publicity.NOTHING,
}
LISTED = tuple(category for category in C if _SHOWN.get(category) is not Publicity.NOTHING)

_CN = "零〇一二三四五六七八九幺两壹贰叁肆伍陆柒捌玖"
_LONG_NUMBER = re.compile(rf"[\d{_CN}](?:[\s\-–—_.·,，、*/|]{{0,2}}[\d{_CN}]){{6,}}[Xx]?")
# Three digits and more name a door or a person; a year and a sum do not.
_NUMBER = re.compile(r"\d(?:\s\d){2,}|[A-Za-z]?(?:\d{1,3}[\-–—])*\d{3,}[A-Za-z]?(?![年元\d])")
_SPOKEN_DOOR = re.compile(
    r"[一二三四五六七八九十]{1,3}[零〇幺][一二三四五六七八九]|[一二三四五六七八九十\d]{1,3}(?=室|号房|号门|号家)"
)
_DOOR = re.compile(r"[室户房号门家]|对门|隔壁|楼上|楼下|\d{3}|\d[\-–—]\d|[零〇]")


def publicity(category: IssueCategory) -> Publicity:
    """How much neighbours may see of an issue of this category."""
    return _SHOWN.get(category, Publicity.WHOLE)


def excerpt(text: str) -> str:
    """The beginning of a text that passed, on one line, at most 60 characters, doors and numbers masked."""
    plain = " ".join(mask(text).split())
    return plain if len(plain) <= EXCERPT else plain[: EXCERPT - 1] + "…"


def mask(text: str) -> str:
    """A text without the numbers that lead to a person or a door."""
    plain = "".join(map(_plain, text))
    for pattern in (_LONG_NUMBER, _NUMBER, _SPOKEN_DOOR):
        plain = pattern.sub(HIDDEN_NUMBER, plain)
    return plain


def _plain(character: str) -> str:
    """Letters and digits of every width and in every circle as the plain ones; everything else as it was written.

    What nobody sees (joiners, the frame of 1️⃣) goes: it would only stand between the digits of a number.
    """
    if unicodedata.category(character) in ("Cf", "Mn", "Me"):
        return ""
    folded = unicodedata.normalize("NFKC", character)
    if unicodedata.category(character) in ("Nd", "No") and "\N{FRACTION SLASH}" not in folded:
        return "".join(c for c in folded if c.isdigit()) or character
    return folded if folded.isascii() and folded.isalpha() else character


def public_spot(spot: str) -> str:
    """Where in the building, unless it points at a flat: then nothing."""
    plain = "".join(map(_plain, spot))
    return "" if _DOOR.search(plain) or mask(plain) != plain else plain
