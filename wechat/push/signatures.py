"""Whether WeChat signed it, compared in constant time, and how long ago."""

import hashlib
import hmac
import re
from datetime import datetime

from wechat.push.refusals import Stale

AGE_MOST = 600  # seconds that WeChat's timestamp may lie before or after our clock


def sign(token: str, timestamp: str, nonce: str, encrypt: str | None = None) -> str:
    """WeChat's signature of a delivery; of a sealed one with its `encrypt`."""
    parts = [token, timestamp, nonce] if encrypt is None else [token, timestamp, nonce, encrypt]
    return hashlib.sha1("".join(sorted(parts)).encode("utf-8", "surrogatepass")).hexdigest()  # noqa: S324 -- WeChat's choice


def signed_well(given: str, token: str, timestamp: str, nonce: str, encrypt: str | None = None) -> bool:
    """Whether a signature is right, in constant time. Nothing is signed well without a token or a signature."""
    wanted = sign(token, timestamp, nonce, encrypt)
    return bool(token) and hmac.compare_digest(given.encode("utf-8", "surrogatepass"), wanted.encode())


def check_age(timestamp: str, now: datetime) -> None:
    """Refuse what was not signed within ten minutes of now. To be asked after the signature. Raises Stale."""
    if not re.fullmatch(r"[0-9]{1,12}", timestamp) or abs(now.timestamp() - int(timestamp)) > AGE_MOST:
        raise Stale("timestamp outside the window")


def raw_data_signature(raw_data: str, session_key: str) -> str:
    """WeChat's signature of the user data a phone was given."""
    return hashlib.sha1((raw_data + session_key).encode()).hexdigest()  # noqa: S324 -- WeChat's choice


def raw_data_signed_well(signature: str, raw_data: str, session_key: str) -> bool:
    """Whether user data comes from WeChat, in constant time."""
    wanted = raw_data_signature(raw_data, session_key)
    return hmac.compare_digest(signature.encode("utf-8", "surrogatepass"), wanted.encode())
