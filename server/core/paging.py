"""Keyset pages: a cursor says "after this row", so page 850 costs what page 1 costs. No totals."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from server.core.errors import invalid

T = TypeVar("T")
LIMIT = 20
MOST = 100


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows and the cursor of the next page (None at the end)."""

    items: Sequence[T]
    next_cursor: str | None


def encode(position: int) -> str:
    """An opaque cursor for a row's internal key."""
    return base64.urlsafe_b64encode(b"k%d" % position).decode().rstrip("=")


def decode(cursor: str | None) -> int | None:
    """The internal key of a cursor, or None for the first page. Raises 422 for a broken one."""
    if not cursor:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        position = int(raw[1:]) if raw[:1] == b"k" else -1
    except (ValueError, binascii.Error):
        position = -1
    if not 0 <= position < 2**63:
        raise invalid("cursor", "翻页标记无效，请从第一页重新开始。")
    return position


def page(rows: Sequence[Any], limit: int, build: Callable[[Any], T], key: Callable[[Any], int]) -> Page[T]:
    """A page from `limit + 1` fetched rows: the extra row only tells that there is more."""
    shown = rows[:limit]
    more = len(rows) > limit
    return Page([build(row) for row in shown], encode(key(shown[-1])) if more else None)
