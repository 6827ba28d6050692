"""All we ever ask of WeChat, in our own words and with our own errors.

The rest of the house knows only this page: not wechatpy, not its exceptions, not WeChat's numbers.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Protocol


@dataclass(frozen=True, slots=True)
class WeChatIdentity:
    """Who WeChat says is holding the phone. Its repr is empty: none of the three belongs in a log."""

    openid: str = field(repr=False)
    unionid: str | None = field(repr=False)
    session_key: str = field(repr=False)
    """Never leaves the server, and WeChat may replace it at any login: a session of ours must not depend on it."""


class Gateway(Protocol):
    """Everything we ask of WeChat."""

    def login(self, code: str) -> WeChatIdentity:
        """Trade the single-use code of `wx.login` for an identity.

        Raises a `WeChatError`. Whatever it was, the code is spent: ask the phone for a new one, never try it again.
        """


class WeChatError(Exception):
    """WeChat did not give us what we asked for.

    `code` is stable and ours, `detail` is for a citizen to read; `cause`, `errcode` and `rid` are for the log. `cause`
    is always a phrase of our own, never text of the peer or of a library: those quote URLs that hold the AppSecret.
    """

    code: ClassVar[str] = "wechat_error"
    detail: ClassVar[str] = "微信暂时没有回应我们的请求，请稍后再试"

    def __init__(self, cause: str, *, errcode: int | None = None, rid: str | None = None) -> None:
        super().__init__(cause)
        self.cause = cause
        self.errcode = errcode
        self.rid = rid  # WeChat support finds a call by it for seven days

    def __str__(self) -> str:
        number = "" if self.errcode is None else f", errcode {self.errcode}"
        trail = "" if self.rid is None else f", rid {self.rid}"
        return f"{self.code}: {self.cause}{number}{trail}"


class CodeUsedOrExpired(WeChatError):
    """The login code was used before, is too old, or never was one. The phone logs in again."""

    code = "wechat_code_expired"
    detail = "登录已失效，请重新进入小程序"


class UserBlocked(WeChatError):
    """WeChat holds this user for risky and refuses the login."""

    code = "wechat_user_blocked"
    detail = "微信提示您的账号存在风险，暂时不能登录。急事请直接联系社区居委会"


class WeChatBusy(WeChatError):
    """No usable answer in time. Trying again later, with a new code, may well work."""

    code = "wechat_busy"
    detail = "微信正忙，请稍等片刻再进入小程序"


class WeChatMisconfigured(WeChatError):
    """Our appid, secret, address or IP whitelist is wrong: no citizen can mend it, so page the operator."""

    code = "wechat_misconfigured"
    detail = "小程序登录暂时不可用。急事请直接联系社区居委会"
