"""The service account: recognising who opens a page inside WeChat (snsapi_base), without the real WeChat.

`/connect/oauth2/authorize` stands in for open.weixin.qq.com: it sends the browser back with a code of whoever holds the
phone.
"""

import secrets
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from wechat.sandbox.answers import Refused
from wechat.sandbox.apps import app_by_secret
from wechat.sandbox.world import CODE_SECONDS, LoginCode, Room, World, forget_old

SCOPES = ("snsapi_base", "snsapi_userinfo")


class Service(Room):
    """Who holds the phone, where each account may send people back to, and the codes given out."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.holder = ""
        """Who is using the phone; "" asks on the page."""
        self.domains: dict[str, str] = {}
        """The one host each account has in its console; without one every host will do."""
        self._codes: dict[str, LoginCode] = {}

    def issue(self, user: str, appid: str, now: float) -> str:
        code = LoginCode("0" + secrets.token_hex(15) + "s", appid, user, now)
        with self.world.lock:
            forget_old(self._codes, now)
            self.world.meet(user)
            self._codes[code.value] = code
        return code.value

    def spend(self, value: str, appid: str, now: float) -> str:
        """Whose code this is; 40163 when it was used, 40029 when it is none or too old."""
        with self.world.lock:
            code = self._codes.get(value)
            if code is None or code.appid != appid:
                raise Refused(40029)
            if code.used:
                raise Refused(40163)
            if now - code.issued_at >= CODE_SECONDS:
                raise Refused(40029)
            code.used = True
            return code.user

    def refusal(self, asked: Mapping[str, str]) -> str:
        """Why this authorisation is not begun, in WeChat's words; "" when it may be."""
        target = urlsplit(asked.get("redirect_uri", ""))
        appid = asked.get("appid", "")
        if appid not in self.world.apps:
            return "AppID 参数错误"
        if target.scheme not in ("http", "https") or not target.hostname:
            return "redirect_uri 参数错误"
        if self.domains.get(appid, target.hostname) != target.hostname:
            return "redirect_uri 域名与后台配置不一致"
        if asked.get("response_type") != "code" or asked.get("scope") not in SCOPES:
            return "Scope 参数错误或没有 Scope 权限"
        return ""

    def dump(self) -> dict[str, Any]:
        return {
            "holder": self.holder,
            "domains": self.domains,
            "codes": [asdict(code) for code in self._codes.values()],
        }

    def load(self, kept: dict[str, Any]) -> None:
        self.holder, self.domains = str(kept["holder"]), dict(kept["domains"])
        self._codes = {code["value"]: LoginCode(**code) for code in kept["codes"]}


def send_back(redirect_uri: str, code: str, state: str) -> str:
    """The address the browser goes back to."""
    target = urlsplit(redirect_uri)
    query = [*parse_qsl(target.query, keep_blank_values=True), ("code", code), ("state", state)]
    return urlunsplit(target._replace(query=urlencode(query), fragment=""))


def code_to_page_identity(
    world: World, asked: Mapping[str, str], ip: str, now: float
) -> tuple[str, dict[str, str | int]]:
    """`/sns/oauth2/access_token`: the person and the answer."""
    code = asked.get("code", "")
    app = app_by_secret(world, {**asked, "js_code": code}, ip, code_required=True)
    if asked.get("grant_type") != "authorization_code":
        raise Refused(40002)
    user = world.room(Service).spend(code, app.appid, now)
    identity: dict[str, str | int] = {
        "access_token": secrets.token_urlsafe(64),
        "expires_in": 7200,
        "refresh_token": secrets.token_urlsafe(64),
        "openid": world.openid(user, app.appid),
        "scope": "snsapi_base",
    }
    unionid = world.unionid(user, app.appid)
    return user, identity if unionid is None else identity | {"unionid": unionid}
