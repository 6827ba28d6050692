"""Session keys: is this one still good, and give me another. Proved by a signature, the key itself never travels."""

import hashlib
import hmac
from typing import Any

from wechat.sandbox.answers import Refused, ok
from wechat.sandbox.desk import Call, call


@call("/wxa/checksession", method="GET")
def check_session(asked: Call) -> dict[str, Any]:
    """0 when the signature was made with the session key we gave out last."""
    _prove(asked)
    return ok()


@call("/wxa/resetusersessionkey", method="GET")
def reset_session(asked: Call) -> dict[str, Any]:
    """A new session key for one user; the old one is dead."""
    user = _prove(asked)
    return ok(openid=asked.text("openid"), session_key=asked.world.new_session_key(user, asked.app.appid))


def sign(session_key: str) -> str:
    """The signature both calls want: over nothing, keyed with the session key as it was received."""
    return hmac.new(session_key.encode(), b"", hashlib.sha256).hexdigest()


def _prove(asked: Call) -> str:
    openid, found = asked.text("openid"), asked.world.whose(asked.text("openid"))
    if not openid or not asked.text("signature"):
        raise Refused(40097)
    if asked.text("sig_method") != "hmac_sha256":
        raise Refused(87008)
    if found is None or found[1] != asked.app.appid:
        raise Refused(40003)
    key = asked.world.session_keys.get(openid)
    if key is None:
        raise Refused(87007)
    if not hmac.compare_digest(sign(key), asked.text("signature")):
        raise Refused(87009)
    return found[0]
