"""WeChat's side of a delivery, written a second time: what the pushes of our tests are signed and sealed with.

It shares nothing with `wechat.push`: the cipher is wechatpy's, the layout is spelled out here. Run as a program it writes
the sample vectors, with keys and texts of our own:

    python -m tests.wechat.sealing > tests/wechat/vectors.jsonl
"""

import base64
import hashlib
import json
import struct
from collections.abc import Iterator
from typing import Any

from wechatpy.crypto import WeChatCipher

TOKEN = "louzhangToken9"
KEY = base64.b64encode(bytes(range(7, 39))).decode().rstrip("=")
APPID = "wx10a9c4e7b2d35f68"
RANDOM = "0f1e2d3c4b5a6978"


def signature(*parts: str) -> str:
    """SHA-1 of the sorted parts."""
    joined = b"".join(part.encode() for part in sorted(parts))
    return hashlib.new("sha1", joined).hexdigest()


def sealed(text: str, *, key: str = KEY, appid: str = APPID, random: str = RANDOM) -> str:
    """A text as WeChat seals it."""
    raw = base64.b64decode(key + "=")
    message = text.encode()
    plain = random.encode() + struct.pack(">I", len(message)) + message + appid.encode()
    missing = 32 - len(plain) % 32
    cipher = WeChatCipher(raw, raw[:16])
    return base64.b64encode(cipher.encrypt(plain + bytes([missing] * missing))).decode()


def sealed_user_data(data: dict[str, Any], session_key: bytes, iv: bytes) -> str:
    """User data as WeChat seals it for a phone's session."""
    plain = json.dumps(data, ensure_ascii=False).encode()
    missing = 16 - len(plain) % 16
    return base64.b64encode(WeChatCipher(session_key, iv).encrypt(plain + bytes([missing] * missing))).decode()


def in_xml(fields: dict[str, Any]) -> str:
    """Fields as WeChat writes them in XML; a list repeats its element."""
    return f"<xml>{_elements(fields)}</xml>"


def _elements(fields: dict[str, Any]) -> str:
    told = []
    for name, value in fields.items():
        for one in value if isinstance(value, list) else [value]:
            inner = _elements(one) if isinstance(one, dict) else one if isinstance(one, int) else f"<![CDATA[{one}]]>"
            told.append(f"<{name}>{inner}</{name}>")
    return "".join(told)


