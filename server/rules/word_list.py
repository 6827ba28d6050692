"""Finding words that a text should not be shown with: folded, so that blanks, dots and full width hide nothing.

A list is a text file. `[abuse]` opens a section (a word of `HeldFor`, `harmless`, or nothing: `local`), then one word a
line; `#` begins a comment. A harmless word is one in which a listed word stands by chance (早操 …): it is set aside first.
"""

import re
import unicodedata
from dataclasses import dataclass, field

from models.enums import HeldFor

HARMLESS = "harmless"
_LABELS = {str(label): label for label in HeldFor}
LEAST = 2  # letters: a single one would hit half the language
MOST = 40
_GAP = "\0"  # stands where something harmless was: nothing is found across it

_DIGITS = re.compile(r"(?<=\d)[\s\-–—_.·,，、*]{1,3}(?=\d)")
_PHONE = re.compile(r"(?<!\d)(?:86)?1[3-9]\d{9}(?!\d)")
_ID_CARD = re.compile(r"(?<!\d)[1-9]\d{5}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dx](?![\da-z])")
_BANK_CARD = re.compile(r"(?<!\d)(?:62|4\d|5[1-5])\d{14,17}(?!\d)")
# "加微信 abc123", "薇信号：abc_123", "qq 12345678": a name of the service and an account close behind it.
_CONTACT = re.compile(
    r"(?:加|联系|扫|咨询)?(?:微信|薇信|威信|微号|vx|wx|wechat|weixin|qq|扣扣|企鹅号?)(?:号|群|同号|是|为){0,2}[a-z0-9]{5,20}"
)
_PATTERNS = (
    (HeldFor.PERSONAL, _PHONE),
    (HeldFor.PERSONAL, _ID_CARD),
    (HeldFor.PERSONAL, _BANK_CARD),
)


class WordListError(Exception):
    """A line of a list that cannot be read. The message names it, for whoever wrote the list."""


def fold(text: str) -> str:
    """A text as it is searched: NFKC, one case, letters and digits alone."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in plain if c.isalnum())


@dataclass(frozen=True, slots=True)
class WordList:
    """The words of one or more lists, ready to be looked for."""

    words: dict[HeldFor, frozenset[str]] = field(default_factory=dict)
    harmless: frozenset[str] = frozenset()

    def hits(self, text: str) -> tuple[HeldFor, ...]:
        """What was found in a text, each once, in the order of `HeldFor`. Empty: nothing."""
        plain = unicodedata.normalize("NFKC", text).casefold()
        numbers = _DIGITS.sub("", plain)
        found = {label for label, pattern in _PATTERNS if pattern.search(numbers)}
        folded = fold(text)
        if _CONTACT.search(folded):
            found.add(HeldFor.CONTACT)
        for word in sorted(self.harmless, key=len, reverse=True):
            folded = folded.replace(word, _GAP)
        found.update(label for label, words in self.words.items() if any(word in folded for word in words))
        return tuple(label for label in HeldFor if label in found)


def read(*lists: str) -> WordList:
    """The words of some lists together. Raises WordListError naming the line."""
    words: dict[HeldFor, set[str]] = {}
    harmless: set[str] = set()
    for text in lists:
        section = HeldFor.LOCAL.value
        for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
            said = line.partition("#")[0].strip()
            if not said:
                continue
            if said.startswith("["):
                section = _section(said, number)
                continue
            word = fold(said)
            if not LEAST <= len(word) <= MOST:
                raise WordListError(f"line {number}: a word has {LEAST} to {MOST} letters or digits")
            if section == HARMLESS:
                harmless.add(word)
            else:
                words.setdefault(_LABELS[section], set()).add(word)
    return WordList({label: frozenset(found) for label, found in words.items()}, frozenset(harmless))


def _section(line: str, number: int) -> str:
    name = line.removeprefix("[").removesuffix("]").strip()
    if not line.endswith("]") or (name != HARMLESS and name not in _LABELS):
        raise WordListError(f"line {number}: no section is called {name[:40]!r}")
    return name
