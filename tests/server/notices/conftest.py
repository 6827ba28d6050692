"""Phones for the tests of this room."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.server.notices import wechat
from tests.world import World
from wechat.sandbox.server import RunningSandbox


@pytest.fixture
def phones(app: Flask, world: World, sandbox: RunningSandbox) -> Iterator[wechat.Phones]:
    with wechat.phones(app, world, sandbox) as made:
        yield made
