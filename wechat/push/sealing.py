"""Opening and sealing: messages under our EncodingAESKey, user data under a phone's session key."""

import base64
import binascii
import hmac
import json
import os
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from wechat.push.refusals import BadKey, Forged, Malformed

_BLOCK = 32  # WeChat pads to twice the cipher's own block


@dataclass(frozen=True, slots=True)
class Opened:
    """A sealed message, opened. `receive_id` is the appid it was sealed for."""

    text: str = field(repr=False)
    random: bytes = field(repr=False)
    receive_id: str


def key_bytes(encoding_key: str) -> bytes:
    """The 32 bytes behind an EncodingAESKey. Raises BadKey."""
    try:
        key = base64.b64decode(encoding_key + "=", validate=True) if len(encoding_key) == 43 else b""
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise BadKey("EncodingAESKey is not 43 characters of base64")
    return key


def seal(text: str, encoding_key: str, receive_id: str, random: bytes | None = None) -> str:
    """Seal a text as WeChat does. `random` is for tests: 16 bytes."""
    random = os.urandom(16) if random is None else random
    if len(random) != 16:
        raise ValueError("random must be 16 bytes")
    message = text.encode()
    plain = random + len(message).to_bytes(4, "big") + message + receive_id.encode()
    padding = _BLOCK - len(plain) % _BLOCK
    key = key_bytes(encoding_key)
    cipher = Cipher(algorithms.AES256(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(cipher.update(plain + bytes([padding]) * padding) + cipher.finalize()).decode()


def unseal(encrypted: str, encoding_key: str, appids: tuple[str, ...]) -> Opened:
    """Open what WeChat sealed for one of our apps.

    Raises Malformed for what is no ciphertext, Forged for one made with another key or for another app.
    """
    key = key_bytes(encoding_key)
    plain = _decrypt(_from_base64(encrypted), key, key[:16])
    padding = plain[-1]
    if not 1 <= padding <= _BLOCK or len(plain) < 20 + padding or plain[-padding:] != bytes([padding]) * padding:
        raise Forged("not sealed with our key")
    body = plain[:-padding]
    end = 20 + int.from_bytes(body[16:20], "big")
    if end > len(body):
        raise Forged("not sealed with our key")
    try:
        opened = Opened(body[20:end].decode(), body[:16], body[end:].decode())
    except UnicodeDecodeError:
        raise Malformed("sealed text is not UTF-8") from None
    if not any(hmac.compare_digest(opened.receive_id.encode(), appid.encode()) for appid in appids):
        raise Forged("sealed for another app")
    return opened


def open_user_data(encrypted_data: str, session_key: str, iv: str, appid: str | None = None) -> dict[str, Any]:
    """The user data WeChat sealed for our session. Raises Malformed; Forged when its watermark names another app."""
    key, start = _from_base64(session_key), _from_base64(iv)
    if len(key) not in (16, 24, 32) or len(start) != 16:
        raise Malformed("session key or iv of a wrong length")
    plain = _decrypt(_from_base64(encrypted_data), key, start)
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


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()).encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("not base64") from None


def _decrypt(sealed: bytes, key: bytes, iv: bytes) -> bytes:
    if not sealed or len(sealed) % 16:
        raise Malformed("not a multiple of the cipher's block")
    cipher = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    return cipher.update(sealed) + cipher.finalize()
