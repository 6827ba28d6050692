"""The AppSecret, the session key and the openid appear in no error, traceback, repr or log, whatever goes wrong."""

import logging
import pickle
import traceback

import pytest

from wechat.gateway import WeChatBusy, WeChatError, WeChatIdentity
from wechat.live import LiveWeChat, MiniProgramClient
from wechat.sandbox.server import RunningSandbox

FAULTS = ["errcode", "html_502", "drop", "lost_reply", "cut_off", "truncated", "hang", "reply"]


def everything_told(error: BaseException) -> str:
    """The error as the most talkative tool shows it: locals of every frame but this file's, and errors behind it."""
    seen: list[str] = []
    pending: list[BaseException | None] = [error]
    while pending:
        told = pending.pop()
        if told is None:
            continue
        frames = traceback.StackSummary.extract(traceback.walk_tb(told.__traceback__), capture_locals=True)
        foreign = traceback.StackSummary.from_list([frame for frame in frames if frame.filename != __file__])
        seen += [repr(told), str(told), repr(told.args), repr(vars(told)), "".join(foreign.format())]
        pending += [told.__cause__, told.__context__]
    return "\n".join(seen)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failed_login_tells_no_secret(
    impatient: LiveWeChat, sandbox: RunningSandbox, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    caplog.set_level(logging.DEBUG)
    sandbox.faults.add(fault, body='{"errcode": 40125, "errmsg": "secret ' + sandbox.secret + ' is wrong"}')

    with pytest.raises(WeChatError) as caught:
        impatient.login(sandbox.login_code("王大姐"))

    assert sandbox.secret not in everything_told(caught.value)
    assert sandbox.secret not in caplog.text
    assert caught.value.__cause__ is caught.value.__context__ is None


def test_a_failed_connection_tells_no_secret(caplog: pytest.LogCaptureFixture, sandbox: RunningSandbox) -> None:
    caplog.set_level(logging.DEBUG)
    unreachable = LiveWeChat("wx1", sandbox.secret, base_url="http://127.0.0.1:9")

    with pytest.raises(WeChatError) as caught:
        unreachable.login("code")

    assert sandbox.secret not in everything_told(caught.value)
    assert sandbox.secret not in caplog.text
    assert sandbox.secret not in repr(vars(unreachable).keys()) + repr(unreachable)


def test_a_good_login_logs_nothing_worth_stealing(
    gateway: LiveWeChat, sandbox: RunningSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    code = sandbox.login_code("王大姐")

    identity = gateway.login(code)

    assert "jscode2session" in caplog.text, "urllib3 no longer logs the request line: is the filter still needed?"
    for private in (sandbox.secret, code, identity.session_key, identity.openid):
        assert private not in caplog.text
        assert private not in repr(identity)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failed_token_fetch_tells_no_secret(
    sandbox: RunningSandbox, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    caplog.set_level(logging.DEBUG)
    sandbox.faults.add(fault, seconds=0.5)

    with (
        MiniProgramClient(sandbox.appid, sandbox.secret, base_url=sandbox.base_url) as client,
        pytest.raises(WeChatError) as caught,
    ):
        client.fetch_access_token()

    assert sandbox.secret not in everything_told(caught.value)
    assert sandbox.secret not in caplog.text


def test_the_ledger_keeps_no_secret(gateway: LiveWeChat, sandbox: RunningSandbox) -> None:
    gateway.login(sandbox.login_code("王大姐"))
    assert sandbox.secret not in repr(sandbox.ledger.entries())
    assert sandbox.secret not in repr(sandbox)


def test_an_identity_shows_nothing_of_itself() -> None:
    assert repr(WeChatIdentity("openid-1", "unionid-1", "key-1")) == "WeChatIdentity()"


def test_an_error_survives_a_journey_between_processes() -> None:
    error = pickle.loads(pickle.dumps(WeChatBusy("no answer in time", errcode=-1, rid="1-2-3")))
    assert str(error) == "wechat_busy: no answer in time, errcode -1, rid 1-2-3"
