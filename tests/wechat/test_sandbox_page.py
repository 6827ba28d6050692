"""The developer's page, used as a browser without script uses it: forms and links."""

import re
from typing import Any

import pytest
import requests

from tests.wechat.asking import Asker
from wechat.live import LiveWeChat
from wechat.sandbox import DEFAULT_SECRET
from wechat.sandbox.letters import Letter
from wechat.sandbox.messages import SEND
from wechat.sandbox.server import RunningSandbox, running_sandbox

WHO = "王大姐"


class Browser:
    def __init__(self, sandbox: RunningSandbox) -> None:
        self.base = sandbox.base_url

    def look(self, path: str = "/", **query: str) -> str:
        answer = requests.get(self.base + path, params=query, timeout=5)
        assert answer.status_code == 200
        return answer.text

    def press(self, path: str, **fields: str) -> str:
        answer = requests.post(self.base + path, data=fields, timeout=5)
        assert answer.status_code == 200, answer.text
        return answer.text

    def act(self, do: str, **fields: str) -> str:
        return self.press("/act", do=do, user=WHO, **fields)


@pytest.fixture
def browser(sandbox: RunningSandbox) -> Browser:
    return Browser(sandbox)


@pytest.fixture
def pushed(sandbox: RunningSandbox) -> list[str]:
    events: list[str] = []

    def post(_: str, what: Letter) -> tuple[int, str]:
        events.append(what.body.decode())
        return 200, what.query.get("echostr", "success")

    sandbox.callback(token="t", post=post)
    return events


def test_it_tells_how_to_be_reached(browser: Browser, sandbox: RunningSandbox) -> None:
    shown = browser.look()
    assert f"WECHAT_BASE_URL={sandbox.base_url}" in shown
    assert f"WECHAT_APPID={sandbox.appid}" in shown
    assert sandbox.secret not in shown
    with running_sandbox(secret=DEFAULT_SECRET) as public:
        assert f"WECHAT_SECRET={DEFAULT_SECRET}" in Browser(public).look()


def test_a_phone_gives_both_kinds_of_code(browser: Browser, ask: Asker, gateway: LiveWeChat) -> None:
    login = browser.press("/", user=WHO, give="login").split("<code>")[1].split("</code>")[0]
    assert gateway.login(login).openid in browser.look(user=WHO)
    phone = browser.press("/", user=WHO, give="phone").split("<code>")[1].split("</code>")[0]
    assert ask.post("/wxa/business/getuserphonenumber", code=phone)["errcode"] == 0
    assert "<code>" not in browser.press("/", user=WHO, give="look")


def test_a_phone_agrees_receives_and_withdraws(
    browser: Browser, ask: Asker, sandbox: RunningSandbox, pushed: list[str]
) -> None:
    assert "登记好了" in browser.act("template", template="T1", title="诉求进展", fields="thing1，phrase2", kind="once")
    assert "没有订阅" in browser.look(user=WHO)
    assert "还可发 1 条" in browser.act("accept", template="T1")
    assert "还可发 1 条" in browser.act("reject", template="T1")
    data = {"thing1": {"value": "<i>门禁</i>"}, "phrase2": {"value": "已办结"}}
    body = {"touser": sandbox.openid(WHO), "template_id": "T1", "page": "pages/a?id=1", "data": data}
    assert ask.post(SEND, **body)["errcode"] == 0
    shown = browser.look(user=WHO)
    for words in ("诉求进展", "&lt;i&gt;门禁", "已办结", "pages/a?id=1", "没有订阅"):
        assert words in shown
    browser.act("accept", template="T1")
    browser.act("withdraw", template="T1")
    assert sandbox.grants(WHO, "T1") == 0
    assert WHO not in re.split('id="messages"', browser.look(user="李大爷"))[1].split("</section>")[0]


