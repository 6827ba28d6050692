"""Taking what WeChat delivers: proved, fresh, once.

WeChat sends a delivery again when we did not answer within five seconds, three times at most. Such a repetition and a
replay by somebody who overheard it look alike, and neither may have a second effect; they differ in what we answer:

- a delivery taken before, signed afresh: WeChat says it again. `success`, nothing is done.
- the same signature and content within twenty seconds: a repetition. `success`, nothing is done.
- the same signature and content later: nobody at WeChat does that. Forged (403).
- the same signature with other content: a plain message's signature does not cover its content. Forged (403).

The receipt is written in the transaction of the effect: when that fails, WeChat's repetition finds nothing and is taken.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import current_app

from models import CallbackReceipt
from server.callbacks import effects, queries
from server.config import WeChatSettings
from server.core import database
from wechat import push
from wechat.push import Callback, Forged, Push

REPEATED_WITHIN = timedelta(seconds=20)  # three tries of five seconds, and some for the way
KEPT = timedelta(days=7)


def is_configured() -> bool:
    """Whether a callback was agreed with WeChat."""
    return bool(_settings().callback_token)


def verify(args: Mapping[str, str], now: datetime) -> str:
    """What to send back when WeChat asks whether the address is ours. Raises push.PushRefused."""
    echo = push.verify_url(_callback(), args)
    push.check_age(args.get("timestamp", ""), now)
    return echo


def receive(args: Mapping[str, str], body: bytes, now: datetime) -> None:
    """Take a delivery and do what it asks for, once. Calls nobody: heavy work goes to the outbox.

    Raises push.PushRefused for what is broken, forged, stale or replayed; nothing has changed then.
    """
    delivery = push.open_push(_callback(), args, body)
    push.check_age(args.get("timestamp", ""), now)
    if _is_new(delivery, now):
        effects.have(delivery, now)


def _is_new(delivery: Push, now: datetime) -> bool:
    if not _note(delivery.proof, now):
        first = queries.received_at(delivery.proof_of_this)
        if first is None or now - first > REPEATED_WITHIN:
            raise Forged("signature used before")
        return False
    _note(delivery.proof_of_this, now)
    return _note(delivery.identity, now)


def _note(key: bytes, now: datetime) -> bool:
    """Whether this was received for the first time. Of two at once, the second waits here for the first."""
    insert = database.insert_unless_there(CallbackReceipt).values(key=key, received_at=now)
    return database.connection().execute(insert.returning(CallbackReceipt.id)).scalar() is not None


def forget_old(now: datetime) -> int:
    """Delete receipts older than a week; signatures are stale long before. Returns how many."""
    old = sa.delete(CallbackReceipt).where(CallbackReceipt.received_at < now - KEPT)
    return database.connection().execute(old).rowcount


def _callback() -> Callback:
    wechat = _settings()
    appids = tuple(appid for appid in (wechat.appid, wechat.service_appid) if appid)
    return Callback(wechat.callback_token, wechat.callback_key, appids)


def _settings() -> WeChatSettings:
    settings: WeChatSettings = current_app.extensions["settings"].wechat
    return settings
