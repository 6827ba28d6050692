"""The sandbox as a Flask app, with its world in `app.extensions["wechat_sandbox"]`."""

from collections.abc import Mapping
from pathlib import Path

from flask import Flask, abort, request

from wechat.sandbox import DEFAULT_APPID, DEFAULT_SECRET, acts, api, control, oauth, orders, page
from wechat.sandbox.clock import Clock
from wechat.sandbox.world import World


def create_sandbox(
    apps: Mapping[str, str] | None = None, *, state_dir: Path | None = None, clock: Clock | None = None
) -> Flask:
    """`apps` maps appid to AppSecret; the first is the one people log in to unless told otherwise."""
    if state_dir is not None:
        state_dir.mkdir(parents=True, exist_ok=True)
    app = Flask(__name__, static_folder=None)
    app.config["TRUSTED_HOSTS"] = ["127.0.0.1", "localhost", "[::1]"]  # a web page cannot reach us by a name it owns
    app.extensions["wechat_sandbox"] = World(
        apps or {DEFAULT_APPID: DEFAULT_SECRET},
        clock=clock,
        state_file=None if state_dir is None else state_dir / "sandbox.json",
    )
    for room in (control, orders, oauth, page, acts, api):
        app.register_blueprint(room.blueprint)
    app.before_request(_refuse_other_sites)
    return app


def _refuse_other_sites() -> None:
    """A page of the web must not press our buttons behind a developer's back."""
    if request.method != "GET" and request.headers.get("Sec-Fetch-Site", "none") == "cross-site":
        abort(403)
