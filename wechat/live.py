"""WeChat itself, through wechatpy. The sandbox is this same code with another base URL, appid and secret.

What wechatpy 1.8.18 leaves open is closed here: every call has a deadline, nothing is retried, no error carries a URL.
"""

import io
import json
import logging
import re
import time
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException

from wechat.gateway import (
    CodeUsedOrExpired,
    UserBlocked,
    WeChatBusy,
    WeChatError,
    WeChatIdentity,
    WeChatMisconfigured,
)
from wechat.loopback import is_loopback

OFFICIAL = "https://api.weixin.qq.com"
MAX_REPLY_BYTES = 4 * 2**20

_MEANINGS: dict[int, tuple[type[WeChatError], str]] = {
    -1: (WeChatBusy, "system busy"),
    45009: (WeChatBusy, "daily quota reached"),
    45011: (WeChatBusy, "called too often"),
    40029: (CodeUsedOrExpired, "code invalid or expired"),
    40163: (CodeUsedOrExpired, "code used before"),
    41008: (CodeUsedOrExpired, "code missing"),
    40226: (UserBlocked, "user blocked as risky"),
    40001: (WeChatMisconfigured, "credential refused"),
    40002: (WeChatMisconfigured, "grant type refused"),
    40013: (WeChatMisconfigured, "appid refused"),
    40066: (WeChatMisconfigured, "no such address"),
    40125: (WeChatMisconfigured, "secret refused"),
    40164: (WeChatMisconfigured, "our IP is not on the whitelist"),
    40243: (WeChatMisconfigured, "secret is frozen"),
    41002: (WeChatMisconfigured, "appid missing"),
    41004: (WeChatMisconfigured, "secret missing"),
    43002: (WeChatMisconfigured, "wants POST"),
    50004: (WeChatMisconfigured, "account may not ask this"),
    50007: (WeChatMisconfigured, "account is frozen"),
    89503: (WeChatMisconfigured, "our IP awaits the administrator"),
    89506: (WeChatMisconfigured, "our IP was refused by the administrator"),
    89507: (WeChatMisconfigured, "our IP was refused by the administrator"),
}
_RID = re.compile(r"\brid: ([0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8})\b")
_LOGIN_CODE = re.compile(r"[!-~]{1,128}")  # real ones have 32 letters and digits; the length is not promised
_OPAQUE_ID = re.compile(r"[!-~]{1,128}")
_CREDENTIAL = re.compile(r"\b(secret|appsecret|js_code|access_token)=[^&\s\"']+")


class _HideCredentials(logging.Filter):
    """urllib3 logs each request line at DEBUG, and WeChat wants the AppSecret in that line."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = _CREDENTIAL.sub(r"\1=…", record.getMessage()), ()
        return True


logging.getLogger("urllib3.connectionpool").addFilter(_HideCredentials())


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. `read` is for one silence of the peer, `whole` is for connecting and the answer together."""

    connect: float = 2.0
    read: float = 5.0
    whole: float = 5.0


_DEFAULT_TIMEOUTS = Timeouts()


class _AppSecret(AuthBase):
    """Puts appid and secret into a request at the last moment, so no frame an error travels through ever holds them."""

    def __init__(self, appid: str, secret: str) -> None:
        self._fields = {"appid": appid, "secret": secret}

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if request.method == "GET":
            request.prepare_url(request.url, self._fields)
        else:
            asked: dict[str, Any] = json.loads(request.body or b"{}")
            request.prepare_body(data=None, files=None, json=asked | self._fields)
        return request


class _Wire(HTTPAdapter):
    """One deadline over connecting and reading, for every call whatever wechatpy passes or forgets.

    A read timeout alone begins anew with every byte a dying peer drips, and wechatpy fetches tokens with none at all.
    """

    def __init__(self, timeouts: Timeouts) -> None:
        super().__init__()  # max_retries=0: a request that left this machine is never sent twice
        self._timeouts = timeouts

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        limits, started = self._timeouts, time.monotonic()
        kwargs |= {"stream": True, "timeout": urllib3.Timeout(limits.whole, limits.connect, limits.read)}
        response = super().send(request, *args, **kwargs)
        try:
            body = _read_all(response.raw, started + limits.whole)
        finally:
            response.raw.close()
        response.raw = io.BytesIO(body)
        return response


