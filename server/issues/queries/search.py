"""Looking for words in issues. The index names candidates, newest first; whether they hold the words is then seen exactly.

The index is derived (`server.issues.service.indexing`) and a second or two behind; it holds what a report says, its spot,
what was done, and an imported ledger's number. Timelines are not looked into.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from models import Issue, Place, search
from models.enums import PlaceKind
from server.core import database
from server.core.access import Post
from server.core.errors import invalid
from server.rules import grams

BATCH = 200  # candidates looked at together
MOST_BATCHES = 25  # a query of pairs that stand everywhere but never together ends here

_issues, _places = Issue.__table__, Place.__table__
TEXTS = (_issues.c.text, _issues.c.spot, _issues.c.outcome, _issues.c.number)


def words_of(query: str) -> tuple[str, ...]:
    """The words of a query. Raises 422 when there is none of two signs."""
    words = grams.words_of(query)
    if not grams.can_be_sought(words):
        raise invalid("q", "请至少输入两个连着的字、字母或数字，比如“漏水”。")
    return words


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for, and in which communities (None: everywhere; the index then helps only with the words)."""

    words: tuple[str, ...]
    communities: tuple[int, ...] | None


def communities(posts: Sequence[Post] | None, named: int | None) -> tuple[int, ...] | None:
    """The communities a search can be kept to: that of the place that was named, or those of the posts.

    Only makes the search faster: what may be seen is the conditions' affair.
    """
    if named is not None:
        return (named,)
    if posts is None or any(post.kind is PlaceKind.DISTRICT for post in posts):
        return None
    found = {post.community_id for post in posts if post.community_id is not None}
    streets = [post.place_id for post in posts if post.kind is PlaceKind.STREET]
    if streets:
        below = sa.select(_places.c.id).where(_places.c.street_id.in_(streets), _places.c.kind == PlaceKind.COMMUNITY)
        found.update(database.connection().scalars(below))
    return tuple(sorted(found))


def holding(
    query: sa.Select[Any], where: Sequence[sa.ColumnElement[bool]], values: dict[str, Any], sought: Sought
) -> Iterator[Any]:
    """Rows of a query of issues that hold the words, newest first, below `values["after"]` if it is there.

    The query's first column is the issue's id.
    """
    after = values.get("after")
    wanted = query.add_columns(*TEXTS).where(*where).limit(BATCH)
    for _ in range(MOST_BATCHES):
        batch = database.connection().execute(_candidates(wanted, sought, after), values).all()
        for row in batch:
            if grams.found_in(sought.words, *(text or "" for text in row[-len(TEXTS) :])):
                yield row[: -len(TEXTS)]
        if len(batch) < BATCH:
            return
        after = batch[-1][0]


def _candidates(wanted: sa.Select[Any], sought: Sought, after: int | None) -> sa.Select[Any]:
    pairs = sorted(grams.grams(*sought.words))
    inside = sought.communities
    ids: sa.ColumnElement[int]
    if database.connection().dialect.name == "postgresql":
        table, ids, order = search.ON_POSTGRESQL, search.ON_POSTGRESQL.c.issue_id, _issues.c.id
        where = [] if inside is None else [-community for community in inside]
        if len(where) == 1:
            pairs, where = [*where, *pairs], []
        holds = table.c.grams.contains(_numbers(pairs))
        if where:
            holds &= table.c.grams.overlap(_numbers(where))
    else:
        table, ids = search.ON_SQLITE, search.ON_SQLITE.c.rowid
        order = ids
        match = [str(pair) for pair in pairs]
        if inside is not None:
            match.append(f"({' OR '.join(f'c{community}' for community in inside) or 'c0'})")
        holds = sa.literal_column(search.NAME).op("MATCH")(" AND ".join(match))
    query = wanted.join(table, ids == _issues.c.id).where(holds).order_by(order.desc())
    return query if after is None else query.where(order < after)


def _numbers(values: list[int]) -> Any:
    return sa.cast(values, postgresql.ARRAY(sa.BigInteger))
