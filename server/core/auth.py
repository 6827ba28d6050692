"""Proving who somebody is: opaque tokens, passwords, and the console's form token.

Tokens are 32 random bytes; only their SHA-256 is stored (a token is random, so a slow hash adds nothing). Passwords are
werkzeug's scrypt.
"""

import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import request
from werkzeug.security import check_password_hash, generate_password_hash

from models import SignInFailure, SignInSession
from models.enums import SessionKind
from server.core import crypto, database
from server.core.errors import Problem

TOKEN_LIFE = {
    SessionKind.MINIPROGRAM: timedelta(days=30),
    SessionKind.CONSOLE: timedelta(hours=12),
    SessionKind.PAGE: timedelta(days=7),  # WeChat gives another without asking anybody
}
SESSIONS_KEPT = timedelta(days=30)  # after they expired
COOKIE = "louzhang_console"
PAGE_COOKIE = "louzhang_page"
PAGES = re.compile(r"/(q/[^/]+|mine(/.*)?)")  # where somebody WeChat recognised is known; nowhere else
FAILURES_ALLOWED = 5
FAILURE_WINDOW = timedelta(minutes=15)
PASSWORD_MIN = 10

# Checked when a user name does not exist, so that the answer takes as long as for one that does.
_NOBODY = generate_password_hash(secrets.token_urlsafe(16))


def hash_token(token: str) -> bytes:
    """What the database knows of a token."""
    return hashlib.sha256(token.encode()).digest()


def presented_token() -> str | None:
    """The token this request carries: `Authorization: Bearer …` for the API, a cookie for console and residents' pages."""
    header = request.headers.get("Authorization", "")
    if header.startswith("Bearer "):
        return header[7:].strip() or None
    if request.path.startswith("/console"):
        return request.cookies.get(COOKIE)
    if PAGES.fullmatch(request.path):
        return request.cookies.get(PAGE_COOKIE)
    return None


def fits_the_door(kind: SessionKind) -> bool:
    """Whether a session of this kind may come by the door the request uses.

    WeChat's silent recognition is weaker than a sign-in, so its sessions open residents' pages and nothing else; and a
    residents' page takes no other session out of its cookie.
    """
    by_header = request.headers.get("Authorization", "").startswith("Bearer ")
    return (kind is SessionKind.PAGE) == (not by_header and PAGES.fullmatch(request.path) is not None)


def open_session(person_id: int, kind: SessionKind, now: datetime) -> tuple[str, datetime]:
    """Start a session. Returns the token (shown once) and when it expires."""
    token = secrets.token_urlsafe(32)
    expires = now + TOKEN_LIFE[kind]
    database.connection().execute(
        sa.insert(SignInSession).values(
            person_id=person_id, kind=kind, token_hash=hash_token(token), created_at=now, expires_at=expires
        )
    )
    return token, expires


def end_session(session_id: int, now: datetime) -> None:
    """Revoke a session: its token is dark at the next request."""
    database.connection().execute(
        sa.update(SignInSession)
        .where(SignInSession.id == session_id, SignInSession.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def end_all_sessions(person_id: int, now: datetime) -> None:
    """Revoke every session of a person (password changed, account disabled)."""
    database.connection().execute(
        sa.update(SignInSession)
        .where(SignInSession.person_id == person_id, SignInSession.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def forget_sessions(now: datetime) -> int:
    """Delete sessions that ended a month ago: nobody comes back with them. Returns how many."""
    old = sa.delete(SignInSession).where(SignInSession.expires_at <= now - SESSIONS_KEPT)
    return database.connection().execute(old).rowcount


def hash_password(password: str) -> str:
    """scrypt hash of a password. Raises Problem for one that is too short."""
    if len(password) < PASSWORD_MIN:
        raise Problem(422, "weak_password", f"密码至少要 {PASSWORD_MIN} 个字符。")
    return generate_password_hash(password)


def password_matches(password_hash: str | None, password: str) -> bool:
    """Whether the password is right; takes the same time when there is no such user."""
    matches = check_password_hash(password_hash or _NOBODY, password)
    return matches and password_hash is not None


def refuse_when_guessing(username: str, now: datetime, *, what: str = "密码错误次数太多") -> None:
    """Raise 429 when this user name has failed too often lately (kept in the database: all workers count together).

    Other secrets people type are guarded the same way: `what` says which, and `username` is any name of the guesser.
    """
    subject = crypto.blind_index(username.casefold(), "sign_in_failures.subject")
    database.advisory_lock(f"guesses {subject.hex()}")  # guesses that come at once are counted one after the other
    since = now - FAILURE_WINDOW
    oldest, count = (
        database.connection()
        .execute(
            sa.select(sa.func.min(SignInFailure.at), sa.func.count()).where(
                SignInFailure.subject == subject, SignInFailure.at > since
            )
        )
        .one()
    )
    if count >= FAILURES_ALLOWED:
        wait = max(1, int((oldest + FAILURE_WINDOW - now).total_seconds()))
        minutes = -(-wait // 60)
        raise Problem(
            429, "too_many_failures", f"{what}，请 {minutes} 分钟后再试。", headers={"Retry-After": str(wait)}
        )


def note_failure(username: str, now: datetime) -> int:
    """Remember a failed sign-in. The caller must let this transaction commit. Returns its id."""
    subject = crypto.blind_index(username.casefold(), "sign_in_failures.subject")
    noted = sa.insert(SignInFailure).values(subject=subject, at=now).returning(SignInFailure.id)
    return int(database.connection().execute(noted).scalar_one())


def take_back_failure(noted: int) -> None:
    """What was noted before the password was looked at was no failure."""
    database.connection().execute(sa.delete(SignInFailure).where(SignInFailure.id == noted))


def forget_failures(now: datetime) -> int:
    """Delete failures that no longer slow anybody down. Returns how many."""
    return (
        database.connection().execute(sa.delete(SignInFailure).where(SignInFailure.at <= now - FAILURE_WINDOW)).rowcount
    )


def refuse_guess(username: str, now: datetime, refusal: Problem) -> Problem:
    """Remember a wrong guess although the request is refused. Returns the refusal, to be raised.

    Commits: call it before anything else was written.
    """
    note_failure(username, now)
    database.commit()
    return refusal


def form_token(session_token: str) -> str:
    """The token a console form must carry (CSRF): bound to the session, useless in another."""
    return hmac.new(crypto.keyring().cookie_key, session_token.encode(), "sha256").hexdigest()


def form_is_ours(session_token: str) -> bool:
    """Whether this request's form was made for a session."""
    given = request.form.get("form_token", "")
    return bool(session_token) and hmac.compare_digest(given.encode(), form_token(session_token).encode())


def check_form_token() -> None:
    """Refuse a console form that was not made for this session."""
    given = request.form.get("form_token", "") or request.headers.get("X-Form-Token", "")
    session_token = request.cookies.get(COOKIE, "")
    if not session_token or not hmac.compare_digest(given.encode(), form_token(session_token).encode()):
        raise Problem(403, "form_expired", "页面已过期，请返回刷新后再提交。")
