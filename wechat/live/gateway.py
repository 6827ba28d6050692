"""The questions of `wechat.gateway`, in WeChat's words."""

import re
import time
from collections.abc import Callable, Mapping

import requests

from wechat.gateway import (
    CodeUsedOrExpired,
    Edition,
    NotAllowed,
    PageIdentity,
    PhoneNumber,
    RequestRefused,
    Suggestion,
    Verdict,
    WeChatBusy,
    WeChatError,
    WeChatIdentity,
)
from wechat.live.asking import Account, Endpoint
from wechat.live.client import OFFICIAL, SEND
from wechat.live.meanings import NO_RISK_RANK
from wechat.live.wire import Timeouts
from wechat.tokens import TokenStore

LOGIN = Endpoint("sns/jscode2session", repeatable=False)
RECOGNISE = Endpoint("sns/oauth2/access_token", repeatable=False)
PHONE_NUMBER = Endpoint("wxa/business/getuserphonenumber", repeatable=False)
SEND_MESSAGE = Endpoint(SEND, repeatable=False)
MINI_CODE = Endpoint("wxa/getwxacodeunlimit", repeatable=True)
CHECK_TEXT = Endpoint("wxa/msg_sec_check", repeatable=True)
CHECK_PHOTO = Endpoint("wxa/media_check_async", repeatable=True)  # twice ordered, a verdict comes twice, by two traces
USER_RISK = Endpoint("wxa/getuserriskrank", repeatable=True, optional=True)

TEXT_LIMIT = 2500
FORUM = 3  # content for others to see
PICTURE = 2
VERSION = 2
WRITES = 2  # what the person is about to do: publish something
_WORDS = {word.value: word for word in Suggestion}
_STATES = {Edition.RELEASE: "formal", Edition.TRIAL: "trial", Edition.DEVELOP: "developer"}

