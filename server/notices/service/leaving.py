"""What becomes of somebody's messages and consents when they leave."""

from datetime import datetime

import sqlalchemy as sa

from models import Message, OutboxEntry, SubscriptionGrant
from models.enums import OutboxKind
from server.core import database

_entries, _messages = OutboxEntry.__table__.c, Message.__table__.c


def forget_person(person_id: int, now: datetime) -> int:
    """Delete a person's inbox and consents, and end what was still to be sent. Returns how many messages there were."""
    conn = database.connection()
    theirs = sa.select(_messages.id).where(_messages.person_id == person_id)
    conn.execute(
        sa.update(OutboxEntry)
        .where(
            _entries.kind == OutboxKind.MESSAGE,
            _entries.subject.in_(theirs),
            _entries.done_at.is_(None),
            _entries.dead_at.is_(None),
        )
        .values(done_at=now, outcome="no_account")
    )
    conn.execute(sa.delete(SubscriptionGrant).where(SubscriptionGrant.person_id == person_id))
    return conn.execute(sa.delete(Message).where(Message.person_id == person_id)).rowcount
