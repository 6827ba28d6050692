"""What WeChat sends to us: proving that it is WeChat, opening it, and saying in our words what it says.

Pure: no clock, no network, no Flask. The platform's rules are in its documentation, "消息推送": a signature is the SHA-1 of
the sorted parts joined; a sealed message is AES-256-CBC over 16 random bytes, a length, the text and the appid.

wechatpy is not used here: it compares signatures in variable time, reads XML only, and takes every media check of version
2 for a refusal.
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar
from xml.parsers import expat

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from wechat.gateway import Suggestion, Verdict

BODY_MOST = 64 * 1024
AGE_MOST = 600  # seconds that WeChat's timestamp may lie before or after our clock
DEPTH_MOST = 12
_BLOCK = 32  # WeChat pads to twice the cipher's own block
_NORMAL, _OTHER = 100, 21000  # WeChat's labels: nothing found; something we have no name for


class PushRefused(Exception):
    """We do not take this. `reason` is a phrase of ours, never a part of what was sent."""

    status: ClassVar[int] = 400

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Malformed(PushRefused):
    """It cannot be read."""


class Forged(PushRefused):
    """It does not come from WeChat, or is not meant for us, or was used before."""

    status = 403


class Stale(PushRefused):
    """It was signed too long ago, or by a clock far ahead of ours."""

    status = 403


class BadKey(PushRefused):
    """Our own EncodingAESKey is none: 43 letters and digits are."""

    status = 500


@dataclass(frozen=True, slots=True)
class Callback:
    """What was agreed with WeChat for our callback. Without `key`, messages come plain."""

    token: str = field(repr=False)
    key: str = field(repr=False)
    appids: tuple[str, ...]
    """Our apps: the mini-program, and the service account where there is one."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A sealed message, opened. `receive_id` is the appid it was sealed for."""

    text: str = field(repr=False)
    random: bytes = field(repr=False)
    receive_id: str


@dataclass(frozen=True, slots=True)
class Push:
    """One message of WeChat. `kind` is the event's name, or `message:text` and the like for what a person typed.

    Every value is text, whether it came as a number or not. `items` are the entries of `List`, of which WeChat sends an
    object when there is one. `appid` is empty when a plain message does not say for which of our apps it is.
    """

    kind: str
    appid: str
    openid: str = field(repr=False)
    """Whom it is about."""
    fields: Mapping[str, str] = field(repr=False)
    items: tuple[Mapping[str, str], ...] = field(default=(), repr=False)
    verdict: Verdict | None = None
    """Of a media check; None when WeChat could not look at the picture."""
    proof: bytes = field(default=b"", repr=False)
    """The signature it came with: the same again is a replay."""

    @property
    def identity(self) -> bytes:
        """Names the delivery: the same for every repetition of it, whatever it is signed with.

        A message has its MsgId and a media check its trace. An event is known by who, when and what, and by its content
        too: two templates may be answered, or two consents revoked, within one second.
        """
        here = self.fields
        if here.get("MsgId"):
            named = ["message", here["MsgId"]]
        elif self.kind == "wxa_media_check" and here.get("trace_id"):
            named = ["media", here["trace_id"]]
        else:
            content = json.dumps([sorted(here.items()), [sorted(i.items()) for i in self.items]], ensure_ascii=False)
            named = ["event", self.openid, here.get("CreateTime", ""), self.kind, content]
        return _digest(*named)


# --- signatures


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


# --- sealing


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


# --- the delivery


def verify_url(callback: Callback, args: Mapping[str, str]) -> str:
    """The `echostr` to send back when WeChat asks whether the address is ours. Raises Forged or Malformed.

    Sealed when `msg_signature` came with it, as work accounts do; a mini-program sends it open.
    """
    timestamp, nonce, echo = (args.get(name, "") for name in ("timestamp", "nonce", "echostr"))
    if "msg_signature" in args:
        if not signed_well(args["msg_signature"], callback.token, timestamp, nonce, echo):
            raise Forged("signature")
        return unseal(echo, callback.key, callback.appids).text
    if not signed_well(args.get("signature", ""), callback.token, timestamp, nonce):
        raise Forged("signature")
    return echo


