"""Vectors of WeChat's callback, from files: our own samples beside this file always, others where there are any.

Others are the `vectors*.jsonl` in the folder that LOUZHANG_WECHAT_VECTORS names, or else in `../shared/data/wechat-vectors`
beside the checkout. One JSON object a line: id, kind, input, expected.
"""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.wechat.sealing import samples
from wechat import push
from wechat.push import Callback, PushRefused

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
OWN = HERE / "vectors.jsonl"
OTHERS = Path(os.environ.get("LOUZHANG_WECHAT_VECTORS") or ROOT.parent / "shared" / "data" / "wechat-vectors")


def _vectors() -> list[dict[str, Any]]:
    files = [OWN, *(sorted(OTHERS.glob("vectors*.jsonl")) if OTHERS.is_dir() else [])]
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    return [json.loads(line) for line in lines if line.strip()]


def _callback(given: dict[str, Any]) -> Callback:
    return Callback(given.get("token", ""), given.get("encoding_aes_key", ""), (given.get("appid", ""),))


def _args(given: dict[str, Any]) -> dict[str, str]:
    names = ("signature", "msg_signature", "timestamp", "nonce", "echostr")
    return {name: str(given[name]) for name in names if name in given}


def _valid(check: Callable[[], object]) -> bool:
    try:
        check()
    except PushRefused:
        return False
    return True


def url_signature(given: dict[str, Any], expected: dict[str, Any]) -> None:
    callback = Callback(given["token"], "", ())
    args = {"echostr": "echo", **_args(given)}
    assert _valid(lambda: push.verify_url(callback, args)) is expected["valid"]
    if expected["valid"]:
        assert push.verify_url(callback, args) == expected.get("reply", args["echostr"])


def msg_signature(given: dict[str, Any], expected: dict[str, Any]) -> None:
    signed = (given["token"], str(given["timestamp"]), str(given["nonce"]), given["encrypt"])
    assert push.signed_well(given["msg_signature"], *signed) is expected["valid"]


def encrypted_echostr(given: dict[str, Any], expected: dict[str, Any]) -> None:
    callback, args = _callback(given), _args(given)
    assert _valid(lambda: push.verify_url(callback, args)) is expected["valid"]
    if expected["valid"]:
        assert push.verify_url(callback, args) == expected["reply"]


def message_decrypt(given: dict[str, Any], expected: dict[str, Any]) -> None:
    callback, args = _callback(given), _args(given)
    body = given["body"].encode()
    text, appid = push.open_envelope(callback, body, args["msg_signature"], args["timestamp"], args["nonce"])
    opened = push.unseal(push.parse(body)["Encrypt"], callback.key, callback.appids)
    assert text == opened.text == expected["plaintext"]
    assert appid == expected.get("receive_id", appid)
    if "random" in expected:
        assert expected["random"] in (opened.random.decode("latin-1"), opened.random.hex())
    if "MsgType" in text:  # some are of other services, which have another kind of message
        assert push.open_push(callback, args, body).appid == appid


def message_encrypt(given: dict[str, Any], expected: dict[str, Any]) -> None:
    sealed = push.seal(given["plaintext"], given["encoding_aes_key"], given["appid"], given["random"].encode("latin-1"))
    assert sealed == expected["encrypt"]
    if "msg_signature" in expected:
        signature = push.sign(given["token"], str(given["timestamp"]), str(given["nonce"]), sealed)
        assert signature == expected["msg_signature"]
    opened = push.unseal(sealed, given["encoding_aes_key"], (given["appid"],))
    assert opened.text == given["plaintext"]


def push_event(given: dict[str, Any], expected: dict[str, Any]) -> None:
    tree = push.parse(given["body"].encode())
    found = push.read(tree)
    for name, value in expected.items():
        if name in found.fields:
            said: list[Any] = [found.fields[name]]
        else:
            said = [item[name] for item in found.items if name in item] or list(_named(tree, name))
        wanted = [_as_text(one) for one in (value if isinstance(value, list) else [value])]
        assert said, name
        flat = said[0] if isinstance(said[0], list) else said
        assert [one for one in wanted if one not in flat] == [], name
        assert flat[0] == wanted[0], name
    readable = all(expected.get(name, 0) in (0, "0") for name in ("errcode", "status_code"))
    if expected.get("Event") == "wxa_media_check" and readable:
        assert found.verdict is not None
        assert found.verdict.trace == expected.get("trace_id", found.verdict.trace)
        assert found.verdict.suggestion == expected.get("suggest", found.verdict.suggestion)
        assert found.verdict.label == int(expected.get("label", found.verdict.label))


