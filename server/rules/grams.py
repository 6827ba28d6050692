"""How a text is cut for searching: every two signs that stand together, as one number each.

Chinese is written without spaces, so words are not looked for: what holds every pair of a query's signs is a candidate,
and `found_in` then says exactly whether it holds the query itself. Both databases therefore answer alike.
"""

import unicodedata
from itertools import pairwise

QUERY_LIMIT = 60  # characters of a query
_SHIFT = 21  # bits of a code point


def folded(text: str) -> str:
    """A text as it is compared: full and half width alike, capitals small, whatever is no sign of writing a space.

    Letters of every script, figures and pictures (emoji) are signs; punctuation, %, _ and * only part words.
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join("".join(sign if _written(sign) else " " for sign in plain).split())


def _written(sign: str) -> bool:
    if "\ufe00" <= sign <= "\ufe0f":  # variation selectors: the same picture, drawn another way
        return False
    kind = unicodedata.category(sign)
    return kind[0] in "LNM" or kind == "So"


def words_of(query: str) -> tuple[str, ...]:
    """The words that must all be found, each once, in order."""
    return tuple(dict.fromkeys(folded(query).split()))


def can_be_sought(words: tuple[str, ...]) -> bool:
    """Whether at least one word has two signs: a single one would be found nearly everywhere."""
    return any(len(word) > 1 for word in words)


def grams(*texts: str) -> set[int]:
    """The pairs of signs of some texts. Never negative."""
    return {
        ord(first) << _SHIFT | ord(second)
        for text in texts
        for word in folded(text).split()
        for first, second in pairwise(word)
    }


def found_in(words: tuple[str, ...], *texts: str) -> bool:
    """Whether every word stands in one of the texts (not always the same one)."""
    where = [folded(text) for text in texts]
    return all(any(word in text for text in where) for word in words)
