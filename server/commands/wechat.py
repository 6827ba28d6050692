"""`flask wechat …`: how we stand with WeChat."""

from datetime import datetime
from zoneinfo import ZoneInfo

import click
from flask import current_app
from flask.cli import AppGroup

from server.commands import says_one_line
from server.config import WeChatSettings
from server.core import clock, wechat_tokens
from wechat.tokens import Shared, StoreTrouble

group = AppGroup("wechat", help="Our standing with WeChat.")

_SHANGHAI = ZoneInfo("Asia/Shanghai")


@group.command("status")
@says_one_line
def status() -> None:
    """Until when there is an access token, and whether the breaker is open and why. Never the token itself."""
    wechat: WeChatSettings = current_app.extensions["settings"].wechat
    now = clock.now().timestamp()
    accounts = [
        ("mini-program", wechat.appid),
        *([("service account", wechat.service_appid)] if wechat.service_appid else []),
    ]
    for kind, appid in accounts:
        try:
            shared = wechat_tokens.state(appid)
        except StoreTrouble as trouble:
            raise click.ClickException(f"the store of the token cannot be read: {trouble}") from None
        click.echo(f"{kind} {appid}")
        if kind == "mini-program":
            click.echo(f"  token:   {_token(shared, now)}")
        click.echo(f"  breaker: {_breaker(shared, now)}")


def _token(shared: Shared, now: float) -> str:
    if shared.is_usable(now):
        told = f"present until {_face(shared.expires_at)}, fetch number {shared.serial}"
    elif shared.token:
        told = f"expired {_face(shared.expires_at)}"
    else:
        told = "none yet"
    if now < shared.leased_until:
        told += f"; being fetched by {shared.owner}" if shared.owner else "; the last fetch failed"
    return told


def _breaker(shared: Shared, now: float) -> str:
    if not shared.broken_why:
        return f"shut, {shared.refusals} refused so far" if shared.refusals else "shut"
    until = f"until {_face(shared.broken_until)}" if shared.is_open(now) else "the next call finds out"
    return f"OPEN, {until}: {shared.broken_why}"


def _face(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, _SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
