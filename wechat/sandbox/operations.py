"""What an operator asks: quotas, what became of a call, from where WeChat calls back, and whether it reaches us."""

from typing import Any

from wechat.sandbox.answers import Refused, ok
from wechat.sandbox.desk import ENDPOINTS, Call, call
from wechat.sandbox.quotas import Quotas
from wechat.sandbox.world import Room, World

_RIDS_KEPT = 1000
_RID_SECONDS = 7 * 86400


class Rids(Room):
    """The latest refusals, each under the rid it was given."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._kept: dict[str, tuple[str | None, dict[str, Any]]] = {}

    def keep(self, rid: str, appid: str | None, request: dict[str, Any]) -> None:
        with self.world.lock:
            self._kept[rid] = (appid, request)
            if len(self._kept) > _RIDS_KEPT:
                del self._kept[next(iter(self._kept))]

    def find(self, rid: str, appid: str, now: float) -> dict[str, Any]:
        """The refused request. 76001 for a rid that is unknown, another app's, or older than seven days."""
        with self.world.lock:
            owner, request = self._kept.get(rid, (None, {}))
        if owner != appid or now - request["invoke_time"] > _RID_SECONDS:
            raise Refused(76001)
        return request


@call("/cgi-bin/getcallbackip", method="GET")
def callback_addresses(_: Call) -> dict[str, Any]:
    """The simplest question that needs a token: good for asking whether a token still lives."""
    return {"ip_list": ["127.0.0.1"]}


@call("/cgi-bin/callback/check")
def callback_check(asked: Call) -> dict[str, Any]:
    """Whether WeChat reaches us: of this machine always the same."""
    action = asked.text("action")
    if action not in ("dns", "ping", "all"):
        raise Refused(40097)
    dns = [{"ip": "127.0.0.1", "real_operator": "UNICOM"}]
    ping = [{"ip": "127.0.0.1", "from_operator": "UNICOM", "package_loss": "0%", "time": "0.100ms"}]
    return ok(**({} if action == "ping" else {"dns": dns}), **({} if action == "dns" else {"ping": ping}))


@call("/cgi-bin/clear_quota")
def clear_quota(asked: Call) -> dict[str, Any]:
    """Ten times a month the day's counts begin afresh."""
    if asked.text("appid") != asked.app.appid:
        raise Refused(40013)
    asked.world.room(Quotas).clear(asked.app.appid, asked.now)
    return ok()


@call("/cgi-bin/openapi/quota/get")
def quota(asked: Call) -> dict[str, Any]:
    """How much of a path's allowance is used."""
    path = asked.text("cgi_path").split("?")[0]
    if path.startswith("/sns/"):
        raise Refused(76022)
    if path not in ENDPOINTS and path != "/cgi-bin/stable_token":
        raise Refused(76021)
    return ok(**asked.world.room(Quotas).tell(asked.app.appid, path, asked.now))


@call("/cgi-bin/openapi/rid/get")
def request_by_rid(asked: Call) -> dict[str, Any]:
    """What a refused request was."""
    return ok(request=asked.world.room(Rids).find(asked.text("rid"), asked.app.appid, asked.now))
