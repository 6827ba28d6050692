"""What a push looks like on the wire: JSON or XML, plain, sealed or both, with its signed query."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from wechat.sandbox.seal import seal, signature

_XML_NAMES = {
    "subscribe_msg_popup_event": "SubscribeMsgPopupEvent",
    "subscribe_msg_change_event": "SubscribeMsgChangeEvent",
    "subscribe_msg_sent_event": "SubscribeMsgSentEvent",
}


class Mode(StrEnum):
    """The three modes of the console."""

    PLAIN = "plain"
    COMPATIBLE = "compatible"
    SAFE = "safe"


class Form(StrEnum):
    """The two ways of writing."""

    JSON = "json"
    XML = "xml"


class Spoil(StrEnum):
    """What can be wrong with a push on command."""

    SIGNATURE = "signature"  # forged: not made with our token
    STALE = "stale"  # signed rightly, an hour ago
    RECEIVER = "receiver"  # sealed for another app
    CIPHER = "cipher"  # the sealed part is damaged, and signed as it is
    BROKEN = "broken"  # the body breaks off


STALE_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Writing:
    """How the console says pushes are to be written."""

    appid: str
    token: str
    key: str = ""
    mode: Mode = Mode.PLAIN
    form: Form = Form.JSON


@dataclass(frozen=True, slots=True)
class Letter:
    """One request to the callback address, ready to be sent, or handed to a test client."""

    query: dict[str, str]
    body: bytes
    content_type: str

    @property
    def query_string(self) -> str:
        return urlencode(self.query)


def greeting(writing: Writing, now: float) -> Letter:
    """The GET that asks whether an address is ours: `echostr` must come back unchanged."""
    query = _signed(writing.token, now) | {"echostr": str(secrets.randbelow(10**18) + 10**18)}
    return Letter(query, b"", "")


def letter(writing: Writing, fields: Mapping[str, Any], now: float, spoil: Spoil | None = None) -> Letter:
    """Write these fields down as the console wants them. Each call signs afresh."""
    at = now - STALE_SECONDS if spoil is Spoil.STALE else now
    query = _signed("forged" if spoil is Spoil.SIGNATURE else writing.token, at)
    query["openid"] = str(fields["FromUserName"])
    text = _write(fields, writing.form)
    if writing.mode is not Mode.PLAIN:
        receiver = "wx0000000000000000" if spoil is Spoil.RECEIVER else writing.appid
        sealed = seal(text, receiver, writing.key, secrets.token_bytes(8).hex().encode())
        if spoil is Spoil.CIPHER:
            sealed = sealed[:-24] + secrets.token_hex(8)
        token = "forged" if spoil is Spoil.SIGNATURE else writing.token
        query["encrypt_type"] = "aes"
        query["msg_signature"] = signature(token, query["timestamp"], query["nonce"], sealed)
        shown = fields if writing.mode is Mode.COMPATIBLE else {"ToUserName": fields["ToUserName"]}
        text = _write({**shown, "Encrypt": sealed}, writing.form)
    body = text.encode()
    if spoil is Spoil.BROKEN:
        body = body[: len(body) // 2]
    return Letter(query, body, "application/json" if writing.form is Form.JSON else "text/xml")


def _signed(token: str, at: float) -> dict[str, str]:
    timestamp, nonce = str(int(at)), str(secrets.randbelow(9 * 10**9) + 10**9)
    return {"signature": signature(token, timestamp, nonce), "timestamp": timestamp, "nonce": nonce}


def _write(fields: Mapping[str, Any], form: Form) -> str:
    if form is Form.JSON:
        return json.dumps(fields, ensure_ascii=False)
    nested = _XML_NAMES.get(str(fields.get("Event")))
    told = {name: value for name, value in fields.items() if name != "List"}
    if nested and "List" in fields:
        told[nested] = {"List": fields["List"]}
    return f"<xml>{_elements(told)}</xml>"


def _elements(fields: Mapping[str, Any]) -> str:
    written = []
    for name, value in fields.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, Mapping):
                inside = _elements(one)
            elif isinstance(one, int | float):
                inside = str(one)
            else:
                inside = f"<![CDATA[{one}]]>" if "]]>" not in str(one) else escape(str(one))
            written.append(f"<{name}>{inside}</{name}>")
    return "\n".join(written)
