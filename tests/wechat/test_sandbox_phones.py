"""Phone numbers by code."""

from typing import Any

import pytest

from tests.wechat.asking import Asker
from wechat.sandbox.server import RunningSandbox

PHONE = "/wxa/business/getuserphonenumber"


def test_a_code_gives_the_number_of_who_pressed_the_button(ask: Asker, sandbox: RunningSandbox) -> None:
    sandbox.phone("王大姐", "13800000001")
    told = ask.post(PHONE, code=sandbox.phone_code("王大姐"), openid=sandbox.openid("王大姐"))["phone_info"]
    assert (told["phoneNumber"], told["purePhoneNumber"], told["countryCode"]) == ("13800000001", "13800000001", "86")
    assert told["watermark"]["appid"] == sandbox.appid


def test_everybody_has_a_number_of_their_own(ask: Asker, sandbox: RunningSandbox) -> None:
    numbers = [ask.post(PHONE, code=sandbox.phone_code(who))["phone_info"]["phoneNumber"] for who in ("甲", "乙", "甲")]
    assert numbers[0] == numbers[2] != numbers[1]


def test_a_number_from_elsewhere_has_its_country(ask: Asker, sandbox: RunningSandbox) -> None:
    sandbox.phone("陈先生", "61234567", 852)
    told = ask.post(PHONE, code=sandbox.phone_code("陈先生"))["phone_info"]
    assert (told["phoneNumber"], told["purePhoneNumber"], told["countryCode"]) == ("+85261234567", "61234567", 852)


def test_a_code_works_once(ask: Asker, sandbox: RunningSandbox) -> None:
    code = sandbox.phone_code("王大姐")
    assert ask.post(PHONE, code=code)["errcode"] == 0
    assert ask.post(PHONE, code=code)["errcode"] == 40029


@pytest.mark.parametrize(("seconds", "errcode"), [(299, 0), (301, 40029)])
def test_a_code_lives_five_minutes(ask: Asker, sandbox: RunningSandbox, seconds: int, errcode: int) -> None:
    code = sandbox.phone_code("王大姐")
    sandbox.clock.advance(seconds)
    assert ask.post(PHONE, code=code)["errcode"] == errcode


def test_somebody_elses_openid_does_not_fit_and_spends_nothing(ask: Asker, sandbox: RunningSandbox) -> None:
    code = sandbox.phone_code("王大姐")
    assert ask.post(PHONE, code=code, openid=sandbox.openid("李大爷"))["errcode"] == 40003
    assert ask.post(PHONE, code=code, openid=sandbox.openid("王大姐"))["errcode"] == 0


def test_the_kinds_of_code_are_not_mixed_up(ask: Asker, sandbox: RunningSandbox) -> None:
    sandbox.add_app("wx00000000000000a1", "a" * 32)
    assert ask.post(PHONE, code=sandbox.login_code("王大姐"))["errcode"] == 40029
    assert ask.post(PHONE, code=sandbox.phone_code("王大姐", "wx00000000000000a1"))["errcode"] == 40013


@pytest.mark.parametrize("body", [{}, {"code": ""}, {"code": 7}, {"code": None}, {"code": ["x"]}])
def test_what_is_no_code(ask: Asker, body: dict[str, Any]) -> None:
    assert ask.post(PHONE, **body)["errcode"] == 40029
