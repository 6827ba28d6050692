"""What a phone brings signed or sealed with its session key."""

import hashlib
import hmac
import json
from typing import Any

from wechat.push.refusals import Forged, Malformed
from wechat.push.sealing import decrypt, from_base64


def raw_data_signature(raw_data: str, session_key: str) -> str:
    """WeChat's signature of the user data a phone was given."""
    return hashlib.sha1((raw_data + session_key).encode()).hexdigest()  # noqa: S324 -- WeChat's choice


def raw_data_signed_well(signature: str, raw_data: str, session_key: str) -> bool:
    """Whether user data comes from WeChat, in constant time."""
    wanted = raw_data_signature(raw_data, session_key)
    return hmac.compare_digest(signature.encode("utf-8", "surrogatepass"), wanted.encode())


def open_user_data(encrypted_data: str, session_key: str, iv: str, appid: str | None = None) -> dict[str, Any]:
    """The user data WeChat sealed for our session. Raises Malformed; Forged when its watermark names another app."""
    key, start = from_base64(session_key), from_base64(iv)
    if len(key) not in (16, 24, 32) or len(start) != 16:
        raise Malformed("session key or iv of a wrong length")
    plain = decrypt(from_base64(encrypted_data), key, start)
    padding = plain[-1]
    if not 1 <= padding <= 16 or plain[-padding:] != bytes([padding]) * padding:
        raise Malformed("padding")
    try:
        found = json.loads(plain[:-padding].decode())
    except (ValueError, RecursionError):
        raise Malformed("broken JSON") from None
    if not isinstance(found, dict):
        raise Malformed("JSON is no object")
    watermark = found.get("watermark")
    if appid is not None and (not isinstance(watermark, dict) or watermark.get("appid") != appid):
        raise Forged("watermark of another app")
    return found
