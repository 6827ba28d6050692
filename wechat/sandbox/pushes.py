"""Pushing to the product's callback: signed, perhaps sealed, five seconds, three tries, and every mischief on command.

Three tries of one push are the same message (same `MsgId`, same `CreateTime`), each signed afresh; a *replay* is the
same request byte for byte. Only this machine is ever called.
"""

import hashlib
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import requests

from wechat.loopback import is_loopback
from wechat.sandbox.letters import Form, Letter, Mode, Spoil, Writing, greeting, letter
from wechat.sandbox.seal import key_of
from wechat.sandbox.world import Room, World

TIMEOUT_SECONDS = 5.0
TRIES = 3

Post = Callable[[str, Letter], tuple[int, str]]
"""Sends a letter ("GET" or "POST"), and returns status and body: how a test hands pushes to a test client."""


@dataclass(slots=True)
class Callback:
    """What the console says about pushing."""

    appid: str
    url: str
    token: str
    key: str = ""
    mode: Mode = Mode.PLAIN
    form: Form = Form.JSON
    timeout: float = TIMEOUT_SECONDS
    tries: int = TRIES
    post: Post | None = None

    @property
    def writing(self) -> Writing:
        return Writing(self.appid, self.token, self.key, self.mode, self.form)


@dataclass(slots=True)
class Attempt:
    """One try: the HTTP status (0: no answer) and the body that came back."""

    status: int
    body: str
    seconds: float

    @property
    def taken(self) -> bool:
        """Whether WeChat would leave it at that."""
        return self.status == 200 and self.body.strip() in ("", "success")


@dataclass(slots=True)
class Push:
    """One message to the callback, and how its tries went."""

    number: int
    at: float
    fields: dict[str, Any]
    spoil: Spoil | None = None
    attempts: list[Attempt] = field(default_factory=list)
    letter: Letter | None = field(default=None, repr=False)

    @property
    def taken(self) -> bool:
        return bool(self.attempts) and self.attempts[-1].taken


class Pushes(Room):
    """Where pushes go, and those made so far."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.callback: Callback | None = None
        self.made: deque[Push] = deque(maxlen=1000)
        self._count = 0
        self._msgids = 24_000_000_000_000_000

    def configure(self, callback: Callback | None) -> None:
        """ValueError for an address outside this machine, or a key that is none where one is needed."""
        if callback is not None:
            target = urlsplit(callback.url)
            if target.scheme not in ("http", "https") or not is_loopback(target.hostname or ""):
                raise ValueError("只能推送到本机 · the sandbox pushes to this machine only")
            if callback.mode is not Mode.PLAIN:
                key_of(callback.key)
        with self.world.lock:
            self.callback = callback

    def fields(self, event: str, sender: str, appid: str, now: float, more: Mapping[str, Any]) -> dict[str, Any]:
        """An event as WeChat words it; `text` is a message and has a MsgId."""
        told: dict[str, Any] = {"ToUserName": original_id(appid), "FromUserName": sender, "CreateTime": int(now)}
        if event == "text":
            with self.world.lock:
                self._msgids += 1
                return {**told, "MsgType": "text", "MsgId": self._msgids, "Content": "", **more}
        if event.startswith("subscribe_msg_"):
            told["CreateTime"] = str(told["CreateTime"])  # as WeChat's own examples of these have it
        return {**told, "MsgType": "event", "Event": event, **more}

    def send(self, fields: dict[str, Any], *, times: int = 1, spoil: Spoil | None = None) -> list[Push]:
        """Push and wait for the end of it; `times` pushes the same message again, as WeChat sometimes does."""
        return [self._deliver(self._note(fields, spoil)) for _ in range(times)]

    def soon(self, fields: dict[str, Any]) -> None:
        """Push in the background, if there is a callback at all."""
        if self.callback is not None:
            Thread(target=self.send, args=(fields,), name="wechat-push", daemon=True).start()

    def replay(self, push: Push) -> Attempt:
        """The last request of this push once more, byte for byte."""
        if push.letter is None:
            raise ValueError("this push was never sent")
        return self._post("POST", push.letter)

    def verify(self) -> bool:
        """What the console does when an address is saved: GET, and the echostr must come back."""
        asked = greeting(self._known().writing, self.world.clock.now())
        attempt = self._post("GET", asked)
        return attempt.status == 200 and attempt.body == asked.query["echostr"]

    def write(self, fields: dict[str, Any], spoil: Spoil | None = None) -> Letter:
        """The request of a push without sending it."""
        return letter(self._known().writing, fields, self.world.clock.now(), spoil)

    def dump(self) -> dict[str, Any]:
        callback = self.callback
        return {"callback": None if callback is None or callback.post else asdict(callback), "msgids": self._msgids}

    def load(self, kept: dict[str, Any]) -> None:
        told = kept["callback"]
        self._msgids = int(kept["msgids"])
        if told is not None:
            self.callback = Callback(**told | {"mode": Mode(told["mode"]), "form": Form(told["form"])})

    def _known(self) -> Callback:
        if self.callback is None:
            raise ValueError("还没有设置回调地址 · no callback is configured")
        return self.callback

    def _note(self, fields: dict[str, Any], spoil: Spoil | None) -> Push:
        with self.world.lock:
            self._count += 1
            push = Push(self._count, self.world.clock.now(), fields, spoil)
            self.made.append(push)
            return push

    def _deliver(self, push: Push) -> Push:
        for _ in range(self._known().tries):
            push.letter = self.write(push.fields, push.spoil)
            push.attempts.append(self._post("POST", push.letter))
            if push.taken:
                break
        return push

    def _post(self, method: str, what: Letter) -> Attempt:
        callback, started = self._known(), time.monotonic()
        if callback.post is not None:
            status, body = callback.post(method, what)
        else:
            status, body = _over_http(callback, method, what)
        return Attempt(status, body, time.monotonic() - started)


def original_id(appid: str) -> str:
    """The account's own name in pushes: gh_ and twelve hexadecimal digits."""
    return "gh_" + hashlib.sha256(appid.encode()).hexdigest()[:12]


def _over_http(callback: Callback, method: str, what: Letter) -> tuple[int, str]:
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.request(
                method,
                callback.url,
                params=what.query,
                data=what.body or None,
                headers={"Content-Type": what.content_type, "User-Agent": "Mozilla/4.0"},
                timeout=callback.timeout,
                allow_redirects=False,
            )
        except requests.RequestException:
            return 0, ""
    return answer.status_code, answer.text
