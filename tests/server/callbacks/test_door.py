"""Who is let in at /wechat/callback, in which form, and how often."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from models import AuditEvent, CallbackReceipt, Person
from server.callbacks import service
from server.config import Settings
from server.core.clock import SetClock
from tests.server.callbacks.post import URL, Postman
from tests.server.identity.wechat import at_home
from tests.wechat.sealing import KEY, TOKEN, in_xml, sealed, signature
from tests.world import World
from wechat.sandbox.server import RunningSandbox

OpenPostman = Callable[[], Postman]


def receipts(world: World) -> int:
    with world.reading() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(CallbackReceipt)).scalar_one()


def test_without_a_callback_there_is_no_door(app: Flask, settings: Settings, postman: Postman) -> None:
    app.extensions["settings"] = replace(settings, wechat=replace(settings.wechat, callback_token=""))
    timestamp = str(int(postman.clock.now().timestamp()))
    args = {"timestamp": timestamp, "nonce": "1", "signature": signature("", timestamp, "1"), "echostr": "hello"}
    assert postman.client.get(URL, query_string=args).status_code == 404
    assert postman.push(postman.event("anything", "oA")).status_code == 404


@pytest.mark.parametrize("safe", [True, False])
def test_wechat_is_told_that_the_address_is_ours(postman: Postman, open_postman: OpenPostman, safe: bool) -> None:
    man = postman if safe else open_postman()
    timestamp = str(int(man.clock.now().timestamp()))
    args = {"timestamp": timestamp, "nonce": "77", "signature": signature(TOKEN, timestamp, "77"), "echostr": "<b>8125"}
    answer = man.client.get(URL, query_string=args)
    assert (answer.status_code, answer.text) == (200, "<b>8125")
    assert answer.content_type.startswith("text/plain")
    assert man.client.get(URL, query_string={**args, "nonce": "78"}).status_code == 403
    assert man.client.get(URL).status_code == 403
    man.clock.advance(timedelta(minutes=10, seconds=1))
    assert man.client.get(URL, query_string=args).status_code == 403


@pytest.mark.parametrize("xml", [True, False])
@pytest.mark.parametrize("safe", [True, False])
def test_json_and_xml_open_and_sealed(postman: Postman, open_postman: OpenPostman, xml: bool, safe: bool) -> None:
    man = postman if safe else open_postman()
    answer = man.push(man.event("who_knows", "oA"), xml=xml)
    assert (answer.status_code, answer.text) == (200, "success")


def test_an_open_message_is_refused_in_safe_mode(postman: Postman, world: World) -> None:
    timestamp = str(int(postman.clock.now().timestamp()))
    args = {"timestamp": timestamp, "nonce": "1", "signature": signature(TOKEN, timestamp, "1")}
    body = json.dumps(postman.event("user_authorization_cancellation", "oA"))
    assert postman.client.post(URL, query_string=args, data=body).status_code == 403
    assert receipts(world) == 0


def test_compatible_mode_believes_the_sealed_half(
    postman: Postman, world: World, sandbox: RunningSandbox, client: FlaskClient
) -> None:
    victim, openid = at_home(world, sandbox, "compatible-victim")
    closing = postman.event("user_authorization_cancellation", "oNobody")
    envelope = postman.envelope(json.dumps(closing))
    envelope["data"] = json.dumps({**closing, "FromUserName": openid, **json.loads(envelope["data"])})
    assert postman.send(envelope).status_code == 200
    assert victim.get("/api/v1/me").status_code == 200


def forged(man: Postman) -> list[dict[str, object]]:
    """Deliveries nobody at WeChat made."""
    content = json.dumps(man.event("user_authorization_cancellation", "oA"))
    fine = man.envelope(content)
    args = fine["query_string"]
    timestamp, nonce = args["timestamp"], args["nonce"]
    for_another = sealed(content, appid="wx-another")
    other_key = sealed(content, key=KEY[::-1], appid=man.appid)

    def with_encrypt(encrypt: str, **changed: str) -> dict[str, object]:
        signed = signature(TOKEN, timestamp, nonce, encrypt)
        return {"query_string": {**args, "msg_signature": signed, **changed}, "data": json.dumps({"Encrypt": encrypt})}

    return [
        {**fine, "query_string": {}},
        {**fine, "query_string": {**args, "msg_signature": ""}},
        {**fine, "query_string": {**args, "msg_signature": args["signature"]}},
        {**fine, "query_string": {**args, "msg_signature": "é" * 40}},
        {**fine, "query_string": {**args, "msg_signature": "0" * 5000}},
        {**fine, "query_string": {**args, "nonce": "other"}},
        {**fine, "data": json.dumps({"Encrypt": sealed(content, random="x" * 16)})},
        with_encrypt(for_another),
        with_encrypt(other_key),
        with_encrypt(sealed(content, appid=man.appid), timestamp="0"),
    ]


@pytest.mark.parametrize("number", range(10))
def test_a_forged_delivery_changes_nothing(postman: Postman, world: World, number: int) -> None:
    answer = postman.send(forged(postman)[number])
    assert (answer.status_code, answer.text) == (403, "forged")
    assert receipts(world) == 0


@pytest.mark.parametrize("minutes", [-11, 11])
def test_a_stale_delivery_changes_nothing(postman: Postman, world: World, minutes: int) -> None:
    answer = postman.push(postman.event("who_knows", "oA"), age=minutes * 60)
    assert (answer.status_code, answer.text) == (403, "stale")
    assert receipts(world) == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"<xml><Encrypt>x",
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><xml><Encrypt>&e;</Encrypt></xml>',
        b'{"Encrypt": "' + b"A" * 65536 + b'"}',
        b'{"Encrypt": {"a": 1}}',
        b"\x00\xff\xfe",
    ],
)
@pytest.mark.parametrize("safe", [True, False])
def test_what_is_broken_is_a_bad_request(
    postman: Postman, open_postman: OpenPostman, world: World, body: bytes, safe: bool
) -> None:
    man = postman if safe else open_postman()
    answer = man.send({**man.envelope("{}"), "data": body})
    assert (answer.status_code, answer.text) == (400, "malformed")
    assert receipts(world) == 0


@pytest.mark.parametrize("content", ["not json", "<!DOCTYPE x><xml><MsgType>a</MsgType></xml>", "{}", '{"a":[[[]]]}'])
def test_what_is_broken_inside_the_seal_is_a_bad_request(postman: Postman, content: str) -> None:
    assert postman.send(postman.envelope(content)).status_code == 400


def test_a_body_of_unknown_length_is_not_read_to_its_end(postman: Postman) -> None:
    def endless() -> bytes:
        return b"x" * 200_000

    import io

    answer = postman.client.post(
        URL,
        query_string=postman.envelope("{}")["query_string"],
        input_stream=io.BytesIO(endless()),
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert answer.status_code == 400


def test_told_again_it_is_answered_and_does_nothing(postman: Postman, world: World, sandbox: RunningSandbox) -> None:
    _, openid = at_home(world, sandbox, "repetition")
    closing = postman.event("user_authorization_cancellation", openid)
    for _ in range(3):
        answer = postman.push(closing)
        assert (answer.status_code, answer.text) == (200, "success")
        postman.clock.advance(timedelta(seconds=5))
    # The person came back in between: WeChat's last word, signed afresh, is the old one.
    again, _ = at_home(world, sandbox, "repetition")
    assert postman.push(closing).text == "success"
    assert again.get("/api/v1/me").status_code == 200
    with world.reading() as connection:
        told = connection.execute(sa.select(sa.func.count()).where(AuditEvent.action == "person:forget")).scalar_one()
        assert told == 1
        assert connection.execute(sa.select(sa.func.count()).select_from(Person)).scalar_one() == 2


@pytest.mark.parametrize("safe", [True, False])
@pytest.mark.parametrize("seconds", [0, 5, 21, 599])
def test_a_replay_is_refused(
    postman: Postman, open_postman: OpenPostman, world: World, sandbox: RunningSandbox, safe: bool, seconds: int
) -> None:
    """Byte for byte the same, however soon."""
    man = postman if safe else open_postman()
    _, openid = at_home(world, sandbox, "replay")
    envelope = man.envelope(json.dumps(man.event("user_authorization_cancellation", openid)))
    assert man.send(envelope).status_code == 200
    again, _ = at_home(world, sandbox, "replay")
    kept = receipts(world)
    man.clock.advance(timedelta(seconds=seconds))
    answer = man.send(envelope)
    assert (answer.status_code, answer.text) == (403, "forged")
    assert receipts(world) == kept
    assert again.get("/api/v1/me").status_code == 200


def test_a_signature_is_good_once_however_its_parts_are_arranged(open_postman: OpenPostman) -> None:
    """Its parts are sorted and joined: with timestamp and nonce exchanged it is the same signature."""
    man = open_postman()
    now = str(int(man.clock.now().timestamp()))
    args = {"timestamp": now, "nonce": str(int(now) + 30), "signature": signature(TOKEN, now, str(int(now) + 30))}
    assert man.send({"query_string": args, "data": json.dumps(man.event("one", "oA"))}).status_code == 200
    exchanged = {**args, "timestamp": args["nonce"], "nonce": now}
    assert man.send({"query_string": exchanged, "data": json.dumps(man.event("two", "oA"))}).status_code == 403


def test_an_overheard_signature_does_not_carry_another_message(
    open_postman: OpenPostman, world: World, sandbox: RunningSandbox
) -> None:
    """In plain mode a signature says nothing of the content, so it is good for the one it came with."""
    man = open_postman()
    victim, openid = at_home(world, sandbox, "overheard")
    envelope = man.envelope(json.dumps(man.event("who_knows", "oA")))
    assert man.send(envelope).status_code == 200
    envelope["data"] = json.dumps(man.event("user_authorization_cancellation", openid))
    assert man.send(envelope).status_code == 403
    assert victim.get("/api/v1/me").status_code == 200


def test_the_same_message_id_is_taken_once(postman: Postman, world: World) -> None:
    said = {**postman.event("", "oA"), "MsgType": "text", "Content": "你好", "MsgId": 42}
    assert postman.push(said).text == "success"
    kept = receipts(world)
    assert postman.push({**said, "MsgId": "42"}, xml=True).text == "success"
    assert receipts(world) == kept + 1  # its signature; no second message


def test_receipts_are_forgotten_after_a_week(app: Flask, clock: SetClock, postman: Postman, world: World) -> None:
    postman.push(postman.event("who_knows", "oA"))
    clock.advance(timedelta(days=6))
    postman.push(postman.event("who_knows", "oA"))
    clock.advance(timedelta(days=1, seconds=1))
    for removed in (2, 0):
        with world.writing():
            assert service.forget_old(clock.now()) == removed
    assert receipts(world) == 2


def test_nothing_is_asked_of_wechat(postman: Postman, sandbox: RunningSandbox, world: World) -> None:
    _, openid = at_home(world, sandbox, "nothing-asked")
    before = len(sandbox.ledger.entries())
    for kind in ("user_authorization_cancellation", "user_info_modified", "wxa_punish_event", "who_knows"):
        assert postman.push(postman.event(kind, openid)).text == "success"
    assert len(sandbox.ledger.entries()) == before


def test_the_log_names_no_content(postman: Postman, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    postman.push(postman.event("who\nknows", "oSecretOpenid", Content="secret words"))
    postman.push(postman.event("wxa_punish_event", "oSecretOpenid"))
    postman.client.post(URL, data=in_xml({"Encrypt": "secret words"}))
    assert "oSecretOpenid" not in caplog.text
    assert "secret words" not in caplog.text
    assert [r.levelname for r in caplog.records if "punished" in r.message] == ["ERROR"]
