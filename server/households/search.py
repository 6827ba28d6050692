"""Finding a household by a door, a name, its first letters, or a phone.

Names are sealed and nothing derived from them is stored, so that whoever holds the database learns nothing. They are
opened here, in memory, for this one question, and only within the asker's places: a community at most.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import marshmallow as ma

from server.core.crypto import Keyring
from server.households import pinyin
from server.households.doors import DoorPattern
from server.households.personal import NAME_SEALED, PHONE_SEALED, opened, tidy_phone

PHONE_TAIL = 4


@dataclass(frozen=True)
class Question:
    """What somebody typed into the search box."""

    typed: str

    @cached_property
    def plain(self) -> str:
        """Without blanks, capitals and full-width signs."""
        return "".join(unicodedata.normalize("NFKC", self.typed).casefold().split())

    @cached_property
    def about_names(self) -> bool:
        """Whether it could be a name: digits alone never are."""
        return any(sign.isalpha() for sign in self.plain)

    @cached_property
    def phone(self) -> str | None:
        """The phone, or its last four digits, when that is what was typed."""
        if len(self.plain) == PHONE_TAIL and self.plain.isdecimal():
            return self.plain
        try:
            return tidy_phone(self.typed)
        except ma.ValidationError:
            return None

    @cached_property
    def _door(self) -> DoorPattern:
        return DoorPattern(self.typed)

    @cached_property
    def _letters(self) -> str | None:
        return pinyin.typed_letters(self.typed)

    def names_door(self, unit: str, door: str) -> bool:
        """Whether a door begins so."""
        return self._door.matches(unit, door)

    def names_person(self, name: str) -> bool:
        """Whether a name holds what was typed, or begins with its letters when read aloud."""
        if self.plain in "".join(name.casefold().split()):
            return True
        return self._letters is not None and pinyin.begins(name, self._letters)

    def names_phone(self, phone: str) -> bool:
        """Whether a phone is the one typed: whole, without its area code, or its last four digits."""
        return self.phone is not None and phone.endswith(self.phone)


def found(question: Question, rows: Iterable[Any], ring: Keyring, most: int) -> dict[int, set[int]]:
    """The first `most` households that fit, in the order of the rows, and which of their residents do.

    One row a resident, or one for an empty door: household_id, unit, door, resident_id, name_sealed, phone_sealed.
    """
    hits: dict[int, set[int]] = {}
    current = None
    for row in rows:
        if row.household_id != current:
            if len(hits) == most:
                break
            current = row.household_id
            if question.names_door(row.unit, row.door):
                hits[row.household_id] = set()
        if row.resident_id is not None and _fits(question, row, ring):
            hits.setdefault(row.household_id, set()).add(row.resident_id)
    return hits


def _fits(question: Question, row: Any, ring: Keyring) -> bool:
    if question.about_names:
        name = opened(ring, row.name_sealed, NAME_SEALED)
        return name is not None and question.names_person(name)
    if question.phone is not None:
        phone = opened(ring, row.phone_sealed, PHONE_SEALED)
        return phone is not None and question.names_phone(phone)
    return False
