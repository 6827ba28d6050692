"""Column types that cannot be misused."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

# SQLite only gives out row numbers to a column of exactly INTEGER; PostgreSQL needs 64 bits.
Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class UTCDateTime(TypeDecorator[datetime]):
    """A moment. Takes only timezone-aware datetimes, stores UTC, gives back UTC-aware datetimes.

    Raises ValueError for a naive value: a moment without a zone is a mistake at the door, not in a report.
    """

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored moment needs a time zone; pass an aware datetime")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def checked_enum(words: type[StrEnum], name: str | None = None) -> sa.Enum:
    """A VARCHAR that the database itself keeps to the given vocabulary (CHECK).

    `name` tells two columns of the same vocabulary in one table apart.
    """
    return sa.Enum(
        words,
        native_enum=False,
        create_constraint=True,
        length=max(24, *(len(w) for w in words)),
        values_callable=lambda e: [w.value for w in e],
        name=name or words.__name__.lower(),
    )
