"""Telling people something: in the app always, and through WeChat where they agreed to it.

What was told once under a key is never told twice.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from flask import current_app

from models import Message, WeChatAccount, new_public_id
from models.enums import MessageKind, OutboxKind
from server.core import database, outbox
from server.core.access import Actor
from server.notices import queries
from server.notices.queries import MessageView
from server.notices.service import consent
from server.notices.service.sending import OLDEST
from server.notices.templates import configured

PACE = 20  # WeChat messages a second of one telling: a notice to a whole district holds up no new issue

_NO_FACTS: Mapping[str, str] = {}
_messages, _accounts = Message.__table__.c, WeChatAccount.__table__.c


class Telling(NamedTuple):
    """A message to be. `dedup_key` names the event it tells of; `link` is the API path of what it is about.

    `facts` are what a WeChat template may show beside title and text (`rules.subscribe`); a moment in ISO form.
    """

    person_id: int
    kind: MessageKind
    title: str
    body: str
    link: str
    dedup_key: str
    facts: Mapping[str, str] = _NO_FACTS


def tell_many(tellings: Sequence[Telling], now: datetime, *, happened_at: datetime | None = None) -> int:
    """Put messages into inboxes, and into the outbox for whom WeChat may tell too: a few statements for any number.

    What happened three days ago or longer goes to the inbox only. Returns how many were new: those told before are
    passed over.
    """
    if not tellings:
        return 0
    rows = [
        {
            **telling._asdict(),
            "facts": json.dumps(telling.facts, ensure_ascii=False) if telling.facts else "",
            "public_id": new_public_id(),
            "created_at": now,
        }
        for telling in tellings
    ]
    insert = database.insert_unless_there(Message).returning(Message.id)
    fresh = list(database.connection().execute(insert, rows).scalars())
    if happened_at is not None and now - happened_at >= OLDEST:
        return len(fresh)
    for kind in {telling.kind for telling in tellings}:
        if template := configured().get(kind):
            outbox.put_many(OutboxKind.MESSAGE, _agreed(fresh, kind, template.id), now, a_second=PACE)
    return len(fresh)


def _agreed(messages: Sequence[int], kind: MessageKind, template: str) -> list[int]:
    """Which of these messages go to people who use our mini-program and agreed to this template, in their order."""
    appid = current_app.extensions["settings"].wechat.appid
    agreed: list[int] = []
    for chunk in database.in_chunks(messages):
        found = database.connection().execute(
            sa.select(_messages.id)
            .where(
                _messages.id.in_(chunk),
                _messages.kind == kind,
                sa.exists().where(_accounts.person_id == _messages.person_id, _accounts.appid == appid),
                consent.has_agreed(_messages.person_id, template),
            )
            .order_by(_messages.id)
        )
        agreed += found.scalars()
    return agreed


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