def _read_all(raw: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
    body = bytearray()
    while chunk := raw.read1(65536, decode_content=True):
        body += chunk
        if time.monotonic() > deadline:
            raise requests.Timeout
        if len(body) > MAX_REPLY_BYTES:
            raise requests.exceptions.ContentDecodingError
    return bytes(body)


class MiniProgramClient(WeChatClient):  # type: ignore[misc]  # wechatpy is untyped
    """wechatpy's client with our address, our deadlines and our errors. Not shared between threads."""

    def __init__(self, appid: str, secret: str, *, base_url: str = OFFICIAL, timeouts: Timeouts = _DEFAULT_TIMEOUTS):
        super().__init__(appid, secret, auto_retry=False)  # True recurses without end on a bad token
        self.base_url = _checked(base_url)
        self.API_BASE_URL = f"{self.base_url}/cgi-bin/"
        self.wxa.API_BASE_URL = f"{self.base_url}/"
        self._app_secret = _AppSecret(appid, secret)
        if is_loopback(urlsplit(self.base_url).hostname or ""):
            self._http.trust_env = False  # a proxy in the environment cannot reach our own loopback
        for scheme in ("https://", "http://"):
            self._http.mount(scheme, _Wire(timeouts))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def code_to_session(self, code: str) -> dict[str, Any]:
        """`/sns/jscode2session`, which needs no access token (wechatpy's own version fetches one first)."""
        asked = {"js_code": code, "grant_type": "authorization_code", "access_token": None}
        return _fields(self.get(f"{self.base_url}/sns/jscode2session", params=asked, auth=self._app_secret))

    def fetch_access_token(self) -> dict[str, Any]:
        """`/cgi-bin/stable_token` in normal mode: asking again never invalidates what another worker holds."""
        reply = _fields(
            self.post(
                f"{self.base_url}/cgi-bin/stable_token",
                params={"access_token": None},
                json={"grant_type": "client_credential", "force_refresh": False},
                auth=self._app_secret,
            )
        )
        match reply:
            case {"access_token": str(token), "expires_in": int(seconds)} if token and seconds > 0:
                self.session.set(self.access_token_key, token, seconds)
                self.expires_at = int(time.time()) + seconds
                return reply
        raise WeChatBusy("reply without a token")

    def _request(self, method: str, url_or_endpoint: str, **kwargs: Any) -> object:
        """Every call of every wechatpy family comes through here: a decoded answer, or one of our errors.

        Raised outside the `except`, so that not even `__context__` leads back to the request and its URL.
        """
        outcome = self._attempt(method, url_or_endpoint, kwargs)
        if isinstance(outcome, WeChatError):
            raise outcome
        return outcome

    def _attempt(self, method: str, url_or_endpoint: str, options: dict[str, Any]) -> object:
        try:
            return super()._request(method, url_or_endpoint, allow_redirects=False, **options)
        except WeChatError as ours:  # the token fetch inside a call
            return ours
        except WeChatClientException as refusal:
            return _refusal(refusal)
        except (requests.Timeout, urllib3.exceptions.TimeoutError):
            return WeChatBusy("no answer in time")
        except requests.exceptions.SSLError:
            return WeChatMisconfigured("certificate not trusted")
        except (requests.RequestException, urllib3.exceptions.HTTPError):
            return WeChatBusy("connection failed")
        except (ValueError, TypeError, RecursionError):  # wechatpy stumbling over an errcode or a body that is none
            return WeChatBusy("unreadable answer")


class LiveWeChat:
    """The gateway to WeChat, safe to share between threads: each call has its own client and its own connection.

    A kept connection may die just as a login goes out on it, and a login cannot be repeated; that is worth a handshake.
    """

    def __init__(self, appid: str, secret: str, *, base_url: str = OFFICIAL, timeouts: Timeouts = _DEFAULT_TIMEOUTS):
        if not appid or not secret:
            raise ValueError("WeChat needs an appid and a secret")
        self._appid, self._secret = appid, secret
        self._base_url, self._timeouts = _checked(base_url), timeouts

    def login(self, code: str) -> WeChatIdentity:
        if not _LOGIN_CODE.fullmatch(code):
            raise CodeUsedOrExpired("not a login code")  # spares WeChat, and our quota, the question
        with self._client() as client:
            reply = client.code_to_session(code)
        match reply:
            case {"openid": str(openid), "session_key": str(key)} if _OPAQUE_ID.fullmatch(openid) and key:
                unionid = reply.get("unionid")
                return WeChatIdentity(openid, unionid if isinstance(unionid, str) and unionid else None, key)
        raise WeChatBusy("reply without an identity")

    def _client(self) -> MiniProgramClient:
        return MiniProgramClient(self._appid, self._secret, base_url=self._base_url, timeouts=self._timeouts)


def _checked(base_url: str) -> str:
    url = urlsplit(base_url)
    host = url.hostname or ""
    safe = url.scheme == "https" or (url.scheme == "http" and is_loopback(host))
    if not safe or not host or url.username or url.query or url.fragment:
        raise ValueError("the WeChat base URL must be https://host, or http:// on this machine's loopback")
    return base_url.rstrip("/")


def _refusal(refusal: WeChatClientException) -> WeChatError:
    if refusal.errcode is None:
        return WeChatBusy(f"HTTP {refusal.response.status_code}")
    rid = _RID.search(str(refusal.errmsg))
    kind, cause = _MEANINGS.get(refusal.errcode, (WeChatError, "refused"))
    return kind(cause, errcode=refusal.errcode, rid=rid and rid[1])


def _fields(reply: object) -> dict[str, Any]:
    if isinstance(reply, dict):
        return reply
    raise WeChatBusy("answer is not a JSON object")  # wechatpy hands back the raw response when it cannot decode it
