"""The content check of texts, and risk ranks, which share its rule of two hours."""

from typing import Any

import pytest

from tests.wechat.asking import Asker
from wechat.live import LiveWeChat
from wechat.sandbox.server import RunningSandbox

TEXT, RISK = "/wxa/msg_sec_check", "/wxa/getuserriskrank"


@pytest.fixture
def body(sandbox: RunningSandbox) -> dict[str, Any]:
    sandbox.visit("王大姐")
    return {"version": 2, "scene": 2, "openid": sandbox.openid("王大姐"), "content": "楼道灯坏了"}


@pytest.mark.parametrize(
    ("content", "suggest", "label"),
    [
        ("楼道灯坏了", "pass", 100),
        ("有违禁测试词在内", "risky", 20006),
        ("广告测试词", "risky", 10001),
        ("待审测试词", "review", 21000),
    ],
)
def test_words_trigger_a_verdict_and_no_error(
    ask: Asker, body: dict[str, Any], content: str, suggest: str, label: int
) -> None:
    answer = ask.post(TEXT, **body | {"content": content})
    assert (answer["errcode"], answer["result"]) == (0, {"suggest": suggest, "label": label})
    assert answer["detail"][0]["strategy"] == "content_model"
    assert len(answer["trace_id"]) == 26


def test_a_test_brings_words_of_its_own(ask: Asker, sandbox: RunningSandbox, body: dict[str, Any]) -> None:
    sandbox.risky_words("坏灯", label=20003)
    sandbox.review_words("楼道")
    assert ask.post(TEXT, **body | {"content": "坏灯"})["result"] == {"suggest": "risky", "label": 20003}
    assert ask.post(TEXT, **body)["result"]["suggest"] == "review"
    assert ask.post(TEXT, **body | {"content": "好", "title": "坏灯"})["result"]["suggest"] == "risky"


@pytest.mark.parametrize(
    ("changed", "errcode"),
    [
        ({"content": "字" * 2500}, 0),
        ({"content": "字" * 2501}, 47001),
        ({"content": ""}, 47001),
        ({"content": None}, 47001),
        ({"content": ["字"]}, 47001),
        ({"scene": 0}, 40129),
        ({"scene": 5}, 40129),
        ({"scene": None}, 40129),
        ({"openid": ""}, 47001),
        ({"openid": "oNobody"}, 40003),
        ({"version": 1}, 0),
        ({"version": 1, "content": "违禁测试词"}, 87014),
    ],
)
def test_a_mistaken_question_is_refused(
    ask: Asker, body: dict[str, Any], changed: dict[str, Any], errcode: int
) -> None:
    assert ask.post(TEXT, **body | changed)["errcode"] == errcode


def test_an_openid_of_another_app_does_not_fit(ask: Asker, sandbox: RunningSandbox, body: dict[str, Any]) -> None:
    sandbox.add_app("wx00000000000000a1", "a" * 32)
    assert ask.post(TEXT, **body | {"openid": sandbox.openid("王大姐", "wx00000000000000a1")})["errcode"] == 43104


def test_two_hours_after_the_last_login_nothing_is_checked(
    ask: Asker, sandbox: RunningSandbox, gateway: LiveWeChat
) -> None:
    openid = sandbox.openid("李大爷")
    body = {"version": 2, "scene": 2, "openid": openid, "content": "好"}
    assert ask.post(TEXT, **body)["errcode"] == 61010
    code = sandbox.login_code("李大爷")
    assert ask.post(TEXT, **body)["errcode"] == 61010, "a code that was never used is no visit"
    gateway.login(code)
    sandbox.clock.advance(7199)
    assert Asker(sandbox).post(TEXT, **body)["errcode"] == 0
    sandbox.clock.advance(2)
    assert Asker(sandbox).post(TEXT, **body)["errcode"] == 61010
    sandbox.here_for(None)
    assert Asker(sandbox).post(TEXT, **body)["errcode"] == 0


def test_risk_is_told_to_whom_it_was_granted(ask: Asker, sandbox: RunningSandbox, body: dict[str, Any]) -> None:
    asked = {"appid": sandbox.appid, "openid": body["openid"], "scene": 2, "client_ip": "203.0.113.7"}
    assert ask.post(RISK, **asked)["errcode"] == 48001
    sandbox.risk("王大姐", 4)
    assert ask.post(RISK, **asked)["risk_rank"] == 4
    for changed, errcode in (
        ({"appid": "wx404"}, 40013),
        ({"scene": 3}, 40129),
        ({"client_ip": ""}, 47001),
        ({"openid": "oNobody"}, 40003),
        ({"openid": sandbox.openid("从未来过")}, 61010),
    ):
        assert ask.post(RISK, **asked | changed)["errcode"] == errcode
