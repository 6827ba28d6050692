"""Retention is a property of the field: every personal column says what it is for and how long it is kept.

`docs/personal-data.md` is generated from here, the nightly erasure reads it, and a house test refuses a sealed column without it.
"""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import MappedColumn, mapped_column


@dataclass(frozen=True, slots=True)
class Retention:
    """Why a personal field is kept, in words, and after which of its row's moments it is erased.

    `after` names a moment column of the same table; `days` run from that moment. Both empty: kept while the row exists.
    """

    purpose: str
    keep: str
    after: str | None = None
    days: int | None = None


def personal(
    purpose: str, *, keep: str, after: str | None = None, days: int | None = None, nullable: bool = False
) -> MappedColumn[Any]:
    """A column for bytes sealed by `server.core.crypto`."""
    return mapped_column(
        sa.LargeBinary, nullable=nullable, comment=purpose, info={"retention": Retention(purpose, keep, after, days)}
    )
