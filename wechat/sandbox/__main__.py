"""`python -m wechat.sandbox --port 8900 --state instance/wechat-sandbox`: the sandbox as a process of its own."""

import argparse
import os
import signal
import sys
from pathlib import Path

from wechat.sandbox import DEFAULT_APPID, DEFAULT_SECRET
from wechat.sandbox.app import create_sandbox
from wechat.sandbox.levers import RunningSandbox
from wechat.sandbox.pages import Pages
from wechat.sandbox.server import PublicInterface, address, open_server
from wechat.sandbox.world import World


def main() -> int:
    """Serve the sandbox until told to stop; exit 2 for a public host or a mistaken setting, 1 for a taken port."""
    parser = argparse.ArgumentParser(prog="python -m wechat.sandbox", description="微信沙盒 · a WeChat for developers")
    parser.add_argument("--host", default="127.0.0.1", help="loopback only (default %(default)s)")
    parser.add_argument("--port", type=int, default=8900, help="0 finds a free one (default %(default)s)")
    parser.add_argument("--state", type=Path, metavar="DIR", help="remember people, codes and the clock in this folder")
    parser.add_argument("--appid", default=DEFAULT_APPID)
    parser.add_argument(
        "--templates", type=Path, metavar="FILE", help="know the templates of this WECHAT_TEMPLATES file"
    )
    parser.add_argument("--site", metavar="URL", help="where a scan leads, such as http://127.0.0.1:8000/q/{scene}")
    parser.add_argument(
        "--callback", metavar="URL", help="push here, with WECHAT_CALLBACK_TOKEN and WECHAT_CALLBACK_KEY"
    )
    told = parser.parse_args()
    secret = os.environ.get("WECHAT_SANDBOX_SECRET") or DEFAULT_SECRET  # not an argument: those show in `ps`
    app = create_sandbox({told.appid: secret}, state_dir=told.state)
    world: World = app.extensions["wechat_sandbox"]
    try:
        server = open_server(app, told.host, told.port)
        _furnish(RunningSandbox(address(server), told.appid, secret, world), told)
    except (PublicInterface, ValueError, OSError) as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # both ways of stopping end quietly
    sys.stdout.write(f"微信沙盒 WeChat sandbox: {address(server)}/\n")
    sys.stdout.flush()
    server.serve_forever()  # returns on an interrupt, having closed its socket
    world.save()
    return 0


def _furnish(sandbox: RunningSandbox, told: argparse.Namespace) -> None:
    """What whoever starts us said about the product beside us. ValueError or OSError when it makes no sense."""
    sandbox.media_plan("auto")  # a developer waits for verdicts, and nobody gives the command
    if told.templates is not None:
        sandbox.read_templates(told.templates)
    if told.site is not None:
        sandbox.world.room(Pages).site = told.site
    token, key = os.environ.get("WECHAT_CALLBACK_TOKEN", ""), os.environ.get("WECHAT_CALLBACK_KEY", "")
    if told.callback is not None and token:
        sandbox.callback(told.callback, token=token, key=key)


if __name__ == "__main__":
    sys.exit(main())
