"""The service account: sent to WeChat, sent back with a code, recognised once."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.wechat.asking import Asker, read
from wechat.sandbox.server import RunningSandbox

SERVICE, SECRET = "wx00000000000000f1", "f" * 32
BACK = "http://louzhang.test/wechat/page?next=%2Fq%2Fabc"


@pytest.fixture
def service(sandbox: RunningSandbox) -> RunningSandbox:
    sandbox.service(SERVICE, SECRET, domain="louzhang.test")
    return sandbox


def authorize(sandbox: RunningSandbox, **changed: str) -> requests.Response:
    asked = {"appid": SERVICE, "redirect_uri": BACK, "response_type": "code", "scope": "snsapi_base", "state": "s+1"}
    url = f"{sandbox.base_url}/connect/oauth2/authorize"
    return requests.get(url, params=asked | changed, timeout=5, allow_redirects=False)


def identity(ask: Asker, code: str, **changed: str) -> dict[str, Any]:
    asked = {"appid": SERVICE, "secret": SECRET, "code": code, "grant_type": "authorization_code"} | changed
    return read(ask.raw("GET", "/sns/oauth2/access_token", **asked))


def test_the_holder_of_the_phone_is_recognised(ask: Asker, service: RunningSandbox) -> None:
    service.hold_phone("王大姐")
    back = authorize(service)
    assert back.status_code == 302
    query = parse_qs(urlsplit(back.headers["Location"]).query)
    assert (query["next"], query["state"]) == (["/q/abc"], ["s+1"])

    told = identity(ask, query["code"][0])
    assert told["openid"] == service.openid("王大姐", SERVICE) != service.openid("王大姐")
    assert "errcode" not in told
    assert "unionid" not in told
    assert identity(ask, query["code"][0])["errcode"] == 40163


def test_bound_accounts_share_the_unionid(ask: Asker, service: RunningSandbox) -> None:
    service.service(SERVICE, SECRET, open_platform="street")
    service.add_app("wx00000000000000a1", "a" * 32, open_platform="street")
    told = identity(ask, service.page_code("王大姐", SERVICE))
    assert told["unionid"] == service.world.unionid("王大姐", "wx00000000000000a1")


@pytest.mark.parametrize(("seconds", "errcode"), [(299, None), (301, 40029)])
def test_a_code_lives_five_minutes(ask: Asker, service: RunningSandbox, seconds: int, errcode: int | None) -> None:
    code = service.page_code("王大姐", SERVICE)
    service.clock.advance(seconds)
    assert identity(ask, code).get("errcode") == errcode


@pytest.mark.parametrize(
    ("changed", "errcode"),
    [
        ({"secret": "wrong"}, 40125),
        ({"appid": "wx404"}, 40013),
        ({"appid": ""}, 41002),
        ({"secret": ""}, 41004),
        ({"code": ""}, 41008),
        ({"code": "made-up"}, 40029),
        ({"grant_type": "client_credential"}, 40002),
    ],
)
def test_who_asks_is_checked(ask: Asker, service: RunningSandbox, changed: dict[str, str], errcode: int) -> None:
    code = changed.get("code", service.page_code("王大姐", SERVICE))
    assert identity(ask, **{"code": code} | changed)["errcode"] == errcode


def test_a_login_code_is_no_page_code(ask: Asker, service: RunningSandbox) -> None:
    assert identity(ask, service.login_code("王大姐", SERVICE))["errcode"] == 40029


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"redirect_uri": "http://evil.example/"}, "域名与后台配置不一致"),
        ({"redirect_uri": "javascript:alert(1)"}, "redirect_uri 参数错误"),
        ({"appid": "wx404"}, "AppID 参数错误"),
        ({"scope": "everything"}, "Scope"),
        ({"response_type": "token"}, "Scope"),
    ],
)
def test_nobody_is_sent_elsewhere(service: RunningSandbox, changed: dict[str, str], words: str) -> None:
    service.hold_phone("王大姐")
    page = authorize(service, **changed)
    assert page.status_code == 200
    assert words in page.text


def test_without_a_holder_the_page_asks_who_it_is(ask: Asker, service: RunningSandbox) -> None:
    page = authorize(service)
    assert page.status_code == 200
    assert "是谁打开了" in page.text
    back = requests.post(page.url, data={"user": "李大爷"}, timeout=5, allow_redirects=False)
    code = parse_qs(urlsplit(back.headers["Location"]).query)["code"][0]
    assert identity(ask, code)["openid"] == service.openid("李大爷", SERVICE)
