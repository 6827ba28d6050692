"""WeChat's signatures: the SHA-1 of the sorted parts joined, and how old a signed thing may be."""

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
