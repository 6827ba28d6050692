"""What deliveries do in the rooms they concern, from the event's words to the row."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask

from models import Message, OutboxEntry, SubscriptionGrant
from models.enums import CheckState, MessageKind
from server.core import outbox_ledger
from tests.server.callbacks.post import Postman
from tests.server.moderation.conftest import Checking, ChosenWeChat
from tests.server.notices import wechat
from tests.world import World
from wechat.sandbox.server import RunningSandbox


@pytest.fixture
def phones(app: Flask, world: World, sandbox: RunningSandbox) -> Iterator[wechat.Phones]:
    with wechat.phones(app, world, sandbox) as made:
        yield made


@pytest.fixture
def ordered(app: Flask, world: World) -> Checking:
    """A report whose photo waits for WeChat's verdict, `trace-1`."""
    gateway = ChosenWeChat()
    app.extensions["wechat"] = gateway
    settings = app.extensions["settings"]
    app.extensions["settings"] = replace(settings, wechat=replace(settings.wechat, content_check=True))
    check = Checking(world, gateway)
    check.report(photos=1)
    check.work()
    assert check.states() == [CheckState.PASSED, CheckState.WAITING]
    return check


# --- messages


@pytest.mark.parametrize("xml", [True, False])
def test_what_somebody_answered_to_the_dialog(postman: Postman, phones: wechat.Phones, xml: bool) -> None:
    phone, neighbour = phones.person(), phones.person()
    answers = [
        {"TemplateId": phones.new_issue, "SubscribeStatusString": "accept", "PopupScene": "0"},
        {"TemplateId": phones.overdue, "SubscribeStatusString": "reject", "PopupScene": "0"},
        {"TemplateId": "nobody-s-template", "SubscribeStatusString": "accept", "PopupScene": "0"},
    ]
    listed = {"SubscribeMsgPopupEvent": {"List": answers}} if xml else {"List": answers}
    event = postman.event("subscribe_msg_popup_event", phones.sandbox.openid(phone.user), **listed)
    for _ in range(3):
        assert postman.push(event, xml=xml).text == "success"
    assert phone.good_for(MessageKind.NEW_ISSUE) == 1
    assert phone.good_for(MessageKind.OVERDUE_SOON) == 0
    assert neighbour.good_for(MessageKind.NEW_ISSUE) == 0


def test_a_single_answer_is_an_object(postman: Postman, phones: wechat.Phones) -> None:
    phone = phones.person()
    answer = {"TemplateId": phones.new_issue, "SubscribeStatusString": "accept"}
    postman.push(postman.event("subscribe_msg_popup_event", phones.sandbox.openid(phone.user), List=answer))
    assert phone.good_for(MessageKind.NEW_ISSUE) == 1
    off = {"TemplateId": phones.new_issue, "SubscribeStatusString": "reject"}
    for _ in range(2):
        postman.push(postman.event("subscribe_msg_change_event", phones.sandbox.openid(phone.user), List=off))
    assert phone.good_for(MessageKind.NEW_ISSUE) == 0


@pytest.mark.parametrize("listed", [None, "", [], ["text"], [{}], [{"SubscribeStatusString": "reject"}], {"a": []}])
def test_an_odd_list_does_nothing(postman: Postman, phones: wechat.Phones, listed: object) -> None:
    phone = phones.person()
    phone.accept(phones.new_issue)
    for kind in ("subscribe_msg_popup_event", "subscribe_msg_change_event", "subscribe_msg_sent_event"):
        event = postman.event(kind, phones.sandbox.openid(phone.user), List=listed)
        assert postman.push(event).text == "success"
    assert phone.good_for(MessageKind.NEW_ISSUE) == 1


