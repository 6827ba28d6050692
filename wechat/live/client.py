"""wechatpy's client, with what 1.8.18 leaves open closed: every call has a deadline, nothing is retried behind our back,
no error carries a URL."""

import math
import time
from collections.abc import Callable, Mapping
from typing import Any, Self
from urllib.parse import urlsplit

import requests
import urllib3
from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException

from wechat.gateway import WeChatBusy, WeChatError, WeChatMisconfigured
from wechat.live.meanings import OF_A_MESSAGE, Meaning, error_for
from wechat.live.wire import AtTheLastMoment, Deadline, Timeouts, Wire, attempt_until
from wechat.loopback import is_loopback

OFFICIAL = "https://api.weixin.qq.com"
SEND = "cgi-bin/message/subscribe/send"
STABLE_TOKEN = "cgi-bin/stable_token"  # noqa: S105 -- an address

_SPECIAL: Mapping[str, Mapping[int, Meaning]] = {SEND: OF_A_MESSAGE}


class MiniProgramClient(WeChatClient):  # type: ignore[misc]  # wechatpy is untyped
    """wechatpy's client with our address, our deadlines and our errors. Not shared between threads.

    `ask_with_token` and `ask_with_secret` are how the gateway asks; they fetch and keep no token.
    """

    def __init__(
        self,
        appid: str,
        secret: str,
        *,
        base_url: str = OFFICIAL,
        timeouts: Timeouts | None = None,
        deadline: Deadline | None = None,
        clock: Callable[[], float] = time.time,
    ):
        super().__init__(appid, "", auto_retry=False)  # True recurses without end on a bad token
        self.base_url = checked(base_url)
        self.API_BASE_URL = f"{self.base_url}/cgi-bin/"
        self.wxa.API_BASE_URL = f"{self.base_url}/"
        self._credentials = {"appid": appid, "secret": secret}
        self._deadline, self._clock = deadline or Deadline(math.inf), clock
        if is_loopback(urlsplit(self.base_url).hostname or ""):
            self._http.trust_env = False  # a proxy in the environment cannot reach our own loopback
        for scheme in ("https://", "http://"):
            self._http.mount(scheme, Wire(timeouts or Timeouts()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def ask_with_secret(self, path: str, asked: Mapping[str, str]) -> dict[str, Any]:
        """GET an address that wants appid and secret, and no access token (wechatpy would fetch one first)."""
        secret = AtTheLastMoment({**self._credentials, **asked})
        return _fields(self.get(f"{self.base_url}/{path}", params={"access_token": None}, auth=secret))

    def ask_with_token(self, path: str, body: bytes, token: AtTheLastMoment) -> object:
        """POST JSON to an address that wants an access token. Returns a dict, or a `requests.Response` if it is none."""
        headers = {"Content-Type": "application/json"}
        return self.post(
            f"{self.base_url}/{path}", params={"access_token": None}, data=body, headers=headers, auth=token
        )

    def fetch_access_token(self) -> dict[str, Any]:
        """`/cgi-bin/stable_token` in normal mode: asking again never invalidates what another worker holds."""
        reply = _fields(
            self.post(
                f"{self.base_url}/{STABLE_TOKEN}",
                params={"access_token": None},
                json={"grant_type": "client_credential", "force_refresh": False},
                auth=AtTheLastMoment(self._credentials, in_body=True),
            )
        )
        match reply:
            case {"access_token": str(token), "expires_in": int(seconds)} if token and seconds > 0:
                self.session.set(self.access_token_key, token, seconds)
                self.expires_at = int(self._clock()) + seconds
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
        with attempt_until(self._deadline) as attempt:  # the wire tells whether anything left us
            try:
                return super()._request(method, url_or_endpoint, allow_redirects=False, **options)
            except WeChatError as ours:  # the token fetch inside a call
                return ours
            except WeChatClientException as refusal:
                return self._refusal(refusal, url_or_endpoint)
            except (requests.Timeout, urllib3.exceptions.TimeoutError):
                return WeChatBusy("no answer in time", unsure=attempt.left_us)
            except requests.exceptions.SSLError:
                return WeChatMisconfigured("certificate not trusted")
            except (requests.RequestException, urllib3.exceptions.HTTPError):
                return WeChatBusy("connection failed", unsure=attempt.left_us)
            except (ValueError, TypeError, RecursionError):  # wechatpy stumbling over an errcode or a body that is none
                return WeChatBusy("unreadable answer", unsure=attempt.left_us)

    def _refusal(self, refusal: WeChatClientException, url: str) -> WeChatError:
        if refusal.errcode is None:
            return WeChatBusy(f"HTTP {refusal.response.status_code}", unsure=True)
        special = _SPECIAL.get(url.removeprefix(f"{self.base_url}/"))
        return error_for(refusal.errcode, refusal.errmsg, special=special, now=self._clock)


def checked(base_url: str) -> str:
    """The address without its last slash. Raises ValueError for one that would carry the AppSecret in the clear."""
    url = urlsplit(base_url)
    host = url.hostname or ""
    safe = url.scheme == "https" or (url.scheme == "http" and is_loopback(host))
    if not safe or not host or url.username or url.query or url.fragment:
        raise ValueError("the WeChat base URL must be https://host, or http:// on this machine's loopback")
    return base_url.rstrip("/")


def _fields(reply: object) -> dict[str, Any]:
    if isinstance(reply, dict):
        return reply
    # wechatpy hands back the raw response when it cannot decode it
    raise WeChatBusy("answer is not a JSON object", unsure=True)
