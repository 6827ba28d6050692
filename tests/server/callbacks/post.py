"""WeChat's postman: signs, seals and delivers what a test wants pushed."""

import itertools
import json
from dataclasses import replace
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server.config import WeChatSettings
from server.core.clock import SetClock
from tests.wechat.sealing import KEY, TOKEN, in_xml, sealed, signature

URL = "/wechat/callback"


def agreed(wechat: WeChatSettings, *, safe: bool = True) -> WeChatSettings:
    """The settings of an app that agreed on a callback."""
    service = {"service_appid": "wx-service", "service_secret": "of-the-service-account"}
    return replace(wechat, callback_token=TOKEN, callback_key=KEY if safe else "", **service)


class Postman:
    """Delivers as WeChat would, sealed (safe mode) or open (plain mode), in JSON unless told otherwise."""

    def __init__(self, client: FlaskClient, clock: SetClock, appid: str, *, safe: bool) -> None:
        self.client, self.clock, self.appid, self.safe = client, clock, appid, safe
        self._nonces = itertools.count(1000)

    def event(self, kind: str, openid: str, **fields: Any) -> dict[str, Any]:
        """An event that happened just now."""
        return {
            "ToUserName": "gh_0a1b2c3d4e5f",
            "FromUserName": openid,
            "CreateTime": int(self.clock.now().timestamp()),
            "MsgType": "event",
            "Event": kind,
            **fields,
        }

    def envelope(self, content: str, *, appid: str = "", xml: bool = False, age: int = 0) -> dict[str, Any]:
        """A delivery ready to be sent, again and again if need be: what `send` takes."""
        timestamp, nonce = str(int(self.clock.now().timestamp()) - age), str(next(self._nonces))
        args = {"timestamp": timestamp, "nonce": nonce, "signature": signature(TOKEN, timestamp, nonce)}
        if not self.safe:
            return {"query_string": args, "data": content}
        encrypt = sealed(content, appid=appid or self.appid)
        args |= {"encrypt_type": "aes", "msg_signature": signature(TOKEN, timestamp, nonce, encrypt)}
        outer = {"ToUserName": "gh_0a1b2c3d4e5f", "Encrypt": encrypt}
        return {"query_string": args, "data": in_xml(outer) if xml else json.dumps(outer)}

    def send(self, envelope: dict[str, Any]) -> TestResponse:
        """Deliver."""
        return self.client.post(URL, **envelope)

    def push(self, event: dict[str, Any], *, xml: bool = False, **kwargs: Any) -> TestResponse:
        """Deliver an event, freshly signed."""
        content = in_xml(event) if xml else json.dumps(event, ensure_ascii=False)
        return self.send(self.envelope(content, xml=xml, **kwargs))
