"""What the tables tell without a key: rows that hold a person and an issue side by side, and personal words in the plain."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from models import Base, Issue

_ISSUES = Issue.__table__


def tokens_of(connection: Connection, issue: str) -> tuple[dict[str, set[int]], set[str]]:
    """By what rows point at an issue: internal ids by table (its own, and of every row that belongs to it), and words."""
    issue_id = connection.execute(sa.select(_ISSUES.c.id).where(_ISSUES.c.public_id == issue)).scalar_one()
    ids, words = {"issues": {issue_id}}, {issue}
    for table in Base.metadata.sorted_tables:
        if table is _ISSUES or "issue_id" not in table.c or "id" not in table.c:
            continue
        rows = connection.execute(sa.select(table).where(table.c.issue_id == issue_id)).mappings().all()
        ids[table.name] = {row["id"] for row in rows}
        words |= {row["public_id"] for row in rows if "public_id" in row}
        words |= {f"{table.name[:-1].replace('_', '-')}:{row['id']}" for row in rows}
    return ids, words


def tied_rows(connection: Connection, issue: str, person_id: int, words_of_person: set[str]) -> list[str]:
    """Rows in which the issue, or something of it, stands beside the person."""
    ids, words = tokens_of(connection, issue)
    return [
        f"{table.name} {sorted(str(name) for name in row if row[name] is not None)}"
        for table in Base.metadata.sorted_tables
        for row in connection.execute(sa.select(table)).mappings()
        if _points(table, row, ids) | _says(row, words)
        if _points(table, row, {"persons": {person_id}}) | _says(row, words_of_person)
    ]


def plain_words(connection: Connection, words: set[str], *, but: frozenset[str] = frozenset()) -> list[str]:
    """Columns in which a personal word stands in the plain; `but` those it belongs in."""
    return [
        f"{table.name}.{name}"
        for table in Base.metadata.sorted_tables
        for row in connection.execute(sa.select(table)).mappings()
        for name, value in row.items()
        if f"{table.name}.{name}" not in but and any(word.encode() in _bytes(value) for word in words)
    ]


def _points(table: sa.Table, row: Any, ids: dict[str, set[int]]) -> bool:
    return any(
        row[column.name] in ids.get(key.column.table.name, ())
        for column in table.columns
        for key in column.foreign_keys
        if row[column.name] is not None
    ) or (table.name in ids and "id" in table.c and row["id"] in ids[table.name])


def _says(row: Any, words: set[str]) -> bool:
    return any(word.encode() in value for value in _values(row) for word in words)


def _values(row: Any) -> Iterator[bytes]:
    return (_bytes(value) for value in row.values())


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
