"""All we ever ask of WeChat, in our own words and with our own errors.

The rest of the house knows only this page: not wechatpy, not its exceptions, not WeChat's numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Protocol


@dataclass(frozen=True, slots=True)
class WeChatIdentity:
    """Who WeChat says is holding the phone. Its repr is empty: none of the three belongs in a log."""

    openid: str = field(repr=False)
    unionid: str | None = field(repr=False)
    session_key: str = field(repr=False)
    """Never leaves the server, and WeChat may replace it at any login: a session of ours must not depend on it."""


class Suggestion(StrEnum):
    """What WeChat's content check thinks of a text or a photo."""

    PASS = "pass"  # noqa: S105 -- a verdict, not a password
    REVIEW = "review"
    RISKY = "risky"


class Edition(StrEnum):
    """Which edition of the mini-program a code or a message opens."""

    RELEASE = "release"
    TRIAL = "trial"
    DEVELOP = "develop"


@dataclass(frozen=True, slots=True)
class Verdict:
    """An answer of the content check. `label` is WeChat's number (100 normal, 20001 politics …), `trace` its name for it."""

    suggestion: Suggestion
    label: int
    trace: str


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A phone number a person handed over. Its repr is empty."""

    number: str = field(repr=False)  # without the country code
    country: str = field(repr=False)  # "86"


@dataclass(frozen=True, slots=True)
class PageIdentity:
    """Whom the service account recognises behind a page opened inside WeChat. Its repr is empty."""

    openid: str = field(repr=False)
    unionid: str | None = field(repr=False)


class Gateway(Protocol):
    """Everything we ask of WeChat. Every method may raise a `WeChatError` and answers or raises within five seconds.

    Ask outside transactions: before a request's first statement, or from the relay. The shared access token is kept in
    the database, and SQLite has one writer.
    """

    def login(self, code: str) -> WeChatIdentity:
        """Trade the single-use code of `wx.login` for an identity.

        Whatever was raised, the code is spent: ask the phone for a new one, never try it again.
        """

    def phone_number(self, code: str, openid: str) -> PhoneNumber:
        """Trade the code of a `getPhoneNumber` button for the number; `openid` must be who pressed it."""

    def mini_code(self, scene: str, page: str, *, width: int = 430) -> bytes:
        """A permanent mini-program code as image bytes. `scene`: 1–32 visible characters, see facts §4."""

    def send_message(self, openid: str, template: str, data: Mapping[str, str], *, page: str = "") -> str:
        """Send one subscribe message; `data` maps the template's keys (`thing1`) to text. Returns WeChat's msgid or ""."""

    def check_text(self, text: str, openid: str) -> Verdict:
        """Ask for a verdict on at most 2,500 characters somebody who was here within two hours wrote."""

    def check_photo(self, url: str, openid: str) -> str:
        """Order a verdict on a picture at a public address. Returns the trace by which it is pushed to us later."""

    def user_risk(self, openid: str, ip: str) -> int | None:
        """0 (harmless) to 4; None when the account has no right to ask. Optional: a caller goes on without it."""

    def recognise(self, code: str) -> PageIdentity:
        """Trade the code that snsapi_base brought back for an identity of the service account."""


class WeChatError(Exception):
    """WeChat did not give us what we asked for.

    `code` is stable and ours, `detail` is for a citizen to read; `cause`, `errcode` and `rid` are for the log. `cause`
    is always a phrase of our own, never text of the peer or of a library: those quote URLs that hold the AppSecret.
    """

    code: ClassVar[str] = "wechat_error"
    detail: ClassVar[str] = "微信暂时没有回应我们的请求，请稍后再试"

    def __init__(
        self,
        cause: str,
        *,
        errcode: int | None = None,
        rid: str | None = None,
        retry_after: float | None = None,
        unsure: bool = False,
        field: str = "",
    ) -> None:
        super().__init__(cause)
        self.cause = cause
        self.errcode = errcode
        self.rid = rid  # WeChat support finds a call by it for seven days
        self.retry_after = retry_after  # seconds; None: the caller's own pauses will do
        self.unsure = unsure  # the request left us and no answer came: it may have been done all the same
        self.field = field  # which field of a template did not fit, such as "thing1"

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
    detail = "微信正忙，请稍等片刻再试"


class TooManyCalls(WeChatBusy):
    """Over a quota. `retry_after` says when there is a point in asking again: a minute, or tomorrow."""

    code = "wechat_quota"


class WeChatMisconfigured(WeChatError):
    """Our appid, secret, address or IP whitelist is wrong: no citizen can mend it, so page the operator."""

    code = "wechat_misconfigured"
    detail = "微信功能暂时不可用。急事请直接联系社区居委会"


class NotSubscribed(WeChatError):
    """The person did not agree to this message, or the agreement is used up (43101). Final: never send it again."""

    code = "wechat_not_subscribed"


class UnknownRecipient(WeChatError):
    """The openid is not one of this app's. Final."""

    code = "wechat_unknown_recipient"


class TemplateRefused(WeChatError):
    """The message no longer fits its template, or the template or page is gone; `field` names what, if WeChat did."""

    code = "wechat_template_refused"


class ContentRefused(WeChatError):
    """WeChat does not carry these words. Final."""

    code = "wechat_content_refused"


class NotAllowed(WeChatError):
    """The account lost, or never had, the right to this. Final until somebody settles it with WeChat."""

    code = "wechat_not_allowed"


class UserAway(WeChatError):
    """WeChat checks only what somebody wrote who was here within two hours (61010). A person decides instead."""

    code = "wechat_user_away"


class RequestRefused(WeChatError):
    """We asked in a way WeChat does not understand: a mistake of ours, for the log."""

    code = "wechat_request_refused"
