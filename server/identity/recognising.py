"""Recognising who opened one of our pages inside WeChat, through the service account and without a question (snsapi_base).

The way there and back crosses another site, so it is bound to the browser that set out: a random nonce in a cookie, and a
`state` only we can make of it. Without that, a link could bring somebody in under another's name, and what she reports
would be that other's to read. A way is good once and for ten minutes.
"""

import hashlib
import hmac
import logging
import re
import secrets
from datetime import datetime, timedelta
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import current_app

from models import CallbackReceipt
from models.enums import SessionKind
from server.config import WeChatSettings
from server.core import auth, crypto, database
from server.core.errors import Problem
from server.identity import accounts
from wechat.gateway import Gateway, WeChatError

log = logging.getLogger("louzhang.identity")

WAY_LIFE = timedelta(minutes=10)
OFFICIAL = "https://open.weixin.qq.com"
_WAY = re.compile(r"[A-Za-z0-9_-]{22}\.([0-9]{1,12})")


def is_offered() -> bool:
    """Whether there is a service account that recognises people."""
    return bool(_settings().service_appid)


def set_out(page: str, back: str, now: datetime) -> tuple[str, str]:
    """Begin the way to WeChat and back for a page. Returns WeChat's address and the cookie's value; `back` is our own."""
    wechat = _settings()
    way = f"{secrets.token_urlsafe(16)}.{int((now + WAY_LIFE).timestamp())}"
    asked = {
        "appid": wechat.service_appid,
        "redirect_uri": back,
        "response_type": "code",
        "scope": "snsapi_base",
        "state": _state(way, page),
    }
    return f"{wechat.base_url or OFFICIAL}/connect/oauth2/authorize?{urlencode(asked)}#wechat_redirect", way


def arrive(way: str, page: str, state: str, code: str, now: datetime) -> str | None:
    """Come back with WeChat's code. Returns the token of a page session, or None when nobody was recognised.

    Commits that this way was used before WeChat is asked: a code tried twice is a code that leaked, and no transaction
    waits for WeChat.
    """
    if not code or len(code) > 512 or not _is_ours(way, page, state, now):
        return None
    used = hashlib.sha256(b"recognised" + way.encode()).digest()
    receipt = database.insert_unless_there(CallbackReceipt).values(key=used, received_at=now)
    first = database.connection().execute(receipt.returning(sa.literal(1))).scalar() is not None
    database.commit()
    if not first:
        return None
    gateway: Gateway = current_app.extensions["wechat"]
    try:
        seen = gateway.recognise(code)
    except WeChatError as error:
        log.warning("wechat recognised nobody", extra={"error": str(error)})
        return None
    try:
        person_id = accounts.person_of(_settings().service_appid, seen.openid, seen.unionid, now)
    except Problem:
        return None  # a closed account reports as anybody does
    return auth.open_session(person_id, SessionKind.PAGE, now)[0]


def _is_ours(way: str, page: str, state: str, now: datetime) -> bool:
    shape = _WAY.fullmatch(way)
    if shape is None or int(shape[1]) < now.timestamp():
        return False
    return hmac.compare_digest(state.encode(), _state(way, page).encode())


def _state(way: str, page: str) -> str:
    """64 hexadecimal digits: WeChat takes at most 128 letters and digits."""
    return hmac.new(crypto.keyring().cookie_key, f"recognise|{way}|{page}".encode(), "sha256").hexdigest()


def _settings() -> WeChatSettings:
    settings: WeChatSettings = current_app.extensions["settings"].wechat
    return settings
