"""What the sandbox pushes, read with another implementation than it was written with: wechatpy's."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import xmltodict
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidAppIdException, InvalidSignatureException
from wechatpy.utils import check_signature

from tests.wechat.asking import Asker
from wechat.sandbox.letters import Letter
from wechat.sandbox.server import RunningSandbox

TOKEN, KEY = "callback-token", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


@dataclass
class House:
    """A callback of our own: remembers what came, and answers what it is told to."""

    url: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[tuple[int, str]] = field(default_factory=list)
    slow: float = 0.0
    echo: bool = True


@pytest.fixture
def house() -> Iterator[House]:
    told = House()

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = dict(parse_qsl(urlsplit(self.path).query))
            check_signature(TOKEN, query["signature"], query["timestamp"], query["nonce"])
            self.say(200, query["echostr"] if told.echo else "hello")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.got.append((dict(parse_qsl(urlsplit(self.path).query)), body))
            time.sleep(told.slow)
            self.say(*(told.answers.pop(0) if told.answers else (200, "success")))

        def say(self, status: int, text: str) -> None:
            try:
                self.send_response(status)
                self.end_headers()
                self.wfile.write(text.encode())
            except OSError:
                pass  # whoever asked gave up

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    told.url = f"http://127.0.0.1:{server.server_port}/wechat/callback"
    yield told
    server.shutdown()
    server.server_close()


def opened(query: dict[str, str], body: bytes, appid: str, form: str) -> dict[str, Any]:
    """What wechatpy finds inside."""
    check_signature(TOKEN, query["signature"], query["timestamp"], query["nonce"])
    if "msg_signature" not in query:
        return json.loads(body) if form == "json" else xmltodict.parse(body)["xml"]  # type: ignore[no-any-return]
    outside = json.loads(body) if form == "json" else body.decode()
    inside = WeChatCrypto(TOKEN, KEY, appid).decrypt_message(
        outside, query["msg_signature"], query["timestamp"], query["nonce"]
    )
    return json.loads(inside) if form == "json" else xmltodict.parse(inside)["xml"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("form", ["json", "xml"])
@pytest.mark.parametrize("mode", ["plain", "compatible", "safe"])
def test_every_mode_and_form_is_read_by_another_implementation(
    sandbox: RunningSandbox, house: House, mode: str, form: str
) -> None:
    sandbox.callback(house.url, token=TOKEN, key=KEY, mode=mode, form=form)
    [push] = sandbox.revoke("王大姐", 8, 14)
    assert push.taken

    [(query, body)] = house.got
    inside = opened(query, body, sandbox.appid, form)
    assert inside["OpenID"] == sandbox.openid("王大姐")
    assert inside["FromUserName"] != inside["OpenID"], "the platform speaks about her, she does not speak"
    assert (inside["Event"], inside["RevokeInfo"]) == ("user_authorization_revoke", "8,14")
    assert abs(int(inside["CreateTime"]) - sandbox.clock.now()) < 5
    assert (b"RevokeInfo" in body) == (mode != "safe")
    assert (b"Encrypt" in body) == (mode != "plain")
    assert ("msg_signature" in query) == (mode != "plain")


def test_an_address_is_verified(sandbox: RunningSandbox, house: House) -> None:
    sandbox.callback(house.url, token=TOKEN)
    assert sandbox.verify_callback()
    house.echo = False
    assert not sandbox.verify_callback()


@pytest.mark.parametrize(
    "answers", [[(500, ""), (200, "fail"), (200, "success")], [(403, "no"), (200, "")], [(500, "")] * 3]
)
def test_three_tries_carry_one_message_signed_afresh(
    sandbox: RunningSandbox, house: House, answers: list[tuple[int, str]]
) -> None:
    house.answers = list(answers)
    sandbox.callback(house.url, token=TOKEN)
    [push] = sandbox.push("text", "王大姐", Content="你好")

    assert len(house.got) == len(push.attempts) == len(answers)
    assert push.taken == (answers[-1][0] == 200)
    bodies = [json.loads(body) for _, body in house.got]
    assert len({(body["MsgId"], body["CreateTime"], body["Content"]) for body in bodies}) == 1
    assert len({query["nonce"] for query, _ in house.got}) == len(answers)
    assert len({query["signature"] for query, _ in house.got}) == len(answers)


def test_whoever_is_slow_is_asked_again(sandbox: RunningSandbox, house: House) -> None:
    house.slow = 0.3
    sandbox.callback(house.url, token=TOKEN, timeout=0.1, tries=2)
    [push] = sandbox.push("user_info_modified", "王大姐")
    assert [attempt.status for attempt in push.attempts] == [0, 0]
    assert all(0.05 < attempt.seconds < 0.3 for attempt in push.attempts)


def test_nobody_listening_is_no_answer(sandbox: RunningSandbox) -> None:
    sandbox.callback("http://127.0.0.1:9/wechat/callback", token=TOKEN)
    [push] = sandbox.close_account("王大姐")
    assert [attempt.status for attempt in push.attempts] == [0, 0, 0]


def test_a_replay_is_the_same_to_the_byte_and_a_duplicate_is_the_same_message(
    sandbox: RunningSandbox, house: House
) -> None:
    sandbox.callback(house.url, token=TOKEN, key=KEY)
    [push] = sandbox.push("user_info_modified", "王大姐")
    assert sandbox.replay(push).taken
    assert house.got[0] == house.got[1]

    house.got.clear()
    sandbox.push("text", "王大姐", times=2, Content="你好")
    one, two = (opened(query, body, sandbox.appid, "json") for query, body in house.got)
    assert one == two
    assert house.got[0] != house.got[1]


def letter(sandbox: RunningSandbox, spoil: str | None) -> Letter:
    return sandbox.letter("user_info_modified", "王大姐", spoil=spoil)


def test_what_is_spoiled_is_refused_by_another_implementation(sandbox: RunningSandbox) -> None:
    sandbox.callback(token=TOKEN, key=KEY)

    def read(spoil: str | None) -> dict[str, Any]:
        written = letter(sandbox, spoil)
        return opened(written.query, written.body, sandbox.appid, "json")

    assert read(None)["Event"] == "user_info_modified"
    with pytest.raises(InvalidSignatureException):
        read("signature")
    with pytest.raises(InvalidAppIdException):
        read("receiver")
    with pytest.raises(ValueError, match=r"Expecting|Unterminated|delimiter"):
        read("broken")
    with pytest.raises(Exception):  # noqa: B017, PT011 -- wechatpy raises whatever it stumbles over
        read("cipher")
    stale = letter(sandbox, "stale")
    assert opened(stale.query, stale.body, sandbox.appid, "json")["Event"] == "user_info_modified"
    assert sandbox.clock.now() - int(stale.query["timestamp"]) > 3000


def test_the_dialogs_list_is_an_object_for_one_and_an_array_for_several(sandbox: RunningSandbox, house: House) -> None:
    sandbox.template("A", ["thing1"])
    sandbox.template("B", ["thing1"])
    sandbox.callback(house.url, token=TOKEN)
    for answers in ({"A": "accept"}, {"A": "accept", "B": "reject"}):
        sandbox.answer("王大姐", answers)
    wait_for(lambda: len(house.got) == 2)
    one, several = sorted((json.loads(body)["List"] for _, body in house.got), key=lambda told: isinstance(told, list))
    assert one == {"TemplateId": "A", "SubscribeStatusString": "accept", "PopupScene": "0"}
    assert [entry["SubscribeStatusString"] for entry in several] == ["accept", "reject"]
    assert (sandbox.grants("王大姐", "A"), sandbox.grants("王大姐", "B")) == (2, 0)


def test_in_xml_the_list_is_nested(sandbox: RunningSandbox) -> None:
    sandbox.callback(token=TOKEN, form="xml")
    fields = {"List": [{"TemplateId": id, "SubscribeStatusString": "reject"} for id in "AB"]}
    written = sandbox.letter("subscribe_msg_change_event", "王大姐", **fields)
    inside = xmltodict.parse(written.body)["xml"]
    assert [entry["TemplateId"] for entry in inside["SubscribeMsgChangeEvent"]["List"]] == ["A", "B"]


def test_text_of_every_kind_survives_xml(sandbox: RunningSandbox) -> None:
    sandbox.callback(token=TOKEN, form="xml")
    for text in ("<b>&amp;", "]]>", "楼道\n灯", '"quoted"'):
        written = sandbox.letter("text", "王大姐", Content=text)
        assert xmltodict.parse(written.body)["xml"]["Content"] == text


def test_a_withdrawal_in_the_settings_is_told(sandbox: RunningSandbox, house: House) -> None:
    sandbox.callback(house.url, token=TOKEN)
    sandbox.grant("王大姐", "A", times=2)
    sandbox.withdraw("王大姐", "A")
    wait_for(lambda: house.got)
    told = json.loads(house.got[0][1])
    assert (told["Event"], told["List"]) == (
        "subscribe_msg_change_event",
        {"TemplateId": "A", "SubscribeStatusString": "reject"},
    )
    assert sandbox.grants("王大姐", "A") == 0


def test_what_became_of_a_message_is_told(ask: Asker, sandbox: RunningSandbox, house: House) -> None:
    sandbox.template("A", ["thing1"])
    sandbox.grant("王大姐", "A")
    body = {"touser": sandbox.openid("王大姐"), "template_id": "A", "data": {"thing1": {"value": "好"}}}
    msgid = ask.post("/cgi-bin/message/subscribe/send", **body)["msgid"]
    sandbox.callback(house.url, token=TOKEN)
    [push] = sandbox.sent_event(sandbox.sent()[0], error=107, status="system failure")
    assert push.taken
    assert json.loads(house.got[0][1])["List"] == {
        "TemplateId": "A",
        "MsgID": str(msgid),
        "ErrorCode": "107",
        "ErrorStatus": "system failure",
    }


def test_a_closed_account_is_told_and_takes_no_messages(sandbox: RunningSandbox, house: House) -> None:
    sandbox.callback(house.url, token=TOKEN)
    sandbox.grant("王大姐", "A", times=2)
    assert sandbox.close_account("王大姐")[0].taken
    assert json.loads(house.got[0][1])["Event"] == "user_authorization_cancellation"
    assert sandbox.grants("王大姐", "A") == 0


@pytest.mark.parametrize("url", ["http://203.0.113.7/", "https://example.com/x", "ftp://127.0.0.1/", "127.0.0.1", ""])
def test_only_this_machine_is_pushed_to(ask: Asker, sandbox: RunningSandbox, url: str) -> None:
    with pytest.raises(ValueError, match="this machine only"):
        sandbox.callback(url, token=TOKEN)
    assert ask.control("PUT", "/callback", url=url or "x", token=TOKEN).status_code == 400


@pytest.mark.parametrize("key", ["", "short", "!" * 43])
def test_a_sealed_mode_needs_a_key(sandbox: RunningSandbox, key: str) -> None:
    with pytest.raises(ValueError, match=r"43|padding|base64|bytes"):
        sandbox.callback(token=TOKEN, key=key, mode="safe")


def test_letters_can_go_to_a_test_client(sandbox: RunningSandbox) -> None:
    carried: list[str] = []

    def post(method: str, what: Letter) -> tuple[int, str]:
        carried.append(method)
        return 200, what.query.get("echostr", "success")

    sandbox.callback(token=TOKEN, post=post)
    assert sandbox.verify_callback()
    assert sandbox.push("user_info_modified", "王大姐")[0].taken
    assert carried == ["GET", "POST"]


def wait_for(true: Any, seconds: float = 3.0) -> None:
    """Until pushes made in the background have arrived."""
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.01)
    assert true()
