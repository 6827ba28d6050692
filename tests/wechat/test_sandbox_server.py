"""The sandbox as its users meet it: the control addresses, the page, the process, and its refusal to be public."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from wechat.gateway import CodeUsedOrExpired, UserBlocked, WeChatBusy
from wechat.live import LiveWeChat
from wechat.sandbox import DEFAULT_APPID, DEFAULT_SECRET
from wechat.sandbox.app import create_sandbox
from wechat.sandbox.server import PublicInterface, RunningSandbox, open_server, running_sandbox

HOUSE = Path(__file__).parents[2]


def control(sandbox: RunningSandbox, method: str, path: str, **body: object) -> requests.Response:
    return requests.request(method, f"{sandbox.base_url}/_sandbox{path}", json=body or None, timeout=5)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.20", "example.com"])
def test_a_public_interface_is_refused(host: str) -> None:
    with pytest.raises(PublicInterface, match="沙盒只能在本机运行"):
        open_server(create_sandbox(), host)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_this_machine_is_served(host: str) -> None:
    open_server(create_sandbox(), host).server_close()


def test_a_page_of_the_web_cannot_reach_it_under_another_name(sandbox: RunningSandbox) -> None:
    answer = requests.post(
        f"{sandbox.base_url}/_sandbox/users/x/login-code", headers={"Host": "evil.example"}, timeout=5
    )
    assert answer.status_code == 400


def test_a_code_given_over_http_logs_in(gateway: LiveWeChat, sandbox: RunningSandbox) -> None:
    given = control(sandbox, "POST", "/users/王大姐/login-code").json()

    assert gateway.login(given["code"]).openid == given["openid"]
    assert given["expires_in"] == 300
    [person] = control(sandbox, "GET", "/users").json()
    assert person == {"name": "王大姐", "blocked": False, "openids": {sandbox.appid: given["openid"]}}


def test_the_world_is_changed_over_http(gateway: LiveWeChat, sandbox: RunningSandbox) -> None:
    control(sandbox, "PUT", "/users/黄牛", blocked=True)
    with pytest.raises(UserBlocked):
        gateway.login(sandbox.login_code("黄牛"))

    code = sandbox.login_code("王大姐")
    assert control(sandbox, "POST", "/clock", advance_seconds=301).json()["ahead_seconds"] == 301
    with pytest.raises(CodeUsedOrExpired):
        gateway.login(code)
    assert control(sandbox, "DELETE", "/clock").json()["ahead_seconds"] == 0

    control(sandbox, "POST", "/faults", kind="errcode", times=2)
    with pytest.raises(WeChatBusy):
        gateway.login(sandbox.login_code("王大姐"))
    [waiting] = control(sandbox, "GET", "/faults").json()
    assert (waiting["kind"], waiting["left"]) == ("errcode", 1)
    control(sandbox, "DELETE", "/faults")
    gateway.login(sandbox.login_code("王大姐"))

    control(sandbox, "PUT", "/apps/wx00000000000000a1", secret="a" * 32, open_platform="street")
    other = LiveWeChat("wx00000000000000a1", "a" * 32, base_url=sandbox.base_url)
    given = control(sandbox, "POST", "/users/王大姐/login-code", appid="wx00000000000000a1").json()
    assert other.login(given["code"]).unionid


def test_the_ledger_tells_every_login_and_no_control(gateway: LiveWeChat, sandbox: RunningSandbox) -> None:
    sandbox.faults.add("html_502")
    with pytest.raises(WeChatBusy):
        gateway.login(sandbox.login_code("王大姐"))
    gateway.login(sandbox.login_code("王大姐"))

    spoiled, good = control(sandbox, "GET", "/ledger").json()
    assert (spoiled["status"], spoiled["fault"], spoiled["user"]) == (502, "html_502", None)
    assert (good["status"], good["fault"], good["user"]) == (200, None, "王大姐")
    assert good["asked"]["secret"] == "***"
    assert control(sandbox, "GET", f"/ledger?after={spoiled['number']}").json() == [good]
    control(sandbox, "DELETE", "/ledger")
    assert control(sandbox, "GET", "/ledger").json() == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/users/x/login-code", {"appid": "wx0000000000000404"}),
        ("POST", f"/users/{'x' * 65}/login-code", {}),
        ("PUT", "/users/x", {"blocked": "perhaps"}),
        ("PUT", "/users/x", {"unknown": True}),
        ("POST", "/faults", {"kind": "earthquake"}),
        ("POST", "/clock", {"advance_seconds": "soon"}),
        ("PUT", "/apps/wx1", {"frozen": True}),
    ],
)
def test_a_mistaken_order_is_explained(
    sandbox: RunningSandbox, method: str, path: str, body: dict[str, object]
) -> None:
    answer = control(sandbox, method, path, **body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_the_page_gives_a_code_and_shows_what_was_asked(gateway: LiveWeChat, sandbox: RunningSandbox) -> None:
    page = requests.post(sandbox.base_url, data={"user": "<b>王大姐</b>"}, timeout=5).text
    code = page.split("<code>")[1].split("</code>")[0]

    gateway.login(code)

    shown = requests.get(sandbox.base_url, timeout=5).text
    assert "/sns/jscode2session" in shown
    assert "&lt;b&gt;王大姐" in shown
    assert "<b>王大姐" not in shown
    assert sandbox.secret not in shown
    assert sandbox.base_url in shown
    assert set(re.findall(r'(?:src|href|action)="(\w+:|//)', shown)) <= {"data:"}, (
        "the page fetches nothing from elsewhere"
    )


def test_the_page_makes_trouble_and_peace(gateway: LiveWeChat, sandbox: RunningSandbox) -> None:
    requests.post(f"{sandbox.base_url}/trouble", data={"do": "fault", "kind": "errcode"}, timeout=5)
    with pytest.raises(WeChatBusy):
        gateway.login(sandbox.login_code("王大姐"))
    requests.post(f"{sandbox.base_url}/trouble", data={"do": "later"}, timeout=5)
    assert sandbox.clock.ahead == 360
    requests.post(f"{sandbox.base_url}/trouble", data={"do": "fault", "kind": "drop"}, timeout=5)
    page = requests.post(f"{sandbox.base_url}/trouble", data={"do": "calm"}, timeout=5)
    assert page.status_code == 200
    assert (sandbox.clock.ahead, sandbox.faults.waiting()) == (0, [])


def test_a_remembered_world_goes_on_and_a_foreign_file_is_forgotten(tmp_path: Path) -> None:
    with running_sandbox(secret="s" * 32, state_dir=tmp_path) as before:
        control(before, "PUT", "/users/黄牛", blocked=True)
        control(before, "POST", "/clock", advance_seconds=60)
        code = control(before, "POST", "/users/王大姐/login-code").json()["code"]
        token = requests.get(f"{before.base_url}/cgi-bin/token", params=_credentials(before), timeout=5).json()

    with running_sandbox(secret="s" * 32, state_dir=tmp_path) as after:
        assert after.clock.ahead == 60
        assert after.world.blocked == {"黄牛": True, "王大姐": False}
        gateway = LiveWeChat(after.appid, after.secret, base_url=after.base_url)
        assert gateway.login(code).openid == before.openid("王大姐")
        still = {"access_token": token["access_token"]}
        assert "ip_list" in requests.get(f"{after.base_url}/cgi-bin/getcallbackip", params=still, timeout=5).json()
    assert (tmp_path / "sandbox.json").stat().st_mode & 0o077 == 0

    (tmp_path / "sandbox.json").write_text('{"apps": "of another year"}')
    with running_sandbox(state_dir=tmp_path) as fresh:
        assert fresh.world.blocked == {}


def _credentials(sandbox: RunningSandbox) -> dict[str, str]:
    return {"appid": sandbox.appid, "secret": sandbox.secret, "grant_type": "client_credential"}


def test_the_process_refuses_to_be_public() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "wechat.sandbox", "--host", "0.0.0.0", "--port", "0"],
        cwd=HOUSE,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert told.returncode == 2
    assert told.stdout == ""
    [line] = told.stderr.splitlines()
    assert "0.0.0.0" in line


@contextmanager
def sandbox_process(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "wechat.sandbox", "--port", "0", *arguments]
    with subprocess.Popen(command, cwd=HOUSE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().split(": ", 1)[1].strip().rstrip("/")
        finally:
            process.terminate()


def test_the_process_serves_and_stops_quietly() -> None:
    with sandbox_process() as (process, base_url):
        code = requests.post(f"{base_url}/_sandbox/users/王大姐/login-code", timeout=5).json()["code"]
        assert LiveWeChat(DEFAULT_APPID, DEFAULT_SECRET, base_url=base_url).login(code).openid
        process.terminate()
        output, complaints = process.communicate(timeout=10)
    assert (process.returncode, output, complaints) == (0, "", "")
