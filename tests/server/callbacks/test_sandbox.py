"""The sandbox delivers by itself: its letters are written by another hand than ours."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from server.config import Settings
from server.core.clock import SetClock
from tests.server.callbacks.post import URL, agreed
from tests.server.identity.wechat import at_home
from tests.wechat.sealing import KEY, TOKEN
from tests.world import World
from wechat.sandbox.server import RunningSandbox

Agree = Callable[..., None]
MODES = ("plain", "compatible", "safe")


@pytest.fixture
def clock(sandbox: RunningSandbox) -> SetClock:
    """The sandbox signs by its own clock."""
    return SetClock(datetime.fromtimestamp(int(sandbox.clock.now()), UTC))


@pytest.fixture
def agree(app: Flask, settings: Settings, sandbox: RunningSandbox) -> Agree:
    """Agree on a mode with the sandbox; its letters go to the test client."""
    client = app.test_client()

    def carry(method: str, letter: object) -> tuple[int, str]:
        query, body, kind = letter.query, letter.body, letter.content_type  # type: ignore[attr-defined]
        answer = client.open(URL, method=method, query_string=query, data=body, content_type=kind or None)
        return answer.status_code, answer.text

    def with_mode(mode: str, form: str = "json") -> None:
        safe = mode != "plain"
        app.extensions["settings"] = replace(settings, wechat=agreed(settings.wechat, safe=safe))
        sandbox.callback(token=TOKEN, key=KEY if safe else "", mode=mode, form=form, post=carry)

    return with_mode


@pytest.mark.parametrize("form", ["json", "xml"])
@pytest.mark.parametrize("mode", MODES)
def test_every_mode_and_form(agree: Agree, world: World, sandbox: RunningSandbox, mode: str, form: str) -> None:
    agree(mode, form)
    assert sandbox.verify_callback()
    user = f"sandbox-{mode}-{form}"
    caller, _ = at_home(world, sandbox, user)
    neighbour, _ = at_home(world, sandbox, f"{user}-neighbour")
    for push in (*sandbox.push("text", user, Content="你好"), *sandbox.revoke(user, 8), *sandbox.close_account(user)):
        assert push.taken, push.attempts
        assert len(push.attempts) == 1
    assert caller.get("/api/v1/me").status_code == 401
    assert neighbour.get("/api/v1/me").status_code == 200


@pytest.mark.parametrize(
    ("spoil", "status"),
    [("signature", 403), ("stale", 403), ("receiver", 403), ("cipher", 400), ("broken", 400)],
)
def test_what_the_sandbox_spoils(agree: Agree, world: World, sandbox: RunningSandbox, spoil: str, status: int) -> None:
    agree("safe")
    user = f"sandbox-spoil-{spoil}"
    caller, _ = at_home(world, sandbox, user)
    (push,) = sandbox.push("user_authorization_cancellation", user, spoil=spoil)
    assert [attempt.status for attempt in push.attempts] == [status] * 3
    assert caller.get("/api/v1/me").status_code == 200


def test_told_twice_and_replayed(agree: Agree, clock: SetClock, world: World, sandbox: RunningSandbox) -> None:
    from wechat.sandbox.pushes import Pushes

    agree("safe")
    at_home(world, sandbox, "sandbox-twice")
    pushes = sandbox.push("user_authorization_cancellation", "sandbox-twice", times=2)
    assert all(push.taken for push in pushes)
    again, _ = at_home(world, sandbox, "sandbox-twice")
    room = sandbox.world.room(Pushes)
    assert room.replay(pushes[0]).status == 403
    clock.advance(timedelta(minutes=11))
    assert room.replay(pushes[0]).status == 403
    assert again.get("/api/v1/me").status_code == 200
