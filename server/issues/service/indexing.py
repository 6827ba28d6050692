"""Keeping the search index of issues: after the commit, by the relay, so that whoever reports does not wait for it.

The index only says where to look (`queries.search` then looks exactly), so what it holds too much does no harm: on SQLite
what a text no longer says stays in it until the index is made anew.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from models import Issue, search
from models.enums import Move
from server.core import database
from server.issues.queries.search import TEXTS
from server.rules import grams

BATCH = 2000
_issues = Issue.__table__
_ROWS = sa.select(_issues.c.id, _issues.c.community_id, *TEXTS)
# Moves after which an issue may say something new. The others leave its texts as they are.
TELLING = frozenset({Move.REPORT, Move.RESOLVE, Move.IMPORT, Move.SPLIT})


def index_issues(ids: Sequence[int]) -> None:
    """Put issues into the index, or put what is new about them there."""
    for some in database.in_chunks(ids, BATCH):
        _put(database.connection().execute(_ROWS.where(_issues.c.id.in_(some)).order_by(_issues.c.id)).all())


def missing_from_index(after: int = 0) -> list[int]:
    """The next issues that are not in the index, by their internal id, at most `BATCH`; empty at the end.

    Only reads, and may read long: put what it finds there (`index_issues`) in a transaction of its own, because SQLite has
    one write lock.
    """
    table = _index()
    ids = table.c.issue_id if _on_postgresql() else table.c.rowid
    query = (
        sa.select(_issues.c.id)
        .outerjoin_from(_issues, table, ids == _issues.c.id)
        .where(_issues.c.id > after, ids.is_(None))
        .order_by(_issues.c.id)
        .limit(BATCH)
    )
    return list(database.connection().execute(query).scalars())


def forget_index() -> None:
    """Empty the index, to make it anew."""
    connection = database.connection()
    if _on_postgresql():
        connection.execute(sa.text(f"TRUNCATE {search.NAME}"))
    else:
        connection.execute(sa.insert(search.ON_SQLITE).values({search.NAME: "delete-all"}))


def _put(rows: Sequence[Any]) -> None:
    if not rows:
        return
    found = [(row.id, row.community_id, sorted(grams.grams(*(text or "" for text in row[2:])))) for row in rows]
    connection = database.connection()
    if _on_postgresql():
        insert = postgresql.insert(search.ON_POSTGRESQL)
        update = insert.on_conflict_do_update(index_elements=["issue_id"], set_={"grams": insert.excluded.grams})
        connection.execute(update, [{"issue_id": i, "grams": [-community, *pairs]} for i, community, pairs in found])
    else:
        connection.execute(
            sa.insert(search.ON_SQLITE),
            [{"rowid": i, "grams": " ".join([f"c{community}", *map(str, pairs)])} for i, community, pairs in found],
        )


def _index() -> Any:
    return search.ON_POSTGRESQL if _on_postgresql() else search.ON_SQLITE


def _on_postgresql() -> bool:
    return database.connection().dialect.name == "postgresql"
