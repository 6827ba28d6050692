"""Subscribe messages: who agreed how often, what is refused and why."""

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.wechat.asking import Asker
from wechat.sandbox.messages import SEND
from wechat.sandbox.server import RunningSandbox

FIELDS = {"thing1": "诉求", "phrase2": "进展", "time3": "时间"}
DATA = {
    "thing1": {"value": "三单元门禁坏了"},
    "phrase2": {"value": "已办结"},
    "time3": {"value": "2026年10月12日 09:00"},
}


@pytest.fixture
def template(sandbox: RunningSandbox) -> str:
    return sandbox.template("ONCE", FIELDS, title="进展").id


def send(ask: Asker, template: str, user: str = "王大姐", **changed: Any) -> int:
    body = {"touser": ask.sandbox.openid(user), "template_id": template, "data": DATA} | changed
    return int(ask.post(SEND, **body)["errcode"])


def test_one_agreement_is_one_message(ask: Asker, sandbox: RunningSandbox, template: str) -> None:
    assert send(ask, template) == 43101
    sandbox.grant("王大姐", template)
    assert (sandbox.grants("王大姐", template), send(ask, template), send(ask, template)) == (1, 0, 43101)

    [message] = sandbox.sent()
    assert message.openid == sandbox.openid("王大姐")
    assert (message.user, message.template, message.page) == ("王大姐", template, "")
    assert message.data == {key: wrapped["value"] for key, wrapped in DATA.items()}


def test_agreements_add_up_and_are_each_persons_own(ask: Asker, sandbox: RunningSandbox, template: str) -> None:
    sandbox.grant("王大姐", template, times=2)
    sandbox.grant("王大姐", template)
    assert [send(ask, template) for _ in range(4)] == [0, 0, 0, 43101]
    assert send(ask, template, "李大爷") == 43101
    assert len(sandbox.sent("王大姐")) == 3
    assert sandbox.sent("李大爷") == []


def test_a_long_term_agreement_is_never_used_up(ask: Asker, sandbox: RunningSandbox) -> None:
    sandbox.template("LONG", FIELDS, long_term=True)
    sandbox.grant("王大姐", "LONG")
    assert [send(ask, "LONG") for _ in range(5)] == [0] * 5
    assert sandbox.grants("王大姐", "LONG") == float("inf")
    sandbox.withdraw("王大姐", "LONG")
    assert send(ask, "LONG") == 43101


def test_each_message_has_a_msgid_of_its_own(ask: Asker, sandbox: RunningSandbox, template: str) -> None:
    sandbox.grant("王大姐", template, times=3)
    body = {"touser": sandbox.openid("王大姐"), "template_id": template, "data": DATA}
    answers = [ask.post(SEND, **body)["msgid"] for _ in range(3)]
    assert [message.msgid for message in sandbox.sent()] == [str(msgid) for msgid in answers]
    assert len(set(answers)) == 3


@pytest.mark.parametrize(
    ("changed", "errcode", "named"),
    [
        ({"template_id": "NONE"}, 40037, ""),
        ({"template_id": ""}, 40037, ""),
        ({"touser": "oNobody"}, 40003, ""),
        ({"touser": ""}, 40003, ""),
        ({"touser": ["o"]}, 40003, ""),
        ({"page": "pages/not/published?id=1"}, 41030, ""),
        ({"page": "/pages/issue/show"}, 41030, ""),
        ({"data": None}, 47003, "data"),
        ({"data": []}, 47003, "data"),
        ({"data": {}}, 47003, "data.thing1.value"),
        ({"data": DATA | {"phrase2": {"value": "Done"}}}, 47003, "data.phrase2.value"),
        ({"data": DATA | {"phrase2": {"value": ""}}}, 47003, "data.phrase2.value"),
        ({"data": DATA | {"phrase2": "已办结"}}, 47003, "data.phrase2.value"),
        ({"data": DATA | {"time3": {"value": ["09:00"]}}}, 47003, "data.time3.value"),
        ({"data": DATA | {"thing1": {"value": "字" * 21}}}, 47003, "data.thing1.value"),
        ({"data": DATA | {"thing9": {"value": "字"}}}, 47003, "data.thing9.value"),
        ({"data": DATA | {"thing1": {"value": "违禁测试词"}}}, 45168, ""),
        ({"miniprogram_state": "released"}, 47003, "miniprogram_state"),
        ({"lang": "zh"}, 47003, "lang"),
    ],
)
def test_a_mistake_is_named_and_costs_no_agreement(
    ask: Asker, sandbox: RunningSandbox, template: str, changed: dict[str, Any], errcode: int, named: str
) -> None:
    sandbox.pages("pages/issue/show")
    sandbox.grant("王大姐", template)
    body = {"touser": sandbox.openid("王大姐"), "template_id": template, "data": DATA} | changed
    answer = ask.post(SEND, **body)
    assert answer["errcode"] == errcode
    assert named in answer["errmsg"]
    assert sandbox.grants("王大姐", template) == 1
    assert send(ask, template, page="pages/issue/show?id=1") == 0


