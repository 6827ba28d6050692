"""WeChat itself, through wechatpy. The sandbox is this same code with another base URL, appid and secret.

wire      one deadline over a whole call; secrets nowhere but in the bytes sent
client    wechatpy's client with what it leaves open closed
meanings  what WeChat's numbers mean to us
keeper    the access token and the breaker, together with all other workers
asking    a question within its five seconds, once or again
gateway   the questions themselves
"""

from wechat.live.client import OFFICIAL, MiniProgramClient
from wechat.live.gateway import LiveWeChat
from wechat.live.wire import MAX_REPLY_BYTES, Timeouts

__all__ = ["MAX_REPLY_BYTES", "OFFICIAL", "LiveWeChat", "MiniProgramClient", "Timeouts"]