def _named(tree: Any, name: str) -> Iterator[Any]:
    """Everything of a name in a tree, the nearest to its root first."""
    if isinstance(tree, dict):
        if name in tree:
            yield tree[name]
        for inner in tree.values():
            yield from _named(inner, name)
    elif isinstance(tree, list):
        for inner in tree:
            yield from _named(inner, name)


def _as_text(value: Any) -> Any:
    """A value with every number as text: as a tree holds it."""
    if isinstance(value, dict):
        return {name: _as_text(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_as_text(inner) for inner in value]
    return str(value)


def userdata_decrypt(given: dict[str, Any], expected: dict[str, Any]) -> None:
    found = push.open_user_data(given["encrypted_data"], given["session_key"], given["iv"], given.get("appid"))
    assert found == expected["data"]


def rawdata_signature(given: dict[str, Any], expected: dict[str, Any]) -> None:
    signed = push.raw_data_signed_well(given["signature"], given["raw_data"], given["session_key"])
    assert signed is expected["valid"]


# The part of a delivery that is broken → how it is refused. The key is our own: no delivery can break it.
CLASSES: dict[str, type[PushRefused] | tuple[type[PushRefused], ...]] = {
    "signature": push.Forged,
    "appid": push.Forged,
    "xml": push.Malformed,
    "json": push.Malformed,
    "length": push.Malformed,
    "base64": push.Malformed,
    "key": (push.BadKey, push.Malformed),  # ours, or a phone's session key
    "ciphertext": (push.Forged, push.Malformed),
    "padding": (push.Forged, push.Malformed),
}


def reject(given: dict[str, Any], expected: dict[str, Any]) -> None:
    """Whatever is there is tried as far as it goes: the door asks the same functions in the same order."""
    assert expected["accepted"] is False
    with pytest.raises(PushRefused) as refused:
        _take(given)
    assert isinstance(refused.value, CLASSES.get(expected.get("reason", ""), PushRefused))


def _take(given: dict[str, Any]) -> None:
    callback, args = _callback(given), _args(given)
    if "session_key" in given:
        if "raw_data" in given and not push.raw_data_signed_well(
            given["signature"], given["raw_data"], given["session_key"]
        ):
            raise push.Forged("signature")
        if "encrypted_data" in given:
            iv, appid = given.get("iv", ""), given.get("appid")
            push.open_user_data(given["encrypted_data"], given["session_key"], iv, appid)
        return
    if "encoding_aes_key" in given:
        push.key_bytes(given["encoding_aes_key"])
    if "body" in given and "msg_signature" not in given:  # what is broken must show without a signature too
        sealed = push.parse(given["body"].encode()).get("Encrypt", "")
        if sealed and "encoding_aes_key" in given:
            push.read(push.parse(push.unseal(sealed, callback.key, callback.appids).text.encode()))
        else:
            push.open_push(callback, args, given["body"].encode())
    elif "body" in given:
        push.open_push(callback, args, given["body"].encode())
    elif "encrypt" in given:
        if "msg_signature" in given and not push.signed_well(
            given["msg_signature"], callback.token, args.get("timestamp", ""), args.get("nonce", ""), given["encrypt"]
        ):
            raise push.Forged("signature")
        push.unseal(given["encrypt"], callback.key, callback.appids)
    elif "echostr" in given or "signature" in given:
        push.verify_url(callback, args)


KINDS: dict[str, Callable[[dict[str, Any], dict[str, Any]], None]] = {
    check.__name__: check
    for check in (
        url_signature,
        msg_signature,
        encrypted_echostr,
        message_decrypt,
        message_encrypt,
        push_event,
        reject,
        userdata_decrypt,
        rawdata_signature,
    )
}


@pytest.mark.parametrize("vector", _vectors(), ids=lambda vector: vector["id"])
def test_vector(vector: dict[str, Any]) -> None:
    KINDS[vector["kind"]](vector["input"], vector["expected"])


def test_the_samples_are_those_of_the_other_implementation() -> None:
    written = [json.loads(line) for line in OWN.read_text(encoding="utf-8").splitlines()]
    assert written == json.loads(json.dumps(list(samples())))


def test_the_samples_are_of_every_kind() -> None:
    assert {sample["kind"] for sample in samples()} == set(KINDS)