def open_push(callback: Callback, args: Mapping[str, str], body: bytes) -> Push:
    """Open a delivery: JSON or XML; plain, sealed, or both at once (compatible mode: only the sealed half is believed).

    Where a key was agreed, nothing plain is taken: an open message is signed without its content. Says nothing about
    age: see `check_age`. Raises Forged or Malformed.
    """
    timestamp, nonce = args.get("timestamp", ""), args.get("nonce", "")
    if not callback.key:
        # Asked before the body is read: the plain signature does not cover it.
        signature = args.get("signature", "")
        if not signed_well(signature, callback.token, timestamp, nonce):
            raise Forged("signature")
        tree = parse(body)
        if "Encrypt" in tree and "MsgType" not in tree:
            raise Malformed("sealed, and no key is configured here")
        # The signature, not its parts: sorted and joined, other parts make the same one (timestamp and nonce exchanged).
        return read(tree, proof=_digest("plain", signature))
    signature = args.get("msg_signature", "")
    text, appid = open_envelope(callback, body, signature, timestamp, nonce)
    return read(parse(text.encode()), appid=appid, proof=_digest("sealed", signature))


def open_envelope(callback: Callback, body: bytes, signature: str, timestamp: str, nonce: str) -> tuple[str, str]:
    """The text inside a sealed body, and the appid it was sealed for. Raises Forged or Malformed."""
    encrypted = parse(body).get("Encrypt")
    if encrypted is None:
        raise Forged("not sealed")
    if not isinstance(encrypted, str):
        raise Malformed("Encrypt is no text")
    if not signed_well(signature, callback.token, timestamp, nonce, encrypted):
        raise Forged("signature")
    opened = unseal(encrypted, callback.key, callback.appids)
    return opened.text, opened.receive_id


def read(tree: Mapping[str, Any], *, appid: str = "", proof: bytes = b"") -> Push:
    """What a message says. Raises Malformed for one without a kind, Forged for one that names another app."""
    fields = {name: value for name, value in tree.items() if isinstance(value, str)}
    of = fields.get("MsgType", "")
    kind = fields.get("Event", "") if of == "event" else f"message:{of}" if of else ""
    if not kind:
        raise Malformed("neither message nor event")
    said = fields.get("AppID") or (fields.get("appid") if kind == "wxa_media_check" else "") or ""
    if appid and said and said != appid:
        raise Forged("sealed for another app than it names")
    items = _items(tree)
    result = tree.get("result")
    if isinstance(result, Mapping):
        fields = {**{n: v for n, v in result.items() if isinstance(v, str)}, **fields}
    return Push(
        kind=kind,
        appid=appid or said,
        openid=fields.get("OpenID", "").strip() or fields.get("FromUserName", ""),
        fields=fields,
        items=items,
        verdict=_verdict(fields) if kind == "wxa_media_check" else None,
        proof=proof,
    )


def _items(tree: Mapping[str, Any]) -> tuple[Mapping[str, str], ...]:
    """The entries of `List`, which XML hides one level down in an element named for the event."""
    entries: list[Any] = []
    for name, value in tree.items():
        inner = value if name == "List" else value.get("List") if isinstance(value, Mapping) else None
        entries += inner if isinstance(inner, list) else [] if inner is None else [inner]
    return tuple(
        {n: v for n, v in entry.items() if isinstance(v, str)} for entry in entries if isinstance(entry, Mapping)
    )


def _verdict(fields: Mapping[str, str]) -> Verdict | None:
    """The verdict of a media check: the new layout's `result`, or the old one's `isrisky` and `status_code`."""
    trace = fields.get("trace_id", "")
    if not trace:
        raise Malformed("media check without a trace")
    if fields.get("errcode", "0") != "0" or fields.get("status_code", "0") != "0":
        return None  # -1008: WeChat could not fetch the picture
    label = fields.get("label", "")
    number = int(label) if re.fullmatch(r"[0-9]{1,9}", label) else None
    if "suggest" in fields:
        known = set(Suggestion)
        suggestion = Suggestion(fields["suggest"]) if fields["suggest"] in known else Suggestion.REVIEW
    elif "isrisky" in fields:
        suggestion = Suggestion.PASS if fields["isrisky"] == "0" else Suggestion.RISKY
    else:
        raise Malformed("media check without a result")
    default = _NORMAL if suggestion is Suggestion.PASS else _OTHER
    return Verdict(suggestion, default if number is None else number, trace)


