"""Who is asking: the appid and AppSecret of every call that needs no access token."""

from collections.abc import Mapping
from hmac import compare_digest
from typing import Any

from wechat.sandbox.answers import Refused
from wechat.sandbox.world import App, World


def app_by_secret(world: World, asked: Mapping[str, Any], ip: str, *, code_required: bool = False) -> App:
    """The app of an appid and secret, or the refusal WeChat gives."""
    for name, missing in (("appid", 41002), ("secret", 41004), *([("js_code", 41008)] if code_required else [])):
        if not isinstance(asked.get(name), str) or not asked[name]:
            raise Refused(missing)
    app = world.apps.get(asked["appid"])
    if app is None:
        raise Refused(40013)
    if not compare_digest(app.secret.encode(), asked["secret"].encode(errors="replace")):
        raise Refused(40125)
    if app.frozen:
        raise Refused(40243)
    if app.ip_whitelist and ip not in app.ip_whitelist:
        raise Refused(40164)
    return app
