"""Quotas: small limits, the clearing of them, and what an operator can ask."""

import json

import pytest

from tests.wechat.asking import Asker, read
from wechat.sandbox.server import RunningSandbox

IPS = "/cgi-bin/getcallbackip"
TEXT = "/wxa/msg_sec_check"


def at_noon(sandbox: RunningSandbox) -> None:
    """The start of a minute at noon in Beijing, today or tomorrow."""
    sandbox.clock.advance(-((sandbox.clock.now() + 8 * 3600 - 12 * 3600) % 86400) + 86400)


def test_a_day_has_its_limit_and_midnight_in_beijing_ends_it(ask: Asker, sandbox: RunningSandbox) -> None:
    at_noon(sandbox)
    ask = Asker(sandbox)
    sandbox.quota(IPS, day=2)
    assert [ask.get(IPS).get("errcode") for _ in range(3)] == [None, None, 45009]
    sandbox.clock.advance(12 * 3600 - 1)
    assert Asker(sandbox).get(IPS)["errcode"] == 45009
    sandbox.clock.advance(2)
    assert "ip_list" in Asker(sandbox).get(IPS)


@pytest.mark.parametrize(
    ("path", "errcode"), [(TEXT, 44991), ("/wxa/media_check_async", 44991), ("/wxa/getuserriskrank", 45011)]
)
def test_a_minute_has_its_limit(ask: Asker, sandbox: RunningSandbox, path: str, errcode: int) -> None:
    at_noon(sandbox)
    ask = Asker(sandbox)
    sandbox.quota(path, minute=1)
    assert ask.post(path)["errcode"] != errcode
    assert ask.post(path)["errcode"] == errcode
    sandbox.clock.advance(60)
    assert ask.post(path)["errcode"] != errcode


def test_a_quota_can_be_asked_for(ask: Asker, sandbox: RunningSandbox) -> None:
    sandbox.quota(IPS, day=5)
    ask.get(IPS)
    told = ask.post("/cgi-bin/openapi/quota/get", cgi_path=IPS)
    assert told["quota"] == {"daily_limit": 5, "used": 1, "remain": 4}
    assert ask.post("/cgi-bin/openapi/quota/get", cgi_path=TEXT)["quota"]["daily_limit"] == 2_000_000
    assert ask.post("/cgi-bin/openapi/quota/get", cgi_path="/sns/jscode2session")["errcode"] == 76022
    assert ask.post("/cgi-bin/openapi/quota/get", cgi_path="/no/such")["errcode"] == 76021


def test_quotas_are_cleared_ten_times_a_month_by_either_call(ask: Asker, sandbox: RunningSandbox) -> None:
    sandbox.quota(IPS, day=1)
    ask.get(IPS)
    assert ask.get(IPS)["errcode"] == 45009
    assert ask.post("/cgi-bin/clear_quota", appid=sandbox.appid)["errcode"] == 0
    assert "ip_list" in ask.get(IPS)

    secret = json.dumps({"appid": sandbox.appid, "appsecret": sandbox.secret})
    for _ in range(9):
        assert read(ask.raw("POST", "/cgi-bin/clear_quota/v2", secret))["errcode"] == 0
    assert read(ask.raw("POST", "/cgi-bin/clear_quota/v2", secret))["errcode"] == 48006
    assert ask.post("/cgi-bin/clear_quota", appid=sandbox.appid)["errcode"] == 48006
    sandbox.clock.advance(31 * 86400)
    assert Asker(sandbox).post("/cgi-bin/clear_quota", appid=sandbox.appid)["errcode"] == 0


@pytest.mark.parametrize(
    ("body", "errcode"),
    [({"appid": "wx404", "appsecret": "x"}, 40013), ({"appid": "wx-sandbox"}, 41004), ({"appsecret": "x"}, 41002)],
)
def test_clearing_by_secret_checks_who_asks(ask: Asker, body: dict[str, str], errcode: int) -> None:
    assert read(ask.raw("POST", "/cgi-bin/clear_quota/v2", json.dumps(body)))["errcode"] == errcode
    assert ask.post("/cgi-bin/clear_quota", appid="wx404")["errcode"] == 40013


def test_a_refused_call_is_found_by_its_rid_for_seven_days(ask: Asker, sandbox: RunningSandbox) -> None:
    refused = ask.post("/wxa/getwxacodeunlimit", scene="有")
    rid = refused["errmsg"].split("rid: ")[1]

    told = ask.post("/cgi-bin/openapi/rid/get", rid=rid)["request"]
    assert told["request_url"] == "/wxa/getwxacodeunlimit"
    assert json.loads(told["response_body"])["errcode"] == 40129
    assert ask.token not in str(told)
    sandbox.clock.advance(7 * 86400 + 1)
    assert Asker(sandbox).post("/cgi-bin/openapi/rid/get", rid=rid)["errcode"] == 76001
    assert Asker(sandbox).post("/cgi-bin/openapi/rid/get", rid="none")["errcode"] == 76001


def test_reachability_is_told(ask: Asker) -> None:
    told = ask.post("/cgi-bin/callback/check", action="all", check_operator="DEFAULT")
    assert told["dns"]
    assert told["ping"]
    assert "dns" not in ask.post("/cgi-bin/callback/check", action="ping")
    assert ask.post("/cgi-bin/callback/check", action="trace")["errcode"] == 40097
