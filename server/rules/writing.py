"""What people write, as it is kept: one law for every door, so that a text is stored and shown alike or refused clearly.

Kept as written: emoji with their joiners, every script, right-to-left marks (pages isolate what is written, docs/texts.md).
Made alike: line breaks, NFC. Dropped: a byte-order mark anywhere, and the marks that copying brings along at both ends.
Refused: control characters and halves of signs, which databases and XML cannot keep, and direction overrides inside a text,
which make it read as its opposite.
"""

import re
import unicodedata

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
HALVES = re.compile(r"[\ud800-\udfff]")
OVERRIDES = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
# A number copied from a phone's contacts comes between U+202D and U+202C; a line copied from a page ends in U+200B.
_MARKS = r"[\s\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069]+"
_AT_THE_ENDS = re.compile(f"^{_MARKS}|{_MARKS}$")
_BREAKS = re.compile("\r\n|[\r\u2028\u2029]")


def clean(text: str, *, lines: bool = False) -> str:
    """A text as it is kept, on one line unless `lines`. Raises ValueError with a Chinese sentence."""
    text = unicodedata.normalize("NFC", _BREAKS.sub("\n", text).replace("\ufeff", ""))
    trimmed = _AT_THE_ENDS.sub("", text)
    text = trimmed if lines else " ".join(trimmed.split())
    if CONTROL.search(text) or OVERRIDES.search(text):
        raise ValueError("含有无法显示的控制字符，请删去后再试。")
    if HALVES.search(text):
        raise ValueError("文字编码不对。")
    return text


def says_something(text: str) -> bool:
    """Whether there is anything to see: marks and joiners alone are an empty text."""
    return any(unicodedata.category(sign)[0] not in "CZM" for sign in text)
