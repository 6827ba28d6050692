"""The content check of pictures and sounds: a trace now, a verdict pushed later, twice, or never.

The verdict waits for a command, or, in the plan "auto", comes of looking at the address when it is this machine's.
"""

from collections import Counter
from dataclasses import asdict, dataclass
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import requests

from wechat.loopback import is_loopback
from wechat.sandbox import events
from wechat.sandbox.answers import Refused, ok, trace
from wechat.sandbox.content import Content, check_scene
from wechat.sandbox.desk import Call, call
from wechat.sandbox.letters import Spoil
from wechat.sandbox.pushes import Push, Pushes
from wechat.sandbox.world import Room, World

LABELS = {"pass": 100, "review": 21000, "risky": 20002}
LARGEST = 10 * 2**20
NOT_FETCHED = -1008
_KEPT, _SAVED = 1000, 200


@dataclass(slots=True)
class MediaCheck:
    """One picture or sound waiting for its verdict; `pushed` counts the verdicts sent."""

    trace: str
    at: float
    appid: str
    openid: str
    url: str
    pushed: int = 0


class Media(Room):
    """What was ordered, and what is done about it."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.ordered: list[MediaCheck] = []
        self.plan = "wait"
        """"wait" for a command, or "auto": look at it and push the verdict."""
        self.repeats: int | None = None
        """How often one address may be checked before 87020; None: as often as one likes."""
        self._asked: Counter[str] = Counter()

    def order(self, call: Call, url: str) -> MediaCheck:
        """87020 for an address that came too often."""
        with self.world.lock:
            if self.repeats is not None and self._asked[url] >= self.repeats:
                raise Refused(87020)
            self._asked[url] += 1
            check = MediaCheck(trace(), call.now, call.app.appid, call.text("openid"), url)
            self.ordered = [*self.ordered[-_KEPT:], check]
            return check

    def find(self, name: str) -> MediaCheck:
        """The check of this trace. KeyError when there is none."""
        for check in self.ordered:
            if check.trace == name:
                return check
        raise KeyError(name)

    def dump(self) -> dict[str, Any]:
        return {"ordered": [asdict(check) for check in self.ordered[-_SAVED:]], "plan": self.plan}

    def load(self, kept: dict[str, Any]) -> None:
        self.ordered = [MediaCheck(**check) for check in kept["ordered"]]
        self.plan = str(kept["plan"])


@call("/wxa/media_check_async", too_often=44991)
def check_media(asked: Call) -> dict[str, Any]:
    """/wxa/media_check_async."""
    room, url = asked.world.room(Media), asked.text("media_url")
    if asked.asked.get("media_type") not in (1, 2):
        raise Refused(40004)
    if urlsplit(url).scheme not in ("http", "https") or asked.asked.get("version") not in (2, "2"):
        raise Refused(47001)
    check_scene(asked)
    asked.user()
    asked.world.room(Content).must_be_here(asked.text("openid"), asked.now)
    check = room.order(asked, url)
    if room.plan == "auto":
        soon(asked.world, check)
    return ok(trace_id=check.trace)


def deliver(
    world: World,
    check: MediaCheck,
    suggest: str = "pass",
    *,
    label: int | None = None,
    errcode: int = 0,
    times: int = 1,
    spoil: Spoil | None = None,
) -> list[Push]:
    """Push this verdict `times` times and wait for the answers. ValueError without a callback."""
    pushes = world.room(Pushes)
    told = events.verdict(check.appid, check.trace, suggest, LABELS[suggest] if label is None else label, errcode)
    fields = pushes.fields(events.MEDIA_CHECK, check.openid, check.appid, world.clock.now(), told)
    made = pushes.send(fields, times=times, spoil=spoil)
    check.pushed += times
    return made


def soon(world: World, check: MediaCheck) -> None:
    """Look at the medium and push what comes of it, in the background; without a callback nothing happens."""
    if world.room(Pushes).callback is not None:
        Thread(target=_look_and_push, args=(world, check), name="wechat-media-check", daemon=True).start()


def _look_and_push(world: World, check: MediaCheck) -> None:
    if not can_be_fetched(check.url):
        deliver(world, check, errcode=NOT_FETCHED)
        return
    suggest, label, _ = world.room(Content).judge([check.url])
    deliver(world, check, suggest, label=label)


def can_be_fetched(url: str) -> bool:
    """Whether the medium is there. An address outside this machine is never asked, and counts as there."""
    if not is_loopback(urlsplit(url).hostname or ""):
        return True
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.get(url, timeout=5, stream=True, allow_redirects=False)
            size = sum(len(part) for part in answer.iter_content(65536))
        except requests.RequestException:
            return False
    return answer.status_code == 200 and 0 < size <= LARGEST
