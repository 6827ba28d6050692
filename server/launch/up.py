"""`python3 -m server up`: the web server, the jobs and the WeChat sandbox, ready to click."""

import os
import secrets
import sys
from http.client import HTTPException
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

from server.config import Settings, SettingsError
from server.launch import bootstrap, ports
from server.launch.refusal import ROOT, Refusal
from server.launch.supervisor import Asked, Supervisor

READY_SECONDS = 60.0
ANSWER_SECONDS = 2.0
TEMPLATES = ROOT / "server" / "launch" / "sandbox_templates.json"
_direct = build_opener(ProxyHandler({}))  # a proxy in the environment cannot reach our own loopback


def up(words: list[str]) -> int:
    """Start everything and stay until asked to stop."""
    if words:
        raise Refusal(f"up takes no {words[0]!r}; settings come from the environment: PORT=8010 python3 -m server up")
    port = ports.wanted(os.environ)
    ports.refuse_taken(port)
    bootstrap.refuse_unwritable(ROOT / os.environ.get("LOUZHANG_INSTANCE", "instance"))
    env, sandbox = _environment(port)
    _refuse_settings(env)
    bootstrap.enter(bootstrap.RUNTIME, ["up"])
    try:
        with Supervisor() as house:
            return _serve(house, port, sandbox, env)
    except Asked:
        return 0


def _environment(port: int) -> tuple[dict[str, str], int | None]:
    """What the children are told, and the sandbox's port (None: the user has a WeChat of their own)."""
    env = {**os.environ, "PORT": str(port)}
    env.setdefault("LOG_LEVEL", "WARNING")  # what a developer must see; INFO shows every request
    if env.get("WECHAT_SECRET") or env.get("WECHAT_BASE_URL"):
        return env, None
    sandbox = ports.beside(port)
    env["WECHAT_BASE_URL"] = f"http://{ports.HOST}:{sandbox}"
    env.setdefault("WECHAT_CALLBACK_TOKEN", secrets.token_hex(16))  # the sandbox reads the same environment
    env.setdefault("WECHAT_TEMPLATES", str(TEMPLATES))
    env.setdefault("WECHAT_CONTENT_CHECK", "ON")
    return env, sandbox


def _refuse_settings(env: dict[str, str]) -> None:
    try:
        Settings.from_env(env)
    except SettingsError as error:
        raise Refusal(str(error)) from None


def _serve(house: Supervisor, port: int, sandbox: int | None, env: dict[str, str]) -> int:
    _say("Preparing the database …")
    python = sys.executable
    # These load meanwhile; the web server is not asked anything before the database is ready.
    house.start("The web server", [python, "-m", "gunicorn", "-c", "python:server.gunicorn_conf", "wsgi:app"], env)
    if sandbox is not None:
        house.start("The WeChat sandbox", _sandbox(python, sandbox, env), env, quiet=True)
    status, told = house.finish([python, "-m", "server.launch.prepare"], env)
    if status:
        lines = told.strip().splitlines()
        raise Refusal(lines[-1] if lines else "The database could not be prepared (see above).")
    house.wait(lambda: _answers(f"http://{ports.HOST}:{port}/readyz"), READY_SECONDS, "The web server")
    if sandbox is not None:
        house.wait(lambda: _answers(f"http://{ports.HOST}:{sandbox}/"), READY_SECONDS, "The WeChat sandbox")
    house.start("The jobs process", [python, "-m", "server.jobs"], env)
    _say(_where_to_click(port, sandbox, told))
    house.watch()
    return 0


def _sandbox(python: str, port: int, env: dict[str, str]) -> list[str]:
    state = Path(env.get("LOUZHANG_INSTANCE", "instance")) / "wechat-sandbox"
    appid = ["--appid", env["WECHAT_APPID"]] if env.get("WECHAT_APPID") else []
    templates = ["--templates", env["WECHAT_TEMPLATES"]] if env.get("WECHAT_TEMPLATES") else []
    site = f"http://{ports.HOST}:{env['PORT']}"
    beside = ["--site", f"{site}/q/{{scene}}", "--callback", f"{site}/wechat/callback"]
    return [python, "-m", "wechat.sandbox", "--port", str(port), "--state", str(state), *appid, *templates, *beside]


def _answers(address: str) -> bool:
    try:
        with _direct.open(address, timeout=ANSWER_SECONDS) as answer:
            return bool(answer.status == 200)
    except (OSError, HTTPException):  # not listening yet, or not ready: an HTTPError is an OSError
        return False


def _where_to_click(port: int, sandbox: int | None, told: str) -> str:
    base = f"http://{ports.HOST}:{port}"
    lines = told.rstrip().splitlines() or [f"office console     {base}/console", f"API                {base}/docs"]
    if sandbox is not None:
        lines.append(f"WeChat sandbox     http://{ports.HOST}:{sandbox}/")
    return "\n".join(["", "楼长 Louzhang is up. Ctrl-C stops it.", "", *(f"  {line}" for line in lines), ""])


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
