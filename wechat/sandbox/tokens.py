"""The two kinds of access token, isolated from each other.

`token` hands out a new one at every call and lets the old one live five minutes more; `stable_token` repeats the same
one until five minutes before its end.
"""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from wechat.sandbox.answers import Refused
from wechat.sandbox.apps import app_by_secret
from wechat.sandbox.world import AccessToken, App, World

TOKEN_SECONDS = 7200
OVERLAP_SECONDS = 300
FORCED_A_DAY = 20
FORCED_APART_SECONDS = 30
_BEIJING = timezone(timedelta(hours=8))


def plain_token(world: World, asked: Mapping[str, Any], ip: str, now: float) -> dict[str, Any]:
    """A new token of the rotating kind; the one before lives five minutes more."""
    app = _asking(world, asked, ip)
    with world.lock:
        previous = _current(world, app, "plain", now)
        return _issue(world, app, "plain", now, previous, overlap=OVERLAP_SECONDS)


def stable_token(world: World, asked: Mapping[str, Any], ip: str, now: float) -> dict[str, Any]:
    """The steady kind: the same token until five minutes before its end, unless forced."""
    app = _asking(world, asked, ip)
    with world.lock:
        current = _current(world, app, "stable", now)
        if asked.get("force_refresh") is True:
            _count_forced(world, app, now)
            # For a leaked token: it dies at once. The documentation says so; how many seconds it takes, nobody does.
            return _issue(world, app, "stable", now, current, overlap=0)
        if current is not None and current.expires_at - now > OVERLAP_SECONDS:
            return {"access_token": current.value, "expires_in": int(current.expires_at - now)}
        return _issue(world, app, "stable", now, current, overlap=OVERLAP_SECONDS)


def app_by_token(world: World, value: str | None, now: float) -> App:
    """Who is asking, for every call that needs an access token."""
    if not value:
        raise Refused(41001)
    token = next((token for token in world.tokens if token.value == value), None)
    if token is None or (token.replaced_at is not None and now >= token.replaced_at):
        raise Refused(40001)
    if now >= token.expires_at:
        raise Refused(42001)
    return world.apps[token.appid]


def _asking(world: World, asked: Mapping[str, Any], ip: str) -> App:
    if asked.get("grant_type") != "client_credential":
        raise Refused(40002)
    return app_by_secret(world, asked, ip)


def _current(world: World, app: App, kind: str, now: float) -> AccessToken | None:
    mine = (token for token in reversed(world.tokens) if token.appid == app.appid and token.kind == kind)
    return next((token for token in mine if token.replaced_at is None and now < token.expires_at), None)


def _issue(
    world: World, app: App, kind: str, now: float, previous: AccessToken | None, *, overlap: int
) -> dict[str, Any]:
    if previous is not None:
        previous.replaced_at = now + overlap
    world.tokens = [token for token in world.tokens if now - token.expires_at < TOKEN_SECONDS]
    token = AccessToken(secrets.token_urlsafe(102), app.appid, kind, now + TOKEN_SECONDS)
    world.tokens.append(token)
    return {"access_token": token.value, "expires_in": TOKEN_SECONDS}


def _count_forced(world: World, app: App, now: float) -> None:
    past = world.forced.setdefault(app.appid, [])
    if past and now - past[-1] < FORCED_APART_SECONDS:
        raise Refused(45011)
    if sum(_day(moment) == _day(now) for moment in past) >= FORCED_A_DAY:
        raise Refused(45009)
    world.forced[app.appid] = [*past[-FORCED_A_DAY:], now]


def _day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).astimezone(_BEIJING).date().isoformat()
