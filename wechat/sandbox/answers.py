"""How WeChat words its answers: HTTP 200 whatever happened, a number, a sentence, and a rid to find the call by."""

import json
import secrets
from typing import Any

from flask import Response, g

_WORDS = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40013: "invalid appid",
    40029: "invalid code",
    40066: "invalid url",
    40125: "invalid appsecret",
    40163: "code been used",
    40164: "invalid ip, not in whitelist",
    40226: "code blocked",
    40243: "appsecret is frozen",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    41008: "missing code",
    42001: "access_token expired",
    43001: "require GET method",
    43002: "require POST method",
    44002: "empty post data",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    47001: "data format error",
}


class Refused(Exception):
    """An errcode to answer with."""

    def __init__(self, errcode: int) -> None:
        super().__init__(errcode)
        self.errcode = errcode


def answer(fields: dict[str, Any], content_type: str = "application/json; encoding=utf-8") -> Response:
    """A successful reply: JSON, HTTP 200, no errcode."""
    return Response(json.dumps(fields, ensure_ascii=False), content_type=content_type)


def refuse(errcode: int) -> Response:
    """A refusal as WeChat words it: HTTP 200 with errcode, and errmsg ending in a rid."""
    g.errcode = errcode
    rid = "-".join(secrets.token_hex(4) for _ in range(3))
    return answer({"errcode": errcode, "errmsg": f"{_WORDS.get(errcode, 'refused')}, rid: {rid}"})
