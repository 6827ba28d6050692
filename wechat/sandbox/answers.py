"""How WeChat words its answers: HTTP 200 whatever happened, a number, a sentence, and a rid to find the call by."""

import json
import secrets
from typing import Any

from flask import Response, g

WORDS = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40004: "invalid media type",
    40013: "invalid appid",
    40029: "invalid code",
    40037: "invalid template_id",
    40066: "invalid url",
    40097: "invalid args",
    40125: "invalid appsecret",
    40129: "invalid scene",
    40159: "invalid length for path, or the data is not json string",
    40163: "code been used",
    40164: "invalid ip, not in whitelist",
    40165: "invalid weapp pagepath",
    40169: "invalid length for scene, or the data is not json string",
    40212: "invalid query",
    40226: "code blocked",
    40243: "appsecret is frozen",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    41008: "missing code",
    41030: "invalid page",
    42001: "access_token expired",
    43001: "require GET method",
    43002: "require POST method",
    43101: "user refuse to accept the msg",
    43104: "the openid does not match the appid",
    43107: "the subscribe message capability is banned",
    43108: "concurrent messages to one user",
    44002: "empty post data",
    44990: "reach max api second frequence limit",
    44991: "reach max api minute frequence limit",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    45029: "qrcode count out of limit",
    45168: "hit sensitive words",
    47001: "data format error",
    47003: "argument invalid!",
    48001: "api unauthorized",
    48006: "forbid to clear quota because of reaching the limit",
    61010: "code is expired",
    76001: "rid not found",
    76021: "cgi_path not found, please check",
    76022: "could not use this cgi_path, no permission",
    85096: "not allow include scancode_time field",
    85401: "expire time out of limit",
    85402: "invalid env_version",
    87007: "session_key is not existd or expired",
    87008: "invalid sig_method",
    87009: "invalid signature",
    87014: "risky content",
    87020: "repeat request limit exceeded",
}


class Refused(Exception):
    """An errcode to answer with; `more` is said after WeChat's own words."""

    def __init__(self, errcode: int, more: str = "") -> None:
        super().__init__(errcode)
        self.errcode = errcode
        self.more = more


def answer(fields: dict[str, Any], content_type: str = "application/json; encoding=utf-8") -> Response:
    """A reply: JSON, HTTP 200. A success that has no errcode of its own gets none."""
    return Response(json.dumps(fields, ensure_ascii=False), content_type=content_type)


def ok(**fields: Any) -> dict[str, Any]:
    """A success of the calls that say so."""
    return {"errcode": 0, "errmsg": "ok"} | fields


def refuse(errcode: int, more: str = "") -> Response:
    """A refusal as WeChat words it: HTTP 200 with errcode, and errmsg ending in a rid."""
    g.errcode, g.rid = errcode, trace()
    words = f"{WORDS.get(errcode, 'refused')} {more}".rstrip()
    return answer({"errcode": errcode, "errmsg": f"{words}, rid: {g.rid}"})


def trace() -> str:
    """A name for one call: three groups of eight hexadecimal digits."""
    return "-".join(secrets.token_hex(4) for _ in range(3))