def test_a_code_is_seen_and_scanned(browser: Browser, ask: Asker, sandbox: RunningSandbox) -> None:
    ask.raw("POST", "/wxa/getwxacodeunlimit", b'{"scene": "k=7/x", "page": "pages/report"}', access_token=ask.token)
    shown = browser.look()
    [image] = re.findall(r'src="(/code/\d+)"', shown)
    assert requests.get(sandbox.base_url + image, timeout=5).content.startswith(b"\x89PNG")
    [link] = re.findall(r'href="(/scan\?[^"]+)"', shown)
    scanned = browser.look(link.replace("&amp;", "&"))
    assert "k=7/x" in scanned
    assert "k%3D7%2Fx" in scanned
    browser.act("site", site="127.0.0.1:8000/q/{scene}")
    assert 'href="http://127.0.0.1:8000/q/k%3D7%2Fx"' in browser.look(link.replace("&amp;", "&"))
    assert requests.get(f"{sandbox.base_url}/code/999", timeout=5).status_code == 404


def test_a_site_is_never_a_script(browser: Browser) -> None:
    browser.act("site", site="javascript:alert(1)//{scene}")
    assert 'href="javascript' not in browser.look("/scan", scene="a")


@pytest.mark.parametrize(
    ("do", "event"),
    [
        ("revoke", "user_authorization_revoke"),
        ("modified", "user_info_modified"),
        ("close", "user_authorization_cancellation"),
    ],
)
def test_an_account_changes_and_the_product_is_told(browser: Browser, pushed: list[str], do: str, event: str) -> None:
    shown = browser.act(do)
    assert event in pushed[0]
    assert "已推送" in shown
    assert event in shown
    number = re.findall(r'name="number" value="(\d+)"', shown)[0]
    browser.act("replay", number=number)
    assert pushed[0] == pushed[1]


def test_a_picture_gets_its_verdict(browser: Browser, ask: Asker, sandbox: RunningSandbox, pushed: list[str]) -> None:
    sandbox.visit(WHO)
    body: dict[str, Any] = {"version": 2, "scene": 2, "openid": sandbox.openid(WHO), "media_type": 2}
    trace = ask.post("/wxa/media_check_async", **body, media_url="https://louzhang.example/1")["trace_id"]
    for do in ("pass", "review", "risky", "lost"):
        browser.act(do, trace=trace)
    assert [re.findall(r'"suggest": "(\w+)"', told)[:1] for told in pushed] == [["pass"], ["review"], ["risky"], []]
    browser.act("plan_auto")
    assert "自动给出结果" in browser.look()


def test_the_callback_is_set_on_the_page(browser: Browser, sandbox: RunningSandbox) -> None:
    fields = {"token": "t", "key": "", "mode": "plain", "form": "json"}
    assert "没有通过" in browser.act("callback", url="127.0.0.1:9/wechat/callback", **fields)
    assert "只能推送到本机" in browser.act("callback", url="http://203.0.113.7/", **fields)
    assert "127.0.0.1:9/wechat/callback" in browser.look()
    browser.act("no_callback")
    assert "还没有设置回调地址" in browser.look()
    assert "没有办成" in browser.act("revoke")


def test_whoever_is_risky_cannot_log_in_and_the_phone_changes_hands(browser: Browser, sandbox: RunningSandbox) -> None:
    browser.act("block")
    assert sandbox.world.blocked[WHO]
    browser.act("unblock")
    assert not sandbox.world.blocked[WHO]
    assert f"打开服务号网页的人：{WHO}" in browser.act("hold")
    assert "每次询问" in browser.act("let_go")


@pytest.mark.parametrize(
    "fields",
    [{"do": "accept"}, {"do": "earthquake"}, {}, {"do": "pass", "trace": "none"}, {"do": "replay", "number": "9"}],
)
def test_a_button_pressed_wrongly_is_explained(browser: Browser, fields: dict[str, str]) -> None:
    assert re.search("没有办成|没有这个按钮", browser.press("/act", **fields))


def test_faults_by_share_are_ordered(browser: Browser, sandbox: RunningSandbox) -> None:
    browser.press("/trouble", do="fault", kind="drop", share="0.1")
    [(fault, left)] = sandbox.faults.waiting()
    assert (fault.chance, left) == (0.1, 0)
    assert "10 %" in browser.look()
    browser.press("/trouble", do="hours")
    assert sandbox.clock.ahead == 7200
