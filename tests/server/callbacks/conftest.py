"""An application that agreed with WeChat on a callback."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask

from server.config import Settings
from server.core.clock import SetClock
from tests.server.callbacks.post import Postman, agreed


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, wechat=agreed(settings.wechat))


@pytest.fixture
def postman(app: Flask, clock: SetClock, settings: Settings) -> Postman:
    return Postman(app.test_client(), clock, settings.wechat.appid, safe=True)


@pytest.fixture
def open_postman(app: Flask, clock: SetClock, settings: Settings) -> Callable[[], Postman]:
    """To be asked for in plain mode, which it switches on."""

    def switch() -> Postman:
        app.extensions["settings"] = replace(settings, wechat=agreed(settings.wechat, safe=False))
        return Postman(app.test_client(), clock, settings.wechat.appid, safe=False)

    return switch
