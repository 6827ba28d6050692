"""What somebody takes back in WeChat, we delete here: the phone number, or all that joins a WeChat user to us.

The person's empty row stays, because history points at it. Nothing in it says who it was, and nobody signs in with it:
whoever comes again is somebody new.
"""

from datetime import datetime

import sqlalchemy as sa

from models import SignInSession, WeChatAccount
from server.core import audit, database
from server.core.audit import Action
from server.identity import accounts, phone


def take_back_phone(appid: str, openid: str, now: datetime) -> tuple[int, str] | None:
    """Delete the phone number of a WeChat user. Returns whose it was and what, to be deleted elsewhere too, or None."""
    person_id = accounts.find(appid, openid)
    number = None if person_id is None else phone.of(person_id)
    if person_id is None or number is None:
        return None
    phone.forget_phone(person_id)
    audit.record(Action.PERSON_FORGET, now, detail={"what": "phone"})
    return person_id, number


def close_account(appid: str, openid: str, now: datetime) -> int | None:
    """Delete openids, phone number and sessions of a WeChat user. Returns whose they were, or None for nobody of ours.

    The trail says that it was done, and not to whom.
    """
    person_id = accounts.find(appid, openid)
    if person_id is None:
        return None
    phone.forget_phone(person_id)
    conn = database.connection()
    conn.execute(sa.delete(SignInSession).where(SignInSession.person_id == person_id))
    conn.execute(sa.delete(WeChatAccount).where(WeChatAccount.person_id == person_id))
    audit.record(Action.PERSON_FORGET, now, detail={"what": "account"})
    return person_id
