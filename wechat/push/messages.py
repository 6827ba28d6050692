"""What a message says, in our words."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wechat.gateway import Suggestion, Verdict
from wechat.push.refusals import Forged, Malformed

_NORMAL, _OTHER = 100, 21000  # WeChat's labels: nothing found; something we have no name for


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
        return digest(*named)


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


def digest(*parts: str) -> bytes:
    """SHA-256 of parts that cannot run into each other."""
    told = json.dumps(parts, ensure_ascii=True)
    return hashlib.sha256(told.encode()).digest()
