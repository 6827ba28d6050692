"""Telling whoever reported an issue. What a hidden reporter is told is stored so that no row joins them to their issue.

No id, place or category of the issue in title, text, link or facts; the event only as a keyed index; the hour instead of the
moment, because the event's own moment would join the two as well as an id (docs/shield.md says what is left to be guessed).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from models.enums import MessageKind
from server.core import crypto
from server.issues import hidden
from server.notices import service as notices
from server.notices.service import Telling
from server.rules import notices as words
from server.rules.notices import MessageText

LIST = "/api/v1/my/issues"  # where a hidden reporter finds it
_KEY = "messages.dedup_key"


def to_reporter(
    row: Any, kind: MessageKind, text: MessageText, link: str, key: str, facts: Mapping[str, str]
) -> Telling | None:
    """A message to whoever reported the issue of `row` (reporter_id, reporter_sealed); None when nobody can be told."""
    if row.reporter_id is not None:
        return Telling(row.reporter_id, kind, *text, link, key, facts)
    if row.reporter_sealed is None or (person_id := hidden.opened(row.reporter_sealed).person_id) is None:
        return None
    return hushed(person_id, kind, key)


def hushed(person_id: int, kind: MessageKind, key: str) -> Telling:
    """A message to a hidden reporter. `key` names the event and is not kept."""
    dedup_key = f"hushed:{crypto.blind_index(key, _KEY).hex()}"
    return Telling(person_id, kind, *words.hushed_message(kind), LIST, dedup_key, {})


def tell(tellings: Sequence[Telling], now: datetime, *, happened_at: datetime | None = None) -> int:
    """`notices.tell_many`, hidden reporters apart and by the hour. Returns how many were new."""
    quiet = [telling for telling in tellings if telling.link == LIST]
    loud = [telling for telling in tellings if telling.link != LIST]
    hour = now.replace(minute=0, second=0, microsecond=0)
    return notices.tell_many(loud, now, happened_at=happened_at) + notices.tell_many(
        quiet, hour, happened_at=happened_at
    )