# --- reading


def parse(body: bytes) -> dict[str, Any]:
    """The body as a tree of texts, whichever of WeChat's two forms it has. Raises Malformed."""
    if len(body) > BODY_MOST:
        raise Malformed("too large")
    body = body.removeprefix(b"\xef\xbb\xbf").strip()
    tree = _from_xml(body) if body[:1] == b"<" else _from_json(body)
    _refuse_odd_text(tree)
    return tree


def _from_json(body: bytes) -> dict[str, Any]:
    def refuse(_word: str) -> str:
        raise ValueError

    try:
        found = json.loads(body.decode(), parse_int=str, parse_float=str, parse_constant=refuse)
        _check_depth(found, DEPTH_MOST)
    except (ValueError, RecursionError):
        raise Malformed("broken JSON") from None
    if not isinstance(found, dict):
        raise Malformed("JSON is no object")
    return found


def _check_depth(value: Any, left: int) -> None:
    if left < 0:
        raise ValueError
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            _check_depth(inner, left - 1)


class _Reader:
    """Builds a tree from expat's events. Text is kept as it stands: a name may begin with a blank.

    Document types are refused as soon as one begins, so no entity is ever declared, fetched or expanded.
    """

    def __init__(self) -> None:
        self.root: Any = None
        self._open: list[tuple[dict[str, Any], list[str]]] = []
        parser = self.parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        parser.ProcessingInstructionHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text

    @staticmethod
    def _refuse(*_: Any) -> None:
        raise Malformed("XML with a document type or instruction")

    def _start(self, _name: str, _attributes: Any) -> None:
        if len(self._open) >= DEPTH_MOST:
            raise Malformed("XML too deep")
        self._open.append(({}, []))

    def _text(self, text: str) -> None:
        if self._open:
            self._open[-1][1].append(text)

    def _end(self, name: str) -> None:
        children, texts = self._open.pop()
        value: Any = children or "".join(texts)
        if not self._open:
            self.root = value
            return
        siblings = self._open[-1][0]
        if name not in siblings:
            siblings[name] = value
        elif isinstance(siblings[name], list):
            siblings[name].append(value)
        else:
            siblings[name] = [siblings[name], value]


def _from_xml(body: bytes) -> dict[str, Any]:
    reader = _Reader()
    try:
        reader.parser.Parse(body, True)
    except (expat.ExpatError, ValueError):
        raise Malformed("broken XML") from None
    if not isinstance(reader.root, dict):
        raise Malformed("XML holds nothing")
    return reader.root


def _refuse_odd_text(value: Any) -> None:
    """Half characters and NUL are in no message of WeChat, and no database takes them."""
    if isinstance(value, str):
        if "\0" in value or not _encodes(value):
            raise Malformed("text that is none")
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            _refuse_odd_text(name)
            _refuse_odd_text(inner)
    elif isinstance(value, list):
        for inner in value:
            _refuse_odd_text(inner)


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


# --- what a phone brings signed or sealed with its session key


def raw_data_signature(raw_data: str, session_key: str) -> str:
    """WeChat's signature of the user data a phone was given."""
    return hashlib.sha1((raw_data + session_key).encode()).hexdigest()  # noqa: S324 -- WeChat's choice


def raw_data_signed_well(signature: str, raw_data: str, session_key: str) -> bool:
    """Whether user data comes from WeChat, in constant time."""
    wanted = raw_data_signature(raw_data, session_key)
    return hmac.compare_digest(signature.encode("utf-8", "surrogatepass"), wanted.encode())


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


def _digest(*parts: str) -> bytes:
    """SHA-256 of parts that cannot run into each other."""
    told = json.dumps(parts, ensure_ascii=True)
    return hashlib.sha256(told.encode()).digest()
