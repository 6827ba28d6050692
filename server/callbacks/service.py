"""Taking what WeChat delivers: proved, fresh, once.

A signature is good for one request, whatever comes with it: byte for byte the same again is what a replay looks like, and
a plain message's signature does not cover its content. Both are Forged (403) and change nothing. What WeChat tells again,
signed afresh, is known by its content: `success`, nothing is done.

The receipts are written in the transaction of the effect: when that fails, WeChat's repetition finds none and is taken.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa

from models import CallbackReceipt
from server.callbacks import effects, queries
from server.core import database
from wechat import push
from wechat.push import Forged, Push

KEPT = timedelta(days=7)


def verify(args: Mapping[str, str], now: datetime) -> str:
    """What to send back when WeChat asks whether the address is ours. Raises push.PushRefused."""
    echo = push.verify_url(queries.callback(), args)
    push.check_age(args.get("timestamp", ""), now)
    return echo


def receive(args: Mapping[str, str], body: bytes, now: datetime) -> None:
    """Take a delivery and do what it asks for, once. Calls nobody: heavy work goes to the outbox.

    Raises push.PushRefused for what is broken, forged, stale or replayed; nothing has changed then.
    """
    delivery = push.open_push(queries.callback(), args, body)
    push.check_age(args.get("timestamp", ""), now)
    if _is_new(delivery, now):
        effects.have(delivery, now)


def _is_new(delivery: Push, now: datetime) -> bool:
    if not _note(delivery.proof, now):
        raise Forged("signature used before")
    return _note(delivery.identity, now)


def _note(key: bytes, now: datetime) -> bool:
    """Whether this was received for the first time. Of two at once, the second waits here for the first."""
    insert = database.insert_unless_there(CallbackReceipt).values(key=key, received_at=now)
    return database.connection().execute(insert.returning(CallbackReceipt.id)).scalar() is not None


def forget_old(now: datetime) -> int:
    """Delete receipts older than a week; signatures are stale long before. Returns how many."""
    old = sa.delete(CallbackReceipt).where(CallbackReceipt.received_at < now - KEPT)
    return database.connection().execute(old).rowcount
