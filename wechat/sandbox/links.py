"""URL Link and URL Scheme: addresses that open the mini-program from outside, thirty days at most."""

import secrets
from collections.abc import Mapping
from typing import Any

from wechat.sandbox.answers import Refused, ok
from wechat.sandbox.codes import EDITIONS
from wechat.sandbox.desk import Call, call
from wechat.sandbox.pages import Pages

LONGEST = 30 * 86400


@call("/wxa/generate_urllink")
def url_link(asked: Call) -> dict[str, Any]:
    """An https address."""
    _check_target(asked, asked.asked)
    _check_expiry(asked)
    return ok(url_link=f"https://wxaurl.cn/{secrets.token_urlsafe(8)}")


@call("/wxa/generatescheme")
def url_scheme(asked: Call) -> dict[str, Any]:
    """A weixin:// address."""
    target = asked.asked.get("jump_wxa", {})
    if not isinstance(target, Mapping):
        raise Refused(47001)
    _check_target(asked, target)
    _check_expiry(asked)
    return ok(openlink=f"weixin://dl/business/?t={secrets.token_urlsafe(8)}")


def _check_target(asked: Call, target: Mapping[str, Any]) -> None:
    path, query = target.get("path", ""), target.get("query", "")
    if not isinstance(path, str) or "?" in path:
        raise Refused(40165)
    if path and not asked.world.room(Pages).knows(path.removeprefix("/")):
        raise Refused(40165)
    if not isinstance(query, str) or len(query) > 1024 or not query.isprintable():
        raise Refused(40212)
    if target.get("env_version", "release") not in EDITIONS:
        raise Refused(85402)


def _check_expiry(asked: Call) -> None:
    if asked.asked.get("expire_type", 0) == 1:
        days = asked.asked.get("expire_interval")
        if not isinstance(days, int) or not 1 <= days <= LONGEST // 86400:
            raise Refused(85401)
        return
    until = asked.asked.get("expire_time", asked.now + LONGEST)
    if not isinstance(until, int | float) or not 0 < until - asked.now <= LONGEST:
        raise Refused(85401)
