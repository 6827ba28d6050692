"""One delivery of WeChat: proved, opened, and told in our words."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wechat.gateway import Suggestion, Verdict
from wechat.push.reading import parse
from wechat.push.refusals import Forged, Malformed
from wechat.push.sealing import unseal
from wechat.push.signatures import signed_well

_NORMAL, _OTHER = 100, 21000  # WeChat's labels: nothing found; something we have no name for


@dataclass(frozen=True, slots=True)
class Callback:
    """What was agreed with WeChat for our callback. Without `key`, messages come plain."""

    token: str = field(repr=False)
    key: str = field(repr=False)
    appids: tuple[str, ...]
    """Our apps: the mini-program, and the service account where there is one."""


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
    """What was signed: the same again is a repetition or a replay."""

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

    @property
    def proof_of_this(self) -> bytes:
        """The signature together with what it came with."""
        return hashlib.sha256(b"this" + self.proof + self.identity).digest()


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
        if not signed_well(args.get("signature", ""), callback.token, timestamp, nonce):
            raise Forged("signature")
        tree = parse(body)
        if "Encrypt" in tree and "MsgType" not in tree:
            raise Malformed("sealed, and no key is configured here")
        return read(tree, proof=_digest("plain", timestamp, nonce))
    signature = args.get("msg_signature", "")
    text, appid = open_envelope(callback, body, signature, timestamp, nonce)
    return read(parse(text.encode()), appid=appid, proof=_digest("sealed", timestamp, nonce, signature))


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


def _digest(*parts: str) -> bytes:
    """SHA-256 of parts that cannot run into each other."""
    told = json.dumps(parts, ensure_ascii=True)
    return hashlib.sha256(told.encode()).digest()
