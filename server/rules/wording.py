"""Finding the rule book's words in what somebody wrote. A word is looked for as it stands; "甲+乙" means both in one sentence.

No learning and no weights but length: whoever reads the book can follow every finding with a finger.
"""

import re
import unicodedata
from collections.abc import Iterable
from operator import add

_SENTENCE = re.compile(r"[。！？!?；;\n]")
_CLAUSE = re.compile(r"[。！？!?；;，,\n]")
_BLANK = re.compile(r"[^\S\n]+")
NEAR = 8  # characters before an emergency's word in which a hedge counts
EMERGENCY_IN = 100  # characters from the beginning: nobody writes a letter while it burns


def fold(text: str) -> str:
    """A text made ready to be searched: one width of letters, small ones, no blanks within a line."""
    return _BLANK.sub("", unicodedata.normalize("NFKC", text).lower())


class Lexicon:
    """All words of a book, by how they begin, so that a text is walked through once whatever their number."""

    def __init__(self, words: Iterable[str]) -> None:
        self._begins: dict[str, list[tuple[str, str, tuple[str, ...]]]] = {}
        for word in dict.fromkeys(words):
            first, *others = word.split("+")
            self._begins.setdefault(first[:2], []).append((word, first, tuple(others)))

    def found(self, text: str) -> set[str]:
        """The words that stand in a folded text."""
        there: set[str] = set()
        sentences: list[str] | None = None
        begins = self._begins
        for head in begins.keys() & {*map(add, text, text[1:]), *text}:  # every two characters, and every one
            for word, first, others in begins[head]:
                if first not in text:
                    continue
                if others:
                    if not all(part in text for part in others):
                        continue
                    sentences = sentences or _SENTENCE.split(text)
                    if not any(first in one and all(part in one for part in others) for one in sentences):
                        continue
                there.add(word)
        return there


class Reading:
    """A text and the book's words found in it."""

    def __init__(self, text: str, lexicon: Lexicon) -> None:
        self.text = fold(text)
        self._there = lexicon.found(self.text)

    def found(self, words: Iterable[str]) -> list[str]:
        """Those of the words that stand in the text, in their order."""
        there = self._there
        return [] if there.isdisjoint(words) else [word for word in words if word in there]

    def begins_with(self, word: str, within: int) -> bool:
        """Whether the word, with all its parts, stands in the first so many characters."""
        opening = self.text[:within]
        return all(part in opening for part in word.split("+"))

    def happening(self, words: Iterable[str], unless: Iterable[str], hedges: tuple[str, ...]) -> str | None:
        """The first word that is said as a thing happening now.

        That is: near the beginning, not within an `unless` phrase, and no hedge shortly before it (anywhere in the sentence
        for "甲+乙").
        """
        candidates = self.found(words)
        if not candidates:
            return None
        opening = self.text[:EMERGENCY_IN]
        for phrase in unless:
            opening = opening.replace(phrase, "。")
        for word in candidates:
            parts = word.split("+")
            if len(parts) > 1:
                if any(
                    all(part in one for part in parts) and not _hedged(one, hedges) for one in _SENTENCE.split(opening)
                ):
                    return word
            elif any(_said(word, clause, hedges) for clause in _CLAUSE.split(opening)):
                return word
        return None


def _said(word: str, clause: str, hedges: tuple[str, ...]) -> bool:
    at = clause.find(word)
    return at >= 0 and not _hedged(clause[max(0, at - NEAR) : at], hedges)


def _hedged(text: str, hedges: tuple[str, ...]) -> bool:
    return any(hedge in text for hedge in hedges)


def weight(word: str) -> int:
    """How much a found word says: its characters, "+" left out. A long word is rarely found by chance."""
    return len(word) - word.count("+")


def plain(word: str) -> str:
    """A word of the book as people read it: 电梯…坠落."""
    return word.replace("+", "…")