def test_a_message_that_failed_later_is_told_to_the_log_without_names(
    postman: Postman, phones: wechat.Phones, caplog: pytest.LogCaptureFixture
) -> None:
    phone = phones.person()
    caplog.set_level("INFO")
    for code in ("0", "-5", "oops 13912345678"):
        sent = {"TemplateId": "t", "MsgID": "1", "ErrorCode": code, "ErrorStatus": "x"}
        postman.push(postman.event("subscribe_msg_sent_event", phones.sandbox.openid(phone.user), List=sent))
    told = [r.__dict__["error"] for r in caplog.records if "could not deliver" in r.message]
    assert told == ["errcode -5", "errcode -"]


def test_who_left_is_sent_nothing_more(
    postman: Postman, phones: wechat.Phones, world: World, sandbox: RunningSandbox
) -> None:
    from server.notices import service as notices

    phone, neighbour = phones.person(), phones.person()
    for each in (phone, neighbour):
        each.accept(phones.new_issue)
        with world.writing():
            notices.tell(
                each.caller.person_id,
                MessageKind.NEW_ISSUE,
                "新诉求",
                "点开看看。",
                "/api/v1/issues/x",
                "k",
                world.clock.now(),
            )
    closing = postman.event("user_authorization_cancellation", "oPlatform", OpenID=sandbox.openid(phone.user))
    assert postman.push(closing).text == "success"
    phones.relay()
    assert phone.messages == []
    assert len(neighbour.messages) == 1
    with world.reading() as connection:
        for table in (SubscriptionGrant, Message):
            left = set(connection.execute(sa.select(table.person_id)).scalars())
            assert left == {neighbour.caller.person_id}
        outcomes = connection.execute(sa.select(OutboxEntry.outcome).order_by(OutboxEntry.id)).scalars().all()
        assert outcomes == ["no_account", "sent"]
        assert outbox_ledger.dead_letters() == []


# --- pictures


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"errcode": 0, "result": {"suggest": "pass", "label": 100}}, CheckState.PASSED),
        ({"errcode": 0, "result": {"suggest": "risky", "label": 20002}}, CheckState.WITHHELD),
        ({"errcode": 0, "result": {"suggest": "review", "label": 20006}}, CheckState.QUEUED),
        ({"errcode": -1008}, CheckState.QUEUED),
        ({"isrisky": 0, "status_code": 0}, CheckState.PASSED),
        ({"isrisky": 1, "status_code": 0}, CheckState.WITHHELD),
    ],
)
def test_a_verdict_of_either_layout_settles_the_picture(
    postman: Postman, ordered: Checking, fields: dict[str, object], state: CheckState
) -> None:
    event = postman.event("wxa_media_check", "oWhoever", appid=postman.appid, trace_id="trace-1", **fields)
    assert postman.push(event).text == "success"
    version = ordered.checks()[1].version
    later = {**event, "CreateTime": event["CreateTime"] + 5, "result": {"suggest": "risky", "label": 20001}}
    assert postman.push(later).text == "success"  # the same trace: taken once
    assert (ordered.checks()[1].state, ordered.checks()[1].version) == (state, version)


def test_a_verdict_for_nobody_s_picture_changes_nothing(postman: Postman, ordered: Checking) -> None:
    result = {"errcode": 0, "result": {"suggest": "pass", "label": 100}}
    assert postman.push(postman.event("wxa_media_check", "o", trace_id="nobody's", **result)).text == "success"
    other_app = postman.event("wxa_media_check", "o", trace_id="trace-1", appid="wx-other", **result)
    assert postman.push(other_app).status_code == 403
    assert ordered.states() == [CheckState.PASSED, CheckState.WAITING]


def test_nonsense_in_a_known_event_does_nothing(postman: Postman) -> None:
    for event in (
        {"MsgType": "event", "Event": "user_authorization_cancellation"},
        {"MsgType": "event", "Event": "user_authorization_revoke", "OpenID": {"a": "b"}, "RevokeInfo": ["8"]},
        {"MsgType": "event", "Event": "subscribe_msg_popup_event", "FromUserName": "x" * 5000},
    ):
        assert postman.send(postman.envelope(json.dumps(event))).text == "success"
