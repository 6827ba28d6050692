"""What the vectors do not say: limits, doors that stay shut, and what makes two deliveries the same."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.wechat.sealing import APPID, KEY, TOKEN, in_xml, sealed, signature
from wechat import push
from wechat.gateway import Suggestion
from wechat.push import Callback, Forged, Malformed, Push, Stale

NOW = datetime(2026, 10, 12, 1, 0, tzinfo=UTC)
WHEN = str(int(NOW.timestamp()))
PLAIN, SAFE = Callback(TOKEN, "", (APPID,)), Callback(TOKEN, KEY, (APPID,))
EVENT: dict[str, Any] = {
    "ToUserName": "gh_1",
    "FromUserName": "oA",
    "CreateTime": 1791767000,
    "MsgType": "event",
    "Event": "user_authorization_revoke",
    "RevokeInfo": "8",
}


def plain(body: bytes | dict[str, Any], nonce: str = "1") -> Push:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    args = {"timestamp": WHEN, "nonce": nonce, "signature": signature(TOKEN, WHEN, nonce)}
    return push.open_push(PLAIN, args, sent)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"7",
        b"{",
        b'{"MsgType": NaN}',
        b"{}",
        b'{"ToUserName": "gh_1", "Encrypt": "AAAA"}',
        b'{"MsgType": "event"}',
        b'{"MsgType": "text", "Content": "\\ud800"}',
        b'{"MsgType": "text", "Content": "\\u0000"}',
        b'{"MsgType": "text", "Content": "\xff"}',
        b'{"a":' * 13 + b"1" + b"}" * 13,
        b"<xml>",
        b"<xml></xml>",
        b"<xml>text</xml>",
        b"<xml><MsgType>text</MsgType></xml><xml/>",
        b"<xml><a>&undefined;</a></xml>",
        b"<!DOCTYPE xml><xml><MsgType>text</MsgType></xml>",
        b'<!DOCTYPE xml SYSTEM "http://127.0.0.1:1/x.dtd"><xml><MsgType>text</MsgType></xml>',
        b'<?xml-stylesheet href="x"?><xml><MsgType>text</MsgType></xml>',
        b"<a>" * 13 + b"</a>" * 13,
        b"<xml><MsgType>\xff</MsgType></xml>",
        b'{"MsgType": "text", "Content": "' + b"a" * push.BODY_MOST + b'"}',
        b'{"MsgType": "event", "Event": "wxa_media_check", "isrisky": 0}',
        b'{"MsgType": "event", "Event": "wxa_media_check", "trace_id": "t"}',
    ],
)
def test_what_cannot_be_read_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        plain(body)


def test_a_large_body_that_still_fits_is_read() -> None:
    body = b'{"MsgType": "text", "Content": "'
    assert plain(body + b"a" * (push.BODY_MOST - len(body) - 2) + b'"}').kind == "message:text"


def test_nothing_is_signed_well_without_a_token() -> None:
    args = {"timestamp": WHEN, "nonce": "1", "signature": signature("", WHEN, "1"), "echostr": "x"}
    with pytest.raises(Forged):
        push.verify_url(Callback("", "", ()), args)


def test_an_open_message_is_refused_where_a_key_was_agreed() -> None:
    args = {"timestamp": WHEN, "nonce": "1", "signature": signature(TOKEN, WHEN, "1")}
    with pytest.raises(Forged):
        push.open_push(SAFE, args, json.dumps(EVENT).encode())


def test_of_a_compatible_message_only_the_sealed_half_is_believed() -> None:
    encrypt = sealed(in_xml(EVENT))
    body = in_xml({**EVENT, "FromUserName": "oSomebodyElse", "Encrypt": encrypt}).encode()
    args = {"timestamp": WHEN, "nonce": "1", "msg_signature": signature(TOKEN, WHEN, "1", encrypt)}
    assert push.open_push(SAFE, args, body).openid == "oA"


def test_a_message_may_not_name_another_app_than_it_was_sealed_for() -> None:
    encrypt = sealed(json.dumps({**EVENT, "AppID": "wx-other"}))
    args = {"timestamp": WHEN, "nonce": "1", "msg_signature": signature(TOKEN, WHEN, "1", encrypt)}
    with pytest.raises(Forged):
        push.open_push(SAFE, args, json.dumps({"Encrypt": encrypt}).encode())


@pytest.mark.parametrize(
    ("timestamp", "fresh"),
    [
        (WHEN, True),
        (str(int(WHEN) - 600), True),
        (str(int(WHEN) - 601), False),
        (str(int(WHEN) + 600), True),
        (str(int(WHEN) + 601), False),
        ("", False),
        ("-1", False),
        (WHEN + ".5", False),
        ("٣" * 10, False),
        ("9" * 5000, False),
    ],
)
def test_ten_minutes_around_now(timestamp: str, fresh: bool) -> None:
    if fresh:
        push.check_age(timestamp, NOW)
    else:
        with pytest.raises(Stale):
            push.check_age(timestamp, NOW)
    with pytest.raises(Stale):
        push.check_age(timestamp, NOW + timedelta(days=1))


def test_a_repetition_has_the_same_identity_whatever_signs_it() -> None:
    first, again = plain(EVENT, "1"), plain(EVENT, "2")
    assert first.identity == again.identity
    assert first.proof != again.proof
    numbers_as_text = {name: str(value) for name, value in EVENT.items()}
    assert plain(numbers_as_text).identity == first.identity


@pytest.mark.parametrize("change", [{"FromUserName": "oB"}, {"CreateTime": 1}, {"RevokeInfo": "14"}, {"Event": "x"}])
def test_two_events_of_one_second_are_two(change: dict[str, Any]) -> None:
    assert plain(EVENT).identity != plain({**EVENT, **change}).identity


def test_a_message_is_known_by_its_id_and_a_check_by_its_trace() -> None:
    said = {**EVENT, "MsgType": "text", "MsgId": 5}
    assert plain(said).identity == plain({**said, "CreateTime": 1}).identity
    check = {**EVENT, "Event": "wxa_media_check", "trace_id": "t", "result": {"suggest": "pass", "label": 100}}
    assert plain(check).identity == plain({**check, "CreateTime": 1}).identity


@pytest.mark.parametrize(
    ("fields", "suggestion", "label"),
    [
        ({"result": {"suggest": "pass", "label": 100}}, Suggestion.PASS, 100),
        ({"result": {"suggest": "review", "label": "20001"}}, Suggestion.REVIEW, 20001),
        ({"result": {"suggest": "who knows"}}, Suggestion.REVIEW, 21000),
        ({"isrisky": 0, "status_code": 0}, Suggestion.PASS, 100),
        ({"isrisky": "1", "status_code": "0"}, Suggestion.RISKY, 21000),
        ({"errcode": -1008, "result": {"suggest": "pass", "label": 100}}, None, None),
        ({"isrisky": 0, "status_code": 4294966288}, None, None),
    ],
)
def test_verdicts_of_both_layouts(fields: dict[str, Any], suggestion: Suggestion | None, label: int | None) -> None:
    verdict = plain({**EVENT, "Event": "wxa_media_check", "trace_id": "t", **fields}).verdict
    assert (verdict and verdict.suggestion, verdict and verdict.label) == (suggestion, label)


def test_nothing_personal_is_in_a_repr() -> None:
    shown = repr(plain({**EVENT, "FromUserName": "oSecretOpenid"})) + repr(SAFE)
    assert "oSecretOpenid" not in shown
    assert TOKEN not in shown
    assert KEY not in shown