def test_a_banned_template_and_an_app_that_is_not_hers(ask: Asker, sandbox: RunningSandbox, template: str) -> None:
    sandbox.template("BANNED", FIELDS, banned=True)
    sandbox.add_app("wx00000000000000a1", "a" * 32)
    assert send(ask, "BANNED") == 43107
    assert send(ask, template, touser=sandbox.openid("王大姐", "wx00000000000000a1")) == 40003


def test_two_sends_at_once_to_one_person_disturb_each_other(ask: Asker, sandbox: RunningSandbox, template: str) -> None:
    sandbox.slow_sends(0.2)
    sandbox.grant("王大姐", template, times=4)
    sandbox.grant("李大爷", template)
    others = [Asker(sandbox) for _ in range(4)]
    with ThreadPoolExecutor(5) as threads:
        crowd = [threads.submit(send, other, template) for other in others]
        alone = threads.submit(send, ask, template, "李大爷")
    assert sorted(done.result() for done in crowd) == [0, 43108, 43108, 43108]
    assert alone.result() == 0
    assert sandbox.grants("王大姐", template) == 3


def test_one_agreement_and_eight_threads_are_one_message(ask: Asker, sandbox: RunningSandbox, template: str) -> None:
    sandbox.grant("王大姐", template)
    askers = [Asker(sandbox) for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda other: send(other, template), askers))
    assert answers.count(0) == 1
    assert set(answers) <= {0, 43101, 43108}
    assert len(sandbox.sent()) == 1


def test_a_send_after_the_refusal_was_told_is_counted(ask: Asker, sandbox: RunningSandbox, template: str) -> None:
    assert send(ask, template) == 43101
    assert sandbox.sends_after_43101 == 0
    assert send(ask, template) == 43101
    assert sandbox.sends_after_43101 == 1
    sandbox.grant("王大姐", template)
    assert send(ask, template) == 0
    assert sandbox.sends_after_43101 == 1


def test_a_refusal_lost_on_the_way_binds_nobody(ask: Asker, sandbox: RunningSandbox, template: str) -> None:
    sandbox.faults.add("lost_reply", path=SEND)
    with pytest.raises(OSError, match="onnection"):
        send(ask, template)
    assert send(ask, template) == 43101
    assert sandbox.sends_after_43101 == 0


@pytest.mark.parametrize("dies", ["before the answer", "with the answer unread"])
def test_a_refusal_whose_asker_died_binds_nobody(ask: Asker, sandbox: RunningSandbox, template: str, dies: str) -> None:
    body = json.dumps({"touser": sandbox.openid("王大姐"), "template_id": template, "data": DATA}).encode()
    if dies == "before the answer":
        sandbox.slow_sends(0.1)
    url = urlsplit(sandbox.base_url)
    with socket.create_connection((url.hostname or "", url.port or 0)) as dying:
        head = f"POST {SEND}?access_token={ask.token} HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Length: {len(body)}\r\n\r\n"
        dying.sendall(head.encode() + body)
        if dies == "with the answer unread":
            while b"43101" not in dying.recv(4096, socket.MSG_PEEK):
                pass
    time.sleep(0.2)
    sandbox.slow_sends(0)
    assert sandbox.ledger.entries(SEND)[-1].errcode == 43101
    assert send(ask, template) == 43101
    assert sandbox.sends_after_43101 == 0
    assert send(ask, template) == 43101
    assert sandbox.sends_after_43101 == 1


def test_templates_are_listed_as_the_console_approved_them(ask: Asker, sandbox: RunningSandbox, template: str) -> None:
    sandbox.template("LONG", ["enum_string1", "thing2"], long_term=True, options={"enum_string1": ["客厅"]})
    once, lasting = ask.get("/wxaapi/newtmpl/gettemplate")["data"]
    assert (once["priTmplId"], once["title"], once["type"]) == (template, "进展", 2)
    assert once["content"] == "诉求:{{thing1.DATA}}\n进展:{{phrase2.DATA}}\n时间:{{time3.DATA}}\n"
    assert lasting["type"] == 3
    assert lasting["keywordEnumValueList"] == [{"enumValueList": ["客厅"], "keywordCode": "enum_string1.DATA"}]


def test_a_template_with_a_key_that_is_none_is_not_registered(sandbox: RunningSandbox) -> None:
    with pytest.raises(ValueError, match="song1"):
        sandbox.template("T", ["song1"])
