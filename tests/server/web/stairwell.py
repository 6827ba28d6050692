"""Somebody in a stairwell with a browser without script: scans, fills the form that is really on the page, follows.

stairs = Stairwell(world, building)
receipt = stairs.send(category="lift", text="电梯停了")     follows the 303 to the receipt
stairs.claim                                                  the claim code read off the receipt
"""

import html
import io
import re
from typing import Any

from PIL import Image
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from tests.world import Spot, World

CLAIM = re.compile(r'id="claim">([0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4})<')


def words(page: TestResponse | str) -> str:
    """What people read on a page: no tags, entities resolved, blanks collapsed."""
    text = page if isinstance(page, str) else page.text
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)))


def once_of(page: TestResponse) -> str:
    """The key in a page's form."""
    found = re.search(r'name="once" value="([^"]+)"', page.text)
    assert found, "no form on the page"
    return found[1]


def picture(width: int = 40, height: int = 30, kind: str = "JPEG", mode: str = "RGB") -> io.BytesIO:
    """A small true picture."""
    out = io.BytesIO()
    Image.new(mode, (width, height)).save(out, kind)
    out.seek(0)
    return out


class Stairwell:
    """A browser that keeps nothing between pages but what is in their addresses."""

    def __init__(self, world: World, building: Spot) -> None:
        self.anyone = world.anyone()
        self.path = f"/q/{building.stairwell_code}"
        self.claim = ""

    def scan(self) -> TestResponse:
        """Open the page of the code."""
        return self.anyone.get(self.path)

    def post(self, *, once: str = "", photos: list[Any] | None = None, **fields: Any) -> TestResponse:
        """Send the form as a browser does: every input, files too. Follows nothing."""
        form: MultiDict[str, Any] = MultiDict(
            {"once": once or once_of(self.scan()), "text": "", "spot": "", "contact": ""}
        )
        for name, value in fields.items():
            form.setlist(name, value if isinstance(value, list) else [value])
        for number, photo in enumerate(photos or [], 1):
            form.add("photos", (photo, f"{number}.jpg"))
        if not photos:
            form.add("photos", (io.BytesIO(), ""))  # an input left empty is sent too
        return self.anyone.post(self.path, data=form, content_type="multipart/form-data")

    def send(self, **fields: Any) -> TestResponse:
        """Send, expect to be taken to the receipt, and read the claim code off it."""
        sent = self.post(**{"category": "lift", "text": "电梯停在四楼", **fields})
        assert sent.status_code == 303, words(sent)
        receipt = self.anyone.get(sent.location)
        assert receipt.status_code == 200
        found = CLAIM.search(receipt.text)
        assert found
        self.claim = found[1]
        return receipt

    def follow(self) -> TestResponse:
        """Open the status page with the code as it was read off the receipt."""
        page = self.anyone.get("/r", query_string={"claim": self.claim}, follow_redirects=True)
        assert page.status_code == 200
        return page

    def say(self, action: str, *, once: str = "", **fields: Any) -> TestResponse:
        """Press one of the status page's buttons. Follows nothing."""
        plain = self.claim.replace("-", "")
        once = once or once_of(self.anyone.get(f"/r/{plain}"))
        return self.anyone.post(f"/r/{plain}/{action}", data={"once": once, **fields})
