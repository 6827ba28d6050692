"""One delivery: is it from WeChat, is it for us, and what is inside."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from wechat.push.messages import Push, digest, read
from wechat.push.refusals import Forged, Malformed
from wechat.push.sealing import unseal
from wechat.push.signing import signed_well
from wechat.push.trees import parse


@dataclass(frozen=True, slots=True)
class Callback:
    """What was agreed with WeChat for our callback. Without `key`, messages come plain."""

    token: str = field(repr=False)
    key: str = field(repr=False)
    appids: tuple[str, ...]
    """Our apps: the mini-program, and the service account where there is one."""


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
        return read(tree, proof=digest("plain", signature))
    signature = args.get("msg_signature", "")
    text, appid = open_envelope(callback, body, signature, timestamp, nonce)
    return read(parse(text.encode()), appid=appid, proof=digest("sealed", signature))


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
