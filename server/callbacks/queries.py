"""What was agreed with WeChat."""

from flask import current_app

from server.config import WeChatSettings
from wechat.push import Callback


def is_configured() -> bool:
    """Whether a callback was agreed with WeChat."""
    return bool(_settings().callback_token)


def callback() -> Callback:
    """How deliveries are signed and sealed, and for which of our apps."""
    wechat = _settings()
    appids = tuple(appid for appid in (wechat.appid, wechat.service_appid) if appid)
    return Callback(wechat.callback_token, wechat.callback_key, appids)


def _settings() -> WeChatSettings:
    settings: WeChatSettings = current_app.extensions["settings"].wechat
    return settings
