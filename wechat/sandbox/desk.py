"""The counter of every call that needs an access token: method, token, quota, body; then the room that knows the answer.

A room writes `@call("/wxa/…")` over a function of one `Call`. It returns the fields of its answer, or a whole response.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Response

from wechat.sandbox.answers import Refused, answer
from wechat.sandbox.quotas import Quotas
from wechat.sandbox.tokens import app_by_token
from wechat.sandbox.world import App, World


@dataclass(frozen=True, slots=True)
class Call:
    """One call with a good token: from which app, asking what (query or JSON body)."""

    world: World
    app: App
    asked: dict[str, Any]
    now: float

    def text(self, name: str) -> str:
        """A field that must be text; anything else counts as left out."""
        value = self.asked.get(name)
        return value if isinstance(value, str) else ""

    def user(self) -> str:
        """Who the field `openid` is. 47001 without one, 43104 for another app's, 40003 for nobody's."""
        openid = self.text("openid")
        if not openid:
            raise Refused(47001)
        found = self.world.whose(openid)
        if found is None:
            raise Refused(40003)
        if found[1] != self.app.appid:
            raise Refused(43104)
        return found[0]


Handler = Callable[[Call], dict[str, Any] | Response]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address: how it is asked, and by which numbers it refuses what is no JSON and what comes too often."""

    path: str
    method: str
    handler: Handler
    no_json: int
    empty: int
    too_often: int

    def serve(
        self, world: World, method: str, token: str | None, query: dict[str, str], body: dict[str, Any] | bytes
    ) -> Response:
        """Answer, or raise `Refused`. `body` is bytes when it is not a JSON object."""
        if method != self.method:
            raise Refused(43002 if self.method == "POST" else 43001)
        now = world.clock.now()
        app = app_by_token(world, token, now)
        world.room(Quotas).count(app.appid, self.path, now, self.too_often)
        asked: dict[str, Any] = dict(query)
        if self.method == "POST":
            if not isinstance(body, dict):
                raise Refused(self.no_json if body else self.empty)
            asked = body
        reply = self.handler(Call(world, app, asked, now))
        return reply if isinstance(reply, Response) else answer(reply)


ENDPOINTS: dict[str, Endpoint] = {}


def call(
    path: str, *, method: str = "POST", no_json: int = 47001, empty: int = 44002, too_often: int = 45011
) -> Callable[[Handler], Handler]:
    """Put a room's function at an address of api.weixin.qq.com."""

    def register(handler: Handler) -> Handler:
        ENDPOINTS[path] = Endpoint(path, method, handler, no_json, empty, too_often)
        return handler

    return register
