"""Signing in and out, and creating the people who can."""

import logging
import re
from datetime import datetime

import sqlalchemy as sa
from flask import current_app

from models import Person, new_public_id
from models.enums import SessionKind
from server.core import audit, auth, database
from server.core.access import Actor
from server.core.audit import Action
from server.core.errors import FieldError, Problem, conflict, invalid
from server.identity import accounts
from server.identity.leaving import close_account as close_account
from server.identity.leaving import take_back_phone as take_back_phone
from server.identity.phone import forget_phone as forget_phone
from server.identity.phone import keep_phone as keep_phone
from server.identity.recognising import arrive as arrive
from server.identity.recognising import set_out as set_out
from wechat.gateway import CodeUsedOrExpired, Gateway, UserBlocked, WeChatError

log = logging.getLogger("louzhang.identity")

USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{2,39}")


def sign_in_with_wechat(code: str, now: datetime) -> tuple[str, datetime]:
    """Exchange a login code for our own token. The first time makes the person. Returns token and expiry.

    Raises Problem with what WeChat said, in our words: 401 for a stale code, 403 for a blocked user, 503 otherwise.
    """
    gateway: Gateway = current_app.extensions["wechat"]
    try:
        identity = gateway.login(code)  # before the first statement: no transaction waits for WeChat
    except WeChatError as error:
        log.warning("wechat refused a login", extra={"error": str(error)})
        status = {CodeUsedOrExpired: 401, UserBlocked: 403}.get(type(error), 503)
        raise Problem(status, error.code, error.detail) from None
    appid = current_app.extensions["settings"].wechat.appid
    person_id = accounts.person_of(appid, identity.openid, identity.unionid, now)
    token, expires = auth.open_session(person_id, SessionKind.MINIPROGRAM, now)
    return token, expires


def sign_in_with_password(username: str, password: str, now: datetime) -> tuple[str, datetime]:
    """Office staff at the console. Returns token and expiry.

    Raises Problem 429 after too many failures, 401 otherwise. A try is noted and committed as a failure before the password
    is looked at, which takes long and must hold no lock: of twenty guesses at once the sixth is refused already.
    """
    username = username.strip().lower()
    auth.refuse_when_guessing(username, now)
    noted = auth.note_failure(username, now)
    row = (
        database.connection()
        .execute(
            sa.select(Person.id, Person.password_hash).where(Person.username == username, Person.disabled_at.is_(None))
        )
        .one_or_none()
    )
    database.commit()
    if not auth.password_matches(row.password_hash if row else None, password):
        raise Problem(401, "wrong_password", "用户名或密码不对。")
    assert row is not None
    auth.take_back_failure(noted)
    token, expires = auth.open_session(row.id, SessionKind.CONSOLE, now)
    audit.record(Action.SESSION_START, now, actor_id=row.id)
    return token, expires


def sign_out(actor: Actor, now: datetime) -> None:
    """End the session this request came with."""
    auth.end_session(actor.session_id, now)


def create_staff(name: str, username: str, password: str, now: datetime, by: Actor | None = None) -> int:
    """A person who signs in to the console. Gives no right: that takes an appointment. Returns the internal id.

    Raises Problem for a bad or taken user name and for a weak password.
    """
    username = username.strip().lower()
    if not USERNAME.fullmatch(username):
        raise invalid("username", "用户名为 3 到 40 位小写字母、数字、点、横线或下划线。")
    conn = database.connection()
    if conn.execute(sa.select(Person.id).where(Person.username == username)).scalar() is not None:
        raise conflict("username_taken", "这个用户名已经有人用了。")
    public_id = new_public_id()
    person_id = conn.execute(
        sa.insert(Person)
        .values(
            public_id=public_id,
            name=name,
            username=username,
            password_hash=auth.hash_password(password),
            created_at=now,
        )
        .returning(Person.id)
    ).scalar_one()
    audit.record(Action.PERSON_CREATE, now, actor=by, subject=f"person:{public_id}")
    return int(person_id)


def disable(username: str, now: datetime) -> None:
    """Close an account: nobody signs in with it, and every session of it is dark at the next request. History stays."""
    person_id, public_id = _staff(username)
    database.connection().execute(
        sa.update(Person).where(Person.id == person_id, Person.disabled_at.is_(None)).values(disabled_at=now)
    )
    auth.end_all_sessions(person_id, now)
    audit.record(Action.PERSON_DISABLE, now, subject=f"person:{public_id}")


def enable(username: str, now: datetime) -> None:
    """Open a closed account again, with the password it had."""
    person_id, public_id = _staff(username)
    database.connection().execute(sa.update(Person).where(Person.id == person_id).values(disabled_at=None))
    audit.record(Action.PERSON_ENABLE, now, subject=f"person:{public_id}")


def reset_password(username: str, password: str, now: datetime) -> None:
    """Give an account a new password and end all its sessions. Raises Problem for a weak one."""
    person_id, public_id = _staff(username)
    hashed = auth.hash_password(password)
    database.connection().execute(sa.update(Person).where(Person.id == person_id).values(password_hash=hashed))
    auth.end_all_sessions(person_id, now)
    audit.record(Action.PERSON_PASSWORD, now, subject=f"person:{public_id}")


def change_password(actor: Actor, old: str, new: str, now: datetime) -> None:
    """Whoever knows the old password sets a new one; every session ends, this one too. Raises 422, 429 when guessing."""
    row = (
        database.connection()
        .execute(sa.select(Person.username, Person.password_hash).where(Person.id == actor.person_id))
        .one()
    )
    if row.username is None:
        raise conflict("no_password", "这个账号用微信登录，没有密码。")
    auth.refuse_when_guessing(row.username, now)
    if not auth.password_matches(row.password_hash, old):
        wrong = Problem(422, "wrong_password", "原密码不对。", errors=(FieldError("old", "原密码不对。"),))
        raise auth.refuse_guess(row.username, now, wrong)
    hashed = auth.hash_password(new)
    database.connection().execute(sa.update(Person).where(Person.id == actor.person_id).values(password_hash=hashed))
    auth.end_all_sessions(actor.person_id, now)
    audit.record(Action.PERSON_PASSWORD, now, actor=actor, subject=f"person:{actor.public_id}")


def _staff(username: str) -> tuple[int, str]:
    """Internal and public id of the person with a user name. Raises Problem 404."""
    query = sa.select(Person.id, Person.public_id).where(Person.username == username.strip().lower())
    row = database.connection().execute(query).one_or_none()
    if row is None:
        raise Problem(404, "unknown_username", "没有这个用户名。")
    return row.id, row.public_id
