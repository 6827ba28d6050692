"""People who come by WeChat's sandbox."""

from tests.world import Caller, World
from wechat.sandbox.server import RunningSandbox


def at_home(world: World, sandbox: RunningSandbox, user: str) -> tuple[Caller, str]:
    """A person signed in from the mini-program, and their openid there."""
    caller = world.anyone()
    made = caller.post("/api/v1/sessions", json={"code": sandbox.login_code(user)})
    assert made.status_code == 201
    caller.token = made.json["token"]
    return caller, sandbox.openid(user)
