"""`/sns/jscode2session`: one code, one login."""

from collections.abc import Mapping

from wechat.sandbox.answers import Refused
from wechat.sandbox.apps import app_by_secret
from wechat.sandbox.world import CODE_SECONDS, World


def code_to_session(world: World, asked: Mapping[str, str], ip: str, now: float) -> tuple[str, dict[str, str]]:
    """The person and the answer. A code is spent by whoever shows it with the right secret, risky user or not."""
    app = app_by_secret(world, asked, ip, code_required=True)
    if asked.get("grant_type") != "authorization_code":
        raise Refused(40002)
    with world.lock:
        code = world.codes.get(asked["js_code"])
        if code is None or code.appid != app.appid:
            raise Refused(40029)
        if code.used:
            raise Refused(40163)
        if now - code.issued_at >= CODE_SECONDS:
            raise Refused(40029)
        code.used = True
        if world.blocked.get(code.user):
            raise Refused(40226)
        world.come_in(code.user, app.appid, now)
        identity = {
            "session_key": world.new_session_key(code.user, app.appid),
            "openid": world.openid(code.user, app.appid),
        }
    unionid = world.unionid(code.user, app.appid)
    return code.user, identity if unionid is None else identity | {"unionid": unionid}