_CODE = re.compile(r"[!-~]{1,128}")  # real ones have 32 letters and digits; the length is not promised
_OPAQUE_ID = re.compile(r"[!-~]{1,128}")
_SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]{1,32}")
_PAGE = re.compile(r"(?:[^/?#\s][^?#\s]{0,1023})?")
_WIDTHS = range(280, 1281)
_WHOLE_PICTURES = ((b"\xff\xd8\xff", b"\xff\xd9"), (b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"))
"""How a JPEG and a PNG begin and end: half a code would be printed and hung up."""


class LiveWeChat:
    """The gateway to WeChat, safe to share between threads.

    `store` is where the access token is shared with other processes; without one this object keeps it for itself.
    `service` is the appid and secret of the service account that recognises people in our pages, if there is one.
    """

    def __init__(
        self,
        appid: str,
        secret: str,
        *,
        base_url: str = OFFICIAL,
        timeouts: Timeouts | None = None,
        edition: Edition = Edition.RELEASE,
        service: tuple[str, str] | None = None,
        store: TokenStore | None = None,
        clock: Callable[[], float] = time.time,
    ):
        self._edition = edition
        self._app = Account(appid, secret, base_url=base_url, timeouts=timeouts, store=store, clock=clock)
        self._service: Account | None = None
        if service is not None:
            self._service = Account(*service, base_url=base_url, timeouts=timeouts, store=store, clock=clock)

    def login(self, code: str) -> WeChatIdentity:
        """See `Gateway.login`."""
        reply = self._app.ask_with_secret(LOGIN, {"js_code": _code(code), "grant_type": "authorization_code"})
        match reply:
            case {"openid": str(openid), "session_key": str(key)} if _OPAQUE_ID.fullmatch(openid) and key:
                return WeChatIdentity(openid, _text(reply.get("unionid")), key)
        raise WeChatBusy("reply without an identity", unsure=True)

    def recognise(self, code: str) -> PageIdentity:
        """See `Gateway.recognise`."""
        if self._service is None:
            raise NotAllowed("no service account is configured")
        reply = self._service.ask_with_secret(RECOGNISE, {"code": _code(code), "grant_type": "authorization_code"})
        match reply:
            case {"openid": str(openid)} if _OPAQUE_ID.fullmatch(openid):
                return PageIdentity(openid, _text(reply.get("unionid")))
        raise WeChatBusy("reply without an identity", unsure=True)

    def phone_number(self, code: str, openid: str) -> PhoneNumber:
        """See `Gateway.phone_number`."""
        return self._app.ask(PHONE_NUMBER, {"code": _code(code), "openid": openid}, _phone_number)

    def mini_code(self, scene: str, page: str, *, width: int = 430) -> bytes:
        """See `Gateway.mini_code`."""
        if not _SCENE.fullmatch(scene):
            raise RequestRefused("scene is not 1 to 32 allowed characters", field="scene")
        if not _PAGE.fullmatch(page):
            raise RequestRefused("page begins with a slash or has a query", field="page")
        if width not in _WIDTHS:
            raise RequestRefused("width is not 280 to 1280", field="width")
        body = {
            "scene": scene,
            "check_path": self._edition is Edition.RELEASE,  # what was never published is not there to be checked
            "env_version": self._edition.value,
            "width": width,
        }
        return self._app.ask(MINI_CODE, body | ({"page": page} if page else {}), _picture)

    def send_message(self, openid: str, template: str, data: Mapping[str, str], *, page: str = "") -> str:
        """See `Gateway.send_message`."""
        body = {
            "touser": openid,
            "template_id": template,
            "data": {key: {"value": value} for key, value in data.items()},
            "miniprogram_state": _STATES[self._edition],
            "lang": "zh_CN",
        }
        return self._app.ask(SEND_MESSAGE, body | ({"page": page} if page else {}), _msgid)

    def check_text(self, text: str, openid: str) -> Verdict:
        """See `Gateway.check_text`. Raises RequestRefused for a text that is empty or too long, without asking."""
        if not 0 < len(text) <= TEXT_LIMIT:
            raise RequestRefused(f"text of {len(text)} characters, not 1 to {TEXT_LIMIT}", field="text")
        body = {"version": VERSION, "openid": openid, "scene": FORUM, "content": text}
        return self._app.ask(CHECK_TEXT, body, _verdict)

    def check_photo(self, url: str, openid: str) -> str:
        """See `Gateway.check_photo`."""
        body = {"media_url": url, "media_type": PICTURE, "version": VERSION, "scene": FORUM, "openid": openid}
        return self._app.ask(CHECK_PHOTO, body, _trace)

    def user_risk(self, openid: str, ip: str) -> int | None:
        """See `Gateway.user_risk`."""
        body = {"appid": self._app.appid, "openid": openid, "scene": WRITES, "client_ip": ip}
        try:
            return self._app.ask(USER_RISK, body, _rank)
        except WeChatError as error:
            if error.errcode not in NO_RISK_RANK:
                raise
        return None


def _phone_number(reply: object) -> PhoneNumber:
    match reply:
        case {"phone_info": {"purePhoneNumber": str(number), "countryCode": str() | int() as country}} if number:
            return PhoneNumber(number, str(country))  # the country comes as text or as a number
    raise WeChatBusy("reply without a number", unsure=True)


def _picture(reply: object) -> bytes:
    if isinstance(reply, requests.Response):
        picture: bytes = reply.content
        if any(picture.startswith(first) and picture.endswith(last) for first, last in _WHOLE_PICTURES):
            return picture
    raise WeChatBusy("reply without a whole picture")


def _msgid(reply: object) -> str:
    if not isinstance(reply, dict):
        raise WeChatBusy("answer is not a JSON object", unsure=True)
    msgid = reply.get("msgid")
    return str(msgid) if isinstance(msgid, int | str) else ""


def _verdict(reply: object) -> Verdict:
    match reply:
        case {"result": {"suggest": str(word), "label": int(label)}, "trace_id": str(trace)} if word in _WORDS:
            return Verdict(_WORDS[word], label, trace)
    raise WeChatBusy("reply without a verdict")


def _trace(reply: object) -> str:
    match reply:
        case {"trace_id": str(trace)} if trace:
            return trace
    raise WeChatBusy("reply without a trace")


def _rank(reply: object) -> int:
    match reply:
        case {"risk_rank": int(rank)} if rank in range(5):
            return rank
    raise WeChatBusy("reply without a rank")


def _code(code: str) -> str:
    """A code that WeChat could have given. Refusing others here spares WeChat, and our quota, the question."""
    if not _CODE.fullmatch(code):
        raise CodeUsedOrExpired("not a code WeChat could have given")
    return code


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
