"""Serving the sandbox: a process for `python -m wechat.sandbox`, a thread for tests. Loopback or nothing."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from wechat.loopback import is_loopback
from wechat.sandbox import DEFAULT_APPID
from wechat.sandbox.app import create_sandbox
from wechat.sandbox.clock import Clock
from wechat.sandbox.levers import RunningSandbox
from wechat.sandbox.world import World

__all__ = ["PublicInterface", "RunningSandbox", "address", "open_server", "running_sandbox"]


class PublicInterface(ValueError):
    """The sandbox gives a login to anybody who asks: nobody but this machine may ask."""


class _Silent(WSGIRequestHandler):
    """Request lines hold the AppSecret. The ledger keeps them without it."""

    def log(self, type: str, message: str, *args: Any) -> None:
        pass


def open_server(app: Flask, host: str = "127.0.0.1", port: int = 0) -> BaseWSGIServer:
    """Bound and listening, not serving yet; port 0 finds a free one (`.server_port`)."""
    if not is_loopback(host):
        raise PublicInterface(
            f"沙盒只能在本机运行，不能监听 {host!r}（请用 127.0.0.1）"
            f" · the sandbox serves this machine only and refuses {host!r}: use 127.0.0.1"
        )
    return make_server(host, port, app, threaded=True, request_handler=_Silent)


def address(server: BaseWSGIServer) -> str:
    """The address a server listens on, as a URL."""
    host = f"[{server.host}]" if ":" in server.host else server.host
    return f"http://{host}:{server.server_port}"


@contextmanager
def running_sandbox(
    *, appid: str = DEFAULT_APPID, secret: str | None = None, state_dir: Path | None = None, clock: Clock | None = None
) -> Iterator[RunningSandbox]:
    """A sandbox on a free loopback port, in a thread of this process, with a secret of its own unless given one."""
    secret = secret or secrets.token_hex(16)
    app = create_sandbox({appid: secret}, state_dir=state_dir, clock=clock)
    world: World = app.extensions["wechat_sandbox"]
    server = open_server(app)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="wechat-sandbox", daemon=True)
    thread.start()
    try:
        yield RunningSandbox(address(server), appid, secret, world)
    finally:
        world.faults.clear()
        server.shutdown()
        thread.join()
        world.save()
