"""Every lever over HTTP, and that what it changed outlives a restart."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.wechat.asking import Asker
from wechat.sandbox.messages import SEND
from wechat.sandbox.server import RunningSandbox, running_sandbox

DATA = {"thing1": {"value": "好"}}


def test_a_message_from_template_to_phone(ask: Asker, sandbox: RunningSandbox) -> None:
    assert ask.control("PUT", "/templates/T", fields=["thing1"]).json()["fields"] == {"thing1": "thing1"}
    granted = ask.control("POST", "/users/王大姐/grants", template="T", times=2).json()
    assert granted == {"template": "T", "left": 2}
    body = {"touser": sandbox.openid("王大姐"), "template_id": "T", "data": DATA}
    assert ask.post(SEND, **body)["errcode"] == 0
    [message] = ask.control("GET", "/messages?user=王大姐").json()
    assert (message["user"], message["data"]) == ("王大姐", {"thing1": "好"})
    assert ask.control("DELETE", "/users/王大姐/grants/T").status_code == 204
    assert [ask.post(SEND, **body)["errcode"] for _ in range(2)] == [43101, 43101]
    told = ask.control("GET", "/counts").json()
    assert told["sends_after_43101"] == 1
    assert told["paths"][SEND] == 3
    assert ask.control("POST", "/users/王大姐/answers", answers={"T": "accept"}).status_code == 204
    assert ask.post(SEND, **body)["errcode"] == 0
    assert ask.control("POST", "/users/李大爷/grants", template="T", long_term=True).json()["left"] is None
    assert [known["id"] for known in ask.control("GET", "/templates").json()] == ["T"]


def test_people_pages_words_and_limits(ask: Asker, sandbox: RunningSandbox) -> None:
    assert ask.control("PUT", "/users/王大姐/phone", number="13800000001").status_code == 204
    code = ask.control("POST", "/users/王大姐/phone-code").json()["code"]
    told = ask.post("/wxa/business/getuserphonenumber", code=code)["phone_info"]
    assert told["purePhoneNumber"] == "13800000001"

    ask.control("POST", "/users/王大姐/visit")
    ask.control("PUT", "/content", risky={"坏": 20003}, review={"疑": 21000}, here_seconds=60, media="auto")
    body = {"version": 2, "scene": 2, "openid": sandbox.openid("王大姐"), "content": "坏"}
    assert ask.post("/wxa/msg_sec_check", **body)["result"] == {"suggest": "risky", "label": 20003}

    ask.control("PUT", "/pages", pages=["pages/a"])
    assert ask.post("/wxa/getwxacodeunlimit", scene="a", page="pages/b")["errcode"] == 41030
    ask.raw("POST", "/wxa/getwxacodeunlimit", b'{"scene": "a"}', access_token=ask.token)
    [drawn] = ask.control("GET", "/codes").json()
    assert drawn["link"].startswith(f"{sandbox.base_url}/scan?")

    ask.control("PUT", "/users/王大姐/risk", rank=3)
    asked = {"appid": sandbox.appid, "openid": sandbox.openid("王大姐"), "scene": 2, "client_ip": "203.0.113.7"}
    assert ask.post("/wxa/getuserriskrank", **asked)["risk_rank"] == 3
    ask.control("PUT", "/quotas", path="/wxa/getuserriskrank", day=1)
    assert ask.post("/wxa/getuserriskrank", **asked)["errcode"] == 45009


def test_callbacks_and_service_accounts(ask: Asker, sandbox: RunningSandbox) -> None:
    address = f"{sandbox.base_url}/wechat/callback"  # answers 40066: taken by nobody
    assert ask.control("PUT", "/callback", url=address, token="t", tries=2).status_code == 204
    assert ask.control("POST", "/callback/verify").json() == {"ok": False}
    [push] = ask.control("POST", "/pushes", event="text", user="王大姐", fields={"Content": "好"}).json()
    assert (push["fields"]["Content"], push["taken"], len(push["attempts"])) == ("好", False, 2)
    [revoked] = ask.control("POST", "/users/王大姐/revoke", kinds=[8]).json()
    assert revoked["fields"]["RevokeInfo"] == "8"
    assert ask.control("POST", "/users/王大姐/close").json()[0]["fields"]["Event"] == "user_authorization_cancellation"
    assert ask.control("POST", f"/pushes/{push['number']}/replay").json()["status"] == 200
    assert len(ask.control("GET", "/pushes").json()) == 3

    sandbox.visit("王大姐")
    media = {"version": 2, "scene": 2, "openid": sandbox.openid("王大姐"), "media_type": 2, "media_url": "https://x/1"}
    trace = ask.post("/wxa/media_check_async", **media)["trace_id"]
    assert ask.control("GET", "/media").json()[0]["trace"] == trace
    [verdict] = ask.control("POST", f"/media/{trace}/verdict", suggest="review").json()
    assert verdict["fields"]["result"]["suggest"] == "review"
    assert ask.control("DELETE", "/callback").status_code == 204
    assert ask.control("POST", "/callback/verify").status_code == 400

    assert ask.control("PUT", "/services/wxf1", secret="f", domain="louzhang.test").status_code == 204
    assert ask.control("PUT", "/phone", user="王大姐").status_code == 204
    asked = {"appid": "wxf1", "redirect_uri": "http://louzhang.test/", "response_type": "code", "scope": "snsapi_base"}
    url = f"{sandbox.base_url}/connect/oauth2/authorize"
    assert ask.http.get(url, params=asked, timeout=5, allow_redirects=False).status_code == 302

    assert ask.control("POST", "/reset").status_code == 204
    assert ask.control("GET", "/media").json() == []
    assert sandbox.ledger.count() == 0


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/templates/T", {"fields": ["song1"]}),
        ("PUT", "/templates/T", {"fields": "thing1"}),
        ("PUT", "/templates/T", {"words": []}),
        ("POST", f"/users/{'x' * 65}/phone-code", {}),
        ("POST", "/users/x/grants", {"template": "T", "times": 0}),
        ("POST", "/users/x/answers", {"answers": {"T": "perhaps"}}),
        ("PUT", "/content", {"media": "later"}),
        ("POST", "/media/none/verdict", {}),
        ("POST", "/pushes", {"event": "text", "user": "x"}),
        ("POST", "/pushes/9/replay", {}),
        ("PUT", "/callback", {"url": "http://example.com/", "token": "t"}),
        ("PUT", "/callback", {"url": "http://127.0.0.1/", "token": "t", "mode": "loud"}),
        ("PUT", "/users/x/risk", {"rank": 5}),
        ("PUT", "/quotas", {"day": 1}),
    ],
)
def test_a_mistaken_order_is_explained(ask: Asker, method: str, path: str, body: dict[str, Any]) -> None:
    answer = ask.control(method, path, **body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_what_was_arranged_outlives_a_restart(tmp_path: Path) -> None:
    with running_sandbox(secret="s", state_dir=tmp_path) as before:
        ask = Asker(before)
        before.template("T", {"thing1": "诉求"}, title="进展")
        before.grant("王大姐", "T", times=2)
        before.phone("王大姐", "13800000001")
        before.pages("pages/a")
        before.risky_words("坏")
        before.visit("王大姐")
        before.quota("/wxa/getwxacode", day=1)
        before.callback("http://127.0.0.1:9/", token="t", key="a" * 43)
        before.service("wxf1", "f", domain="louzhang.test")
        before.hold_phone("王大姐")
        phone = before.phone_code("王大姐")
        body = {"touser": before.openid("王大姐"), "template_id": "T", "data": DATA}
        msgid = ask.post(SEND, **body)["msgid"]
        ask.raw("POST", "/wxa/getwxacode", b'{"path": "pages/a"}', access_token=ask.token)
        ask.http.close()

    with running_sandbox(secret="s", state_dir=tmp_path) as after:
        ask = Asker(after)
        assert [message.msgid for message in after.sent()] == [str(msgid)]
        assert after.grants("王大姐", "T") == 1
        assert ask.post(SEND, **body)["msgid"] == msgid + 1
        assert [code.page for code in after.codes()] == ["pages/a"]
        answer = ask.raw("POST", "/wxa/getwxacode", b'{"path": "pages/a"}', access_token=ask.token)
        assert answer.headers["Num-Used"] == "2"
        told = ask.post("/wxa/business/getuserphonenumber", code=phone)["phone_info"]
        assert told["phoneNumber"] == "13800000001"
        text = {"version": 2, "scene": 2, "openid": after.openid("王大姐"), "content": "坏"}
        assert ask.post("/wxa/msg_sec_check", **text)["result"]["suggest"] == "risky"
        assert after.letter("text", "王大姐").query["encrypt_type"] == "aes"
        ask.http.close()


def test_a_room_written_by_another_version_starts_afresh(tmp_path: Path) -> None:
    with running_sandbox(secret="s", state_dir=tmp_path) as before:
        before.grant("王大姐", "T")
        before.phone("王大姐", "13800000001")
        before.login_code("王大姐")
    state = json.loads((tmp_path / "sandbox.json").read_text())
    state["rooms"]["Messages"] = {"of": "another year"}
    (tmp_path / "sandbox.json").write_text(json.dumps(state))
    with running_sandbox(secret="s", state_dir=tmp_path) as after:
        assert after.grants("王大姐", "T") == 0
        assert after.world.blocked == {"王大姐": False}


def test_many_requests_are_saved_seldom(tmp_path: Path) -> None:
    with running_sandbox(secret="s", state_dir=tmp_path) as sandbox:
        ask, written = Asker(sandbox), set()
        for _ in range(60):
            ask.get("/cgi-bin/getcallbackip")
            file = tmp_path / "sandbox.json"
            written.add(file.stat().st_mtime_ns if file.exists() else 0)
        ask.http.close()
    assert len(written) < 10


def test_the_products_own_template_file_is_understood(sandbox: RunningSandbox, tmp_path: Path) -> None:
    file = tmp_path / "templates.json"
    file.write_text(json.dumps({"notice": {"template": "T9", "long_term": True, "fields": {"thing1": "title"}}}))
    sandbox.read_templates(file)
    sandbox.grant("王大姐", "T9")
    assert sandbox.grants("王大姐", "T9") == float("inf")
    for broken in ("[]", '{"notice": {}}', "no json", '{"notice": {"template": "T", "fields": {"song1": "x"}}}'):
        file.write_text(broken)
        with pytest.raises(ValueError, match=r"."):
            sandbox.read_templates(file)
