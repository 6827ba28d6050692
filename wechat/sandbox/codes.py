"""Mini-program codes: every refusal of WeChat's pages, the counter of the limited kinds, and a picture that can be read.

The picture is an ordinary QR code of the sandbox's own `/scan` page with the scene written under it, so that whoever
scans a sheet printed in development meets what the phone would have opened.
"""

import re
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Response, request

from wechat.sandbox.answers import Refused
from wechat.sandbox.desk import Call, call
from wechat.sandbox.drawing import draw
from wechat.sandbox.pages import Pages
from wechat.sandbox.world import Room, World

LIMITED = 100_000
EDITIONS = ("release", "trial", "develop")
_SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]+")
_KEPT = 200


@dataclass(frozen=True, slots=True)
class Code:
    """One code that was drawn. `page` is "" for the home page; a limited code has its query in `page`, and no scene."""

    number: int
    at: float
    appid: str
    page: str
    scene: str
    edition: str
    limited: bool = False

    def link(self, base: str) -> str:
        """Where a scan of it leads in the sandbox."""
        told = {"appid": self.appid, "page": self.page, "scene": self.scene, "edition": self.edition}
        return f"{base}/scan?" + urlencode({name: value for name, value in told.items() if value})


class Codes(Room):
    """The codes drawn so far, and how many of the 100,000 are gone."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.drawn: list[Code] = []
        self.used: Counter[str] = Counter()
        self._count = 0

    def note(self, call: Call, page: str, scene: str, edition: str, limited: bool = False) -> Code:
        with self.world.lock:
            if limited:
                if self.used[call.app.appid] >= LIMITED:
                    raise Refused(45029)
                self.used[call.app.appid] += 1
            self._count += 1
            code = Code(self._count, call.now, call.app.appid, page, scene, edition, limited)
            self.drawn = [*self.drawn[-_KEPT:], code]
            return code

    def dump(self) -> dict[str, Any]:
        return {"drawn": [asdict(code) for code in self.drawn], "used": self.used, "count": self._count}

    def load(self, kept: dict[str, Any]) -> None:
        self.drawn = [Code(**code) for code in kept["drawn"]]
        self.used, self._count = Counter(kept["used"]), int(kept["count"])


@call("/wxa/getwxacodeunlimit", no_json=40169, empty=40169)
def unlimited_code(asked: Call) -> Response:
    """A code with a scene, as many as one likes."""
    scene, page = asked.asked.get("scene"), asked.asked.get("page", "")
    if not isinstance(scene, str) or not 1 <= len(scene) <= 32:
        raise Refused(40169)
    if "scancode_time" in asked.asked or "scancode_time" in scene:
        raise Refused(85096)
    if not _SCENE.fullmatch(scene):
        raise Refused(40129)
    edition, check = _edition(asked), asked.asked.get("check_path", True)
    if not isinstance(check, bool):
        raise Refused(40097)
    if not isinstance(page, str) or page.startswith("/") or "?" in page:
        raise Refused(41030)
    if page and check and not asked.world.room(Pages).knows(page):
        raise Refused(41030)
    picture = _Picture(asked)
    return picture.of(asked.world.room(Codes).note(asked, page, scene, edition))


@call("/wxa/getwxacode", no_json=40159, empty=40159)
def limited_code(asked: Call) -> Response:
    """A code with a path; 100,000 in the life of an app."""
    return _limited(asked, 1024)


@call("/cgi-bin/wxaapp/createwxaqrcode", no_json=40159, empty=40159)
def square_code(asked: Call) -> Response:
    """The square kind, counted with the one before."""
    return _limited(asked, 128)


def _limited(asked: Call, longest: int) -> Response:
    path = asked.asked.get("path")
    if not isinstance(path, str) or not 1 <= len(path) <= longest:
        raise Refused(40159)
    if "scancode_time" in path:
        raise Refused(85096)
    edition = _edition(asked)
    if not asked.world.room(Pages).knows(path.split("?")[0]):
        raise Refused(41030)
    picture, room = _Picture(asked), asked.world.room(Codes)
    response = picture.of(room.note(asked, path, "", edition, limited=True))
    response.headers["Num-Used"] = str(room.used[asked.app.appid])
    return response


def _edition(asked: Call) -> str:
    edition = asked.asked.get("env_version", "release")
    if edition not in EDITIONS:
        raise Refused(40097)
    return str(edition)


class _Picture:
    """How a code is to look, read before one is counted. 40097 for what WeChat does not draw."""

    def __init__(self, asked: Call) -> None:
        width, colour = asked.asked.get("width", 430), asked.asked.get("line_color", {"r": 0, "g": 0, "b": 0})
        self._clear = asked.asked.get("is_hyaline", False)
        if not isinstance(width, int) or isinstance(width, bool) or not 280 <= width <= 1280:
            raise Refused(40097)
        if not isinstance(self._clear, bool) or not isinstance(colour, dict):
            raise Refused(40097)
        try:
            red, green, blue = (int(colour[name]) for name in "rgb")
        except (KeyError, TypeError, ValueError):
            raise Refused(40097) from None
        self._width, self._colour = width, (red % 256, green % 256, blue % 256)

    def of(self, code: Code) -> Response:
        link = code.link(request.host_url.rstrip("/"))
        picture = draw(link, code.scene or code.page, self._width, self._colour, clear=self._clear)
        return Response(picture, content_type="image/png" if self._clear else "image/jpeg")
