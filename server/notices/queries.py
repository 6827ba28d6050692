"""What is in an inbox, and what somebody agreed to get through WeChat."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models import Message, OutboxEntry, SubscriptionGrant
from models.enums import MessageKind
from server.core import database, paging
from server.core.access import Actor
from server.core.errors import not_found
from server.core.paging import Page
from server.notices.templates import configured


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message as its reader sees it."""

    id: str
    kind: MessageKind
    kind_name: str
    title: str
    body: str
    link: str
    created_at: datetime
    read_at: datetime | None


_table = Message.__table__.c
_MESSAGES = sa.select(
    _table.id,
    _table.public_id,
    _table.kind,
    _table.title,
    _table.body,
    _table.link,
    _table.created_at,
    _table.read_at,
).where(_table.person_id == sa.bindparam("person_id"))
_INBOX = _MESSAGES.where(_table.id < sa.bindparam("before")).order_by(_table.id.desc()).limit(sa.bindparam("limit"))
_UNREAD = sa.select(sa.func.count()).where(_table.person_id == sa.bindparam("person_id"), _table.read_at.is_(None))


def inbox(actor: Actor, cursor: str | None, limit: int) -> Page[MessageView]:
    """The actor's messages, newest first."""
    before = paging.decode(cursor)
    wanted = {"person_id": actor.person_id, "before": 2**62 if before is None else before, "limit": limit + 1}
    rows = database.connection().execute(_INBOX, wanted).all()
    return paging.page(rows, limit, _view, lambda row: int(row.id))


def one(actor: Actor, public_id: str) -> MessageView:
    """One of the actor's messages. 404 for anybody else's."""
    query = _MESSAGES.where(_table.public_id == public_id)
    row = database.connection().execute(query, {"person_id": actor.person_id}).one_or_none()
    if row is None:
        raise not_found()
    return _view(row)


def unread(actor: Actor) -> int:
    """How many messages the actor has not read yet."""
    return int(database.connection().execute(_UNREAD, {"person_id": actor.person_id}).scalar_one())


def _view(row: Any) -> MessageView:
    return MessageView(row.public_id, row.kind, row.kind.zh, row.title, row.body, row.link, row.created_at, row.read_at)


@dataclass(frozen=True, slots=True)
class Subscription:
    """Which WeChat template a kind of message uses, and what the actor agreed to. `good_for`: None without a limit."""

    kind: MessageKind
    kind_name: str
    template: str
    long_term: bool
    good_for: int | None


_grants = SubscriptionGrant.__table__.c
_entries = OutboxEntry.__table__.c
_MINE = (
    sa.select(_grants.template, sa.func.count())
    .where(
        _grants.person_id == sa.bindparam("person_id"),
        _grants.ended_at.is_(None),
        # What is set aside for a message that is still to be sent is as good as spent.
        sa.or_(
            _grants.long_term,
            _grants.outbox_id.is_(None),
            sa.not_(
                sa.exists().where(
                    _entries.id == _grants.outbox_id, _entries.done_at.is_(None), _entries.dead_at.is_(None)
                )
            ),
        ),
    )
    .group_by(_grants.template)
)


def subscriptions(actor: Actor) -> list[Subscription]:
    """Every kind of message that WeChat can carry, with what the actor agreed to: what a phone may ask for."""
    templates = configured()
    if not templates:
        return []
    counts = {row.template: row[1] for row in database.connection().execute(_MINE, {"person_id": actor.person_id})}
    found = []
    for kind, template in templates.items():
        count = int(counts.get(template.id, 0))
        good_for = None if template.long_term and count else count
        found.append(Subscription(kind, kind.zh, template.id, template.long_term, good_for))
    return found