def samples() -> Iterator[dict[str, Any]]:
    """The sample vectors, of every kind."""
    when, nonce = "1791770400", "602214076"
    event = {
        "ToUserName": "gh_0a1b2c3d4e5f",
        "FromUserName": "oLZ_1fJ8wq0Yb7RkTt3mXcVn",
        "CreateTime": 1791770399,
        "MsgType": "event",
    }
    answers = [
        {"TemplateId": "tpl-new-issue", "SubscribeStatusString": "accept", "PopupScene": 1},
        {"TemplateId": "tpl-overdue", "SubscribeStatusString": "reject", "PopupScene": 1},
    ]
    popup = {**event, "Event": "subscribe_msg_popup_event"}
    text = {**event, "MsgType": "text", "Content": " 三楼的灯不亮\n", "MsgId": 7340211958840262145}
    base = {"token": TOKEN, "timestamp": when, "nonce": nonce}
    keyed = {**base, "encoding_aes_key": KEY, "appid": APPID}

    def vector(kind: str, name: str, given: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
        return {"id": f"{kind}/{name}", "kind": kind, "input": given, "expected": expected}

    right = signature(TOKEN, when, nonce)
    yield vector("url_signature", "right", {**base, "signature": right}, {"valid": True})
    yield vector("url_signature", "empty", {**base, "signature": ""}, {"valid": False})
    yield vector("url_signature", "other-token", {**base, "token": "x", "signature": right}, {"valid": False})
    body = sealed("hello")
    good = signature(TOKEN, when, nonce, body)
    yield vector("msg_signature", "right", {**base, "encrypt": body, "msg_signature": good}, {"valid": True})
    yield vector("msg_signature", "plain-one", {**base, "encrypt": body, "msg_signature": right}, {"valid": False})
    echo = sealed("8125533907214")
    signed = signature(TOKEN, when, nonce, echo)
    yield vector(
        "encrypted_echostr",
        "right",
        {**keyed, "echostr": echo, "msg_signature": signed},
        {"valid": True, "reply": "8125533907214"},
    )
    yield vector("encrypted_echostr", "wrong", {**keyed, "echostr": echo, "msg_signature": good}, {"valid": False})

    for name, plain in (
        ("xml", in_xml(text)),
        ("json", json.dumps(text, ensure_ascii=False)),
        ("compatible-xml", in_xml(text)),
        ("compatible-json", json.dumps(text, ensure_ascii=False)),
    ):
        encrypt = sealed(plain)
        outer = {"ToUserName": text["ToUserName"], "Encrypt": encrypt}
        if name.startswith("compatible"):
            outer = {**text, "Content": "not what was sealed", **outer}
        form = name.rpartition("-")[2]
        yield vector(
            "message_decrypt",
            name,
            {
                **keyed,
                "format": form,
                "body": in_xml(outer) if form == "xml" else json.dumps(outer, ensure_ascii=False),
                "msg_signature": signature(TOKEN, when, nonce, encrypt),
            },
            {"plaintext": plain, "random": RANDOM, "receive_id": APPID},
        )
    for length in (0, 1, 27, 28, 300):
        said = "楼" * length
        encrypt = sealed(said)
        yield vector(
            "message_encrypt",
            f"of-{length}",
            {**keyed, "plaintext": said, "random": RANDOM},
            {"encrypt": encrypt, "msg_signature": signature(TOKEN, when, nonce, encrypt)},
        )

    first = {"Event": popup["Event"], "FromUserName": event["FromUserName"], **answers[0]}
    one = {**event, "Event": "subscribe_msg_change_event", "List": answers[1]}
    sent = {
        **event,
        "Event": "subscribe_msg_sent_event",
        "List": {"TemplateId": "tpl-new-issue", "MsgID": 1700827132819554304, "ErrorCode": 0, "ErrorStatus": "success"},
    }
    new = {
        **event,
        "Event": "wxa_media_check",
        "appid": APPID,
        "trace_id": "6a1f-77",
        "version": 2,
        "detail": [{"strategy": "content_model", "errcode": 0, "suggest": "pass", "label": 100}],
        "errcode": 0,
        "result": {"suggest": "risky", "label": 20002},
    }
    old = {
        **event,
        "Event": "wxa_media_check",
        "appid": APPID,
        "trace_id": "6a1f-78",
        "isrisky": 1,
        "status_code": 0,
        "extra_info_json": '{"x": 1}',
    }
    revoked = {
        **event,
        "Event": "user_authorization_revoke",
        "OpenID": "oLZ_another",
        "AppID": APPID,
        "RevokeInfo": "8",
    }
    as_xml = {**popup, "SubscribeMsgPopupEvent": {"List": answers}}
    told: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
        "popup-json": ("json", {**popup, "List": answers}, first),
        "popup-xml": ("xml", as_xml, first),
        "change-object": ("json", one, {"TemplateId": "tpl-overdue", "SubscribeStatusString": "reject"}),
        "sent": ("json", sent, {"ErrorCode": "0", "MsgID": "1700827132819554304"}),
        "media-new-json": ("json", new, {"suggest": "risky", "label": 20002, "trace_id": "6a1f-77", "errcode": 0}),
        "media-new-xml": ("xml", new, {"suggest": "risky", "label": 20002, "trace_id": "6a1f-77", "errcode": 0}),
        "media-old": ("json", old, {"isrisky": 1, "status_code": 0, "trace_id": "6a1f-78"}),
        "revoke": ("xml", revoked, {"OpenID": "oLZ_another", "RevokeInfo": "8", "Event": revoked["Event"]}),
        "text": ("xml", text, {"MsgType": "text", "Content": " 三楼的灯不亮\n", "MsgId": "7340211958840262145"}),
    }
    for name, (form, fields, expected) in told.items():
        written = in_xml(fields) if form == "xml" else json.dumps(fields, ensure_ascii=False)
        yield vector("push_event", name, {"body": written, "format": form}, expected)

    fine = sealed(in_xml(text))
    outer_xml = in_xml({"ToUserName": "gh_0a1b2c3d4e5f", "Encrypt": fine})
    well = signature(TOKEN, when, nonce, fine)
    other_key = base64.b64encode(bytes(range(32))).decode().rstrip("=")
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><xml><Encrypt>&b;</Encrypt></xml>'
    refused: dict[str, tuple[dict[str, Any], str]] = {
        "signature": ({**keyed, "body": outer_xml, "msg_signature": right}, "signature"),
        "no-signature": ({**keyed, "body": outer_xml, "msg_signature": ""}, "signature"),
        "appid": ({**keyed, "appid": "wx0000000000000000", "body": outer_xml, "msg_signature": well}, "appid"),
        "other-key": ({**keyed, "encoding_aes_key": other_key, "body": outer_xml, "msg_signature": well}, "ciphertext"),
        "laughs": ({**keyed, "body": laughs, "msg_signature": well}, "xml"),
        "cut-xml": ({**keyed, "body": outer_xml[:-3], "msg_signature": well}, "xml"),
        "cut-json": ({**keyed, "body": '{"Encrypt":', "msg_signature": well}, "json"),
        "deep-json": ({**keyed, "body": '{"a":' + "[" * 30000, "msg_signature": well}, "json"),
        "no-base64": ({**keyed, "encrypt": "*/*"}, "base64"),
        "cut-block": ({**keyed, "encrypt": fine[:24]}, "length"),
        "nothing": ({**keyed, "encrypt": ""}, "length"),
        "short-key": ({**keyed, "encoding_aes_key": KEY[:42], "encrypt": fine}, "key"),
        "odd-key": ({**keyed, "encoding_aes_key": "!" * 43, "encrypt": fine}, "key"),
    }
    for name, (given, reason) in refused.items():
        yield vector("reject", name, given, {"accepted": False, "reason": reason})

    session, iv = bytes(range(16)), bytes(range(16, 32))
    data = {"nickName": "楼友", "watermark": {"appid": APPID, "timestamp": 1791770400}}
    for_session = {
        "session_key": base64.b64encode(session).decode(),
        "iv": base64.b64encode(iv).decode(),
        "encrypted_data": sealed_user_data(data, session, iv),
    }
    yield vector("userdata_decrypt", "right", for_session, {"data": data})
    yield vector("reject", "userdata-iv", {**for_session, "iv": "AAAA"}, {"accepted": False, "reason": "length"})
    raw = json.dumps(data, ensure_ascii=False)
    signed = hashlib.new("sha1", (raw + for_session["session_key"]).encode()).hexdigest()
    about = {"raw_data": raw, "session_key": for_session["session_key"]}
    yield vector("rawdata_signature", "right", {**about, "signature": signed}, {"valid": True})
    yield vector("rawdata_signature", "wrong", {**about, "signature": signed[::-1]}, {"valid": False})


if __name__ == "__main__":
    for sample in samples():
        print(json.dumps(sample, ensure_ascii=False, sort_keys=True))
