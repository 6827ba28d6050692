"""All the issues that fit some filters, however many: chunk after chunk by the keyset, for files."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa

from models import Issue
from server.core import access, database
from server.core.access import Actor
from server.issues.queries import search
from server.issues.queries.filters import Filters, choice, conditions
from server.issues.queries.lists import in_order
from server.issues.queries.scope import not_about
from server.rules.permissions import Permission


def walk(
    actor: Actor, permission: Permission, filters: Filters, now: datetime, query: sa.Select[Any], chunk: int
) -> Iterator[Any]:
    """The rows of a query of issues, newest first, whose first column is the issue's id; the actor needs `permission` there.

    Reads when it is iterated, each chunk in a reading transaction of its own: on SQLite nobody waits for it. Words too
    short to look for are refused at once (422).
    """
    # Being head of a building hides what is about her whatever the right: her post as head does not grant this one.
    query = query.where(not_about(actor.posts, Issue.__table__.c))
    sought = search.words_of(filters.q) if filters.q else None
    return _rows(
        actor.posts_granting(permission), actor.person_id, replace(filters, cursor=None), now, query, chunk, sought
    )


def _rows(
    posts: tuple[access.Post, ...],
    me: int,
    filters: Filters,
    now: datetime,
    query: sa.Select[Any],
    chunk: int,
    words: tuple[str, ...] | None,
) -> Iterator[Any]:
    with database.transaction(reads_only=True):
        chosen = choice(filters, now, me=me)
        sought = words and search.Sought(words, search.communities(posts, chosen.community_id if chosen else None))
    if chosen is None:
        return
    shape, values = access.shape_of(posts), {**access.places_of(posts), **chosen.values}
    names = chosen.names
    while True:
        with database.transaction(reads_only=True) as connection:
            if sought:
                where = conditions(shape, names - {"after"}, chosen.kind)
                rows = list(islice(search.holding(query, where, values, sought), chunk))
            else:
                statement = in_order(query.where(*conditions(shape, names, chosen.kind)), names).limit(chunk)
                rows = list(connection.execute(statement, values))
        yield from rows
        if len(rows) < chunk:
            return
        names, values = names | {"after"}, {**values, "after": rows[-1][0]}
