"""How risky a user is. WeChat grants this on application: 48001 until somebody enables it."""

from typing import Any

from wechat.sandbox.answers import Refused, ok
from wechat.sandbox.content import Content
from wechat.sandbox.desk import Call, call
from wechat.sandbox.world import Room, World


class Risk(Room):
    """Whether the app may ask, and who is how risky: 0, unless set, to 4."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.enabled = False
        self.ranks: dict[str, int] = {}

    def dump(self) -> dict[str, Any]:
        return {"enabled": self.enabled, "ranks": self.ranks}

    def load(self, kept: dict[str, Any]) -> None:
        self.enabled, self.ranks = bool(kept["enabled"]), dict(kept["ranks"])


@call("/wxa/getuserriskrank")
def user_risk_rank(asked: Call) -> dict[str, Any]:
    """/wxa/getuserriskrank."""
    room = asked.world.room(Risk)
    if not room.enabled:
        raise Refused(48001)
    if asked.text("appid") != asked.app.appid:
        raise Refused(40013)
    if asked.asked.get("scene") not in (0, 1, 2):
        raise Refused(40129)
    if not asked.text("client_ip"):
        raise Refused(47001)
    user = asked.user()
    asked.world.room(Content).must_be_here(asked.text("openid"), asked.now)
    return ok(errmsg="getuserriskrank succ", risk_rank=room.ranks.get(user, 0), unoin_id=0)
