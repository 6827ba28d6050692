"""The consent ledger: who agreed to get which WeChat template, and how often (docs/messages.md).

One accept of a one-time template is good for one message; a long-term accept for many. The same accept is reported by
the phone and pushed by WeChat: the second report within ten minutes is paired with the first and counts nothing.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from models import OutboxEntry, Person, SubscriptionGrant
from models.enums import GrantEnd
from server.core import database
from server.core.access import Actor
from server.notices import queries
from server.notices.queries import Subscription
from server.notices.templates import configured

SAME_ACCEPT = timedelta(minutes=10)  # between the two reports of one accept
MOST_LIVE = 50  # one-time accepts we keep for a person and template: more are of no use to an honest phone

_grants, _entries = SubscriptionGrant.__table__.c, OutboxEntry.__table__.c
_live = _grants.ended_at.is_(None)
# Bound to a delivery that is still to be made. What was bound to one that ended without being sent is free again.
_in_use = sa.and_(
    _grants.outbox_id.is_not(None),
    sa.exists().where(_entries.id == _grants.outbox_id, _entries.done_at.is_(None), _entries.dead_at.is_(None)),
)


def has_agreed(person: ColumnElement[Any], template: str) -> ColumnElement[bool]:
    """The condition "this person has a live grant of the template that no other delivery is using"."""
    return sa.exists().where(
        _grants.person_id == person, _grants.template == template, _live, sa.or_(_grants.long_term, sa.not_(_in_use))
    )


def is_long_term(template: str) -> bool | None:
    """Whether a configured template is long-term; None when none of ours has this id."""
    return next((each.long_term for each in configured().values() if each.id == template), None)


def report(actor: Actor, results: Mapping[str, str], now: datetime) -> list[Subscription]:
    """What `wx.requestSubscribeMessage` told the actor's phone. Only accepts of our own templates count."""
    for template, word in results.items():
        if word == "accept":
            grant(actor.person_id, template, now)
    return queries.subscriptions(actor)


def grant(person_id: int, template: str, now: datetime, *, by_push: bool = False) -> bool:
    """Note one accept, reported by the phone or pushed by WeChat. Returns whether it counts.

    It does not when the template is none of ours, or when the other way reported the same accept before.
    """
    long_term = is_long_term(template)
    if long_term is None:
        return False
    conn = database.connection()
    _hold(person_id)
    said, unsaid = (
        (_grants.said_by_push, _grants.said_by_client) if by_push else (_grants.said_by_client, _grants.said_by_push)
    )
    mine = (_grants.person_id == person_id, _grants.template == template)
    twin = conn.execute(
        sa.select(_grants.id)
        .where(*mine, _grants.granted_at >= now - SAME_ACCEPT, unsaid, sa.not_(said))
        .order_by(_grants.id)
        .limit(1)
    ).scalar()
    if twin is not None:
        conn.execute(sa.update(SubscriptionGrant).where(_grants.id == twin).values({said.name: True}))
        return False
    live = int(conn.execute(sa.select(sa.func.count()).where(*mine, _live)).scalar_one())
    if live >= (1 if long_term else MOST_LIVE):
        return False
    conn.execute(
        sa.insert(SubscriptionGrant).values(
            person_id=person_id,
            template=template,
            long_term=long_term,
            said_by_client=not by_push,
            said_by_push=by_push,
            granted_at=now,
        )
    )
    return True


def withdraw(person_id: int, template: str | None, now: datetime) -> int:
    """The person took the consent back, for one template or (None) for all. Returns how many grants ended."""
    conditions = [] if template is None else [_grants.template == template]
    return _end(GrantEnd.WITHDRAWN, now, _grants.person_id == person_id, *conditions)


def take(person_id: int, template: str, entry_id: int) -> int | None:
    """Set a grant aside for a delivery (the same one when asked again). Returns its id, None when there is none."""
    conn = database.connection()
    found = conn.execute(
        sa.select(_grants.id, _grants.outbox_id)
        .where(
            _grants.person_id == person_id,
            _grants.template == template,
            _live,
            sa.or_(_grants.outbox_id == entry_id, sa.not_(_in_use), _grants.long_term),
        )
        .order_by(sa.case((_grants.outbox_id == entry_id, 0), else_=1), _grants.id)
        .limit(1)
    ).one_or_none()
    if found is None:
        return None
    if found.outbox_id != entry_id:
        conn.execute(sa.update(SubscriptionGrant).where(_grants.id == found.id).values(outbox_id=entry_id))
    return int(found.id)


def is_being_told(person_id: int, entry_id: int, now: datetime) -> bool:
    """Whether another message to this person is on its way right now: WeChat takes one at a time (43108)."""
    _hold(person_id)
    other = sa.exists().where(
        _grants.person_id == person_id,
        _live,
        _grants.outbox_id != entry_id,
        _entries.id == _grants.outbox_id,
        _entries.leased_until > now,
        _entries.done_at.is_(None),
        _entries.dead_at.is_(None),
    )
    return bool(database.connection().execute(sa.select(other)).scalar_one())


def live_grants(person_id: int, template: str) -> int:
    """How many live grants there are: WeChat delivers no more messages than that, whatever we send."""
    query = sa.select(sa.func.count()).where(_grants.person_id == person_id, _grants.template == template, _live)
    return int(database.connection().execute(query).scalar_one())


def spend(grant_id: int, now: datetime) -> None:
    """The message of this grant arrived. A long-term grant stays."""
    _end(GrantEnd.SPENT, now, _grants.id == grant_id, sa.not_(_grants.long_term))
    give_back(grant_id)


def give_back(grant_id: int) -> None:
    """The message of this grant was not sent after all."""
    conn = database.connection()
    conn.execute(sa.update(SubscriptionGrant).where(_grants.id == grant_id, _live).values(outbox_id=None))


def refused(person_id: int, template: str | None, asked_at: datetime, now: datetime) -> None:
    """WeChat says that this person's agreements are used up: all that was agreed before we asked is over."""
    conditions = [] if template is None else [_grants.template == template]
    _end(GrantEnd.REFUSED, now, _grants.person_id == person_id, _grants.granted_at <= asked_at, *conditions)


def _end(why: GrantEnd, now: datetime, *conditions: ColumnElement[bool]) -> int:
    ended = database.connection().execute(
        sa.update(SubscriptionGrant).where(_live, *conditions).values(ended_at=now, ended_why=why)
    )
    return ended.rowcount


def _hold(person_id: int) -> None:
    """One at a time may count or set aside a person's grants (on SQLite a writer is alone already)."""
    person = Person.__table__.c
    database.connection().execute(sa.select(person.id).where(person.id == person_id).with_for_update(key_share=True))
