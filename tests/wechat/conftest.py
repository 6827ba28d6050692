"""A running sandbox on a real socket, and the live gateway pointed at it. Nothing of ours is patched."""

from collections.abc import Callable, Iterator

import pytest

from tests.wechat.asking import Asker
from wechat.live import LiveWeChat, Timeouts
from wechat.sandbox.server import RunningSandbox, running_sandbox

IMPATIENT = Timeouts(connect=1.0, read=0.4, whole=0.6)


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture
def gateway(sandbox: RunningSandbox) -> LiveWeChat:
    return LiveWeChat(sandbox.appid, sandbox.secret, base_url=sandbox.base_url)


@pytest.fixture
def impatient(sandbox: RunningSandbox) -> LiveWeChat:
    return LiveWeChat(sandbox.appid, sandbox.secret, base_url=sandbox.base_url, timeouts=IMPATIENT)


@pytest.fixture
def create_gateway(sandbox: RunningSandbox) -> Callable[[str, str], LiveWeChat]:
    """The same sandbox, seen with another appid and secret."""

    def create(appid: str, secret: str) -> LiveWeChat:
        return LiveWeChat(appid, secret, base_url=sandbox.base_url)

    return create


@pytest.fixture
def ask(sandbox: RunningSandbox) -> Iterator[Asker]:
    """The sandbox, asked as a stranger would."""
    asker = Asker(sandbox)
    yield asker
    asker.http.close()
