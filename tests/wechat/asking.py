"""A client of WeChat that knows nothing of ours: plain HTTP, plain JSON, and what every answer must look like."""

import json
import re
from typing import Any

import requests

from wechat.sandbox.server import RunningSandbox

_RID = re.compile(r", rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$")


class Asker:
    """Asks the sandbox with a good access token unless told otherwise."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self.sandbox = sandbox
        self.http = requests.Session()
        self.http.trust_env = False
        credentials = {"appid": sandbox.appid, "secret": sandbox.secret, "grant_type": "client_credential"}
        self.token = str(self.raw("POST", "/cgi-bin/stable_token", json.dumps(credentials)).json()["access_token"])

    def raw(self, method: str, path: str, data: Any = None, /, **params: Any) -> requests.Response:
        response = self.http.request(method, self.sandbox.base_url + path, data=data, params=params, timeout=10)
        assert response.status_code == 200
        return response

    def post(self, path: str, /, **body: Any) -> dict[str, Any]:
        """JSON without a Content-Type, as wechatpy sends it."""
        return read(self.raw("POST", path, json.dumps(body, ensure_ascii=False).encode(), access_token=self.token))

    def get(self, path: str, /, **params: Any) -> dict[str, Any]:
        return read(self.raw("GET", path, access_token=self.token, **params))

    def form(self, path: str, /, **fields: Any) -> dict[str, Any]:
        return read(self.raw("POST", path, fields, access_token=self.token))

    def control(self, method: str, path: str, /, **body: Any) -> requests.Response:
        return self.http.request(method, f"{self.sandbox.base_url}/_sandbox{path}", json=body or None, timeout=10)


def read(response: requests.Response) -> dict[str, Any]:
    answer: dict[str, Any] = response.json()
    if answer.get("errcode"):
        assert _RID.search(answer["errmsg"]), answer
    return answer
