"""The whole way with WeChat's sandbox: sign in, report, be checked, and the verdict pushed to our callback."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from flask import Flask

from models.enums import CheckState, HeldFor
from server.config import Settings
from tests.server.callbacks.post import Postman, agreed
from tests.server.moderation.conftest import Checking, ChosenWeChat
from tests.world import Caller, World
from wechat.sandbox.faults import FaultKind
from wechat.sandbox.server import RunningSandbox

S = CheckState
_users = count(1)


class Real(Checking):
    """The same stairwell, with the gateway of the application itself."""

    def __init__(self, world: World, sandbox: RunningSandbox) -> None:
        super().__init__(world, ChosenWeChat())
        self.sandbox, self.user = sandbox, f"moderation-{next(_users)}"
        self.sign_in()
        settings = world.app.extensions["settings"]
        self.postman = Postman(world.app.test_client(), world.clock, settings.wechat.appid, safe=True)

    def sign_in(self) -> None:
        """Open the mini-program, as WeChat and we see it."""
        code = self.sandbox.login_code(self.user)
        answer = self.world.anyone().post("/api/v1/sessions", json={"code": code})
        self.reporter = Caller(self.world.app, answer.json["token"])

    def deliver(self, suggest: str, label: int, *, errcode: int = 0) -> int:
        """WeChat delivers the verdict on the photo ordered last."""
        order = self.sandbox.media()[-1]
        fields: dict[str, Any] = {"appid": order.appid, "trace_id": order.trace, "version": 2, "errcode": errcode}
        if not errcode:
            fields["result"] = {"suggest": suggest, "label": label}
        return self.postman.push(self.postman.event("wxa_media_check", order.openid, **fields)).status_code


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, wechat=replace(agreed(settings.wechat), content_check=True))


@pytest.fixture
def real(app: Flask, world: World, sandbox: RunningSandbox) -> Iterator[Real]:
    yield Real(world, sandbox)
    sandbox.faults.clear()


@pytest.mark.parametrize(
    ("text", "state", "held"),
    [
        ("三楼水管漏水", S.PASSED, None),
        ("三楼水管漏水 违禁测试词", S.WITHHELD, HeldFor.CRIME),
        ("三楼水管漏水 待审测试词", S.QUEUED, HeldFor.OTHER),
    ],
)
def test_a_text_is_judged_by_wechat(real: Real, text: str, state: CheckState, held: HeldFor | None) -> None:
    real.report(text)
    assert [item["excerpt"] for item in real.public()] == [""]
    real.work()
    (row,) = real.checks()
    assert (row.state, row.label) == (state, held)
    assert [item["excerpt"] for item in real.public()] == ([text] if state is S.PASSED else [""])


def test_whom_wechat_calls_away_goes_to_the_queue(real: Real) -> None:
    del real.sandbox.world.seen[real.sandbox.openid(real.user)]
    real.report()
    real.work()
    (row,) = real.checks()
    assert (row.state, row.label) == (S.QUEUED, HeldFor.AWAY)


def test_while_wechat_is_busy_nothing_is_lost(real: Real) -> None:
    real.sandbox.faults.add(FaultKind.ERRCODE, path="/wxa/msg_sec_check", errcode=44991)
    real.report()
    real.work()
    assert real.states() == [S.WAITING]
    real.sandbox.faults.clear()
    real.forward(minutes=10)
    real.work()
    assert real.states() == [S.PASSED]


@pytest.mark.parametrize(
    ("suggest", "label", "errcode", "state"),
    [("pass", 100, 0, S.PASSED), ("risky", 20002, 0, S.WITHHELD), ("", 0, -1008, S.QUEUED)],
)
def test_the_verdict_on_a_photo_is_pushed(
    real: Real, suggest: str, label: int, errcode: int, state: CheckState
) -> None:
    issue = real.report(photos=1)
    real.work()
    assert real.states() == [S.PASSED, S.WAITING]
    url = real.sandbox.media()[-1].url.removeprefix("http://louzhang.test")
    assert real.world.anyone().get(url).status_code == 200
    assert real.public()[0]["photos"] == []
    assert real.deliver(suggest, label, errcode=errcode) == 200
    assert real.states() == [S.PASSED, state]
    assert real.world.anyone().get(url).status_code == 404
    assert len(real.public()[0]["photos"]) == (state is S.PASSED)
    real.forward(seconds=1)
    assert real.deliver("pass", 100) == 200
    assert real.states() == [S.PASSED, state]
    assert real.clerk.get(f"/api/v1/issues/{issue}").json["photos"][0]["check"] == state


def test_without_an_account_wechat_is_not_asked(real: Real) -> None:
    asked = [real.sandbox.ledger.count(f"/wxa/{path}") for path in ("msg_sec_check", "media_check_async")]
    real.report(anonymous=True, photos=1)
    assert real.work() == []
    assert real.states() == [S.QUEUED, S.QUEUED]
    assert asked == [real.sandbox.ledger.count(f"/wxa/{path}") for path in ("msg_sec_check", "media_check_async")]
