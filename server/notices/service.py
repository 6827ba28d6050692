"""Telling people something in the app. What was told once under a key is never told twice."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from models import Message, new_public_id
from models.enums import MessageKind
from server.core import database
from server.core.access import Actor
from server.notices import queries
from server.notices.queries import MessageView


class Telling(NamedTuple):
    """A message to be. `dedup_key` names the event it tells of; `link` is the API path of what it is about."""

    person_id: int
    kind: MessageKind
    title: str
    body: str
    link: str
    dedup_key: str


def tell_many(tellings: Sequence[Telling], now: datetime) -> int:
    """Put messages into inboxes, in one statement. Returns how many were new: those told before are passed over."""
    if not tellings:
        return 0
    rows = [{**telling._asdict(), "public_id": new_public_id(), "created_at": now} for telling in tellings]
    insert = database.insert_unless_there(Message).returning(Message.id)
    return len(database.connection().execute(insert, rows).all())


def tell(person_id: int, kind: MessageKind, title: str, body: str, link: str, dedup_key: str, now: datetime) -> bool:
    """Tell one person something. Returns whether it was new."""
    return tell_many([Telling(person_id, kind, title, body, link, dedup_key)], now) > 0


def mark_read(actor: Actor, public_id: str, now: datetime) -> MessageView:
    """Note that the actor read a message of theirs; the first time counts. 404 for anybody else's."""
    table = Message.__table__.c
    database.connection().execute(
        sa.update(Message)
        .where(table.public_id == public_id, table.person_id == actor.person_id, table.read_at.is_(None))
        .values(read_at=now)
    )
    return queries.one(actor, public_id)
