"""A PDF of A4 pages made of black and white pictures and thin lines: all that a poster is.

Pillow's own PDF keeps every page in memory at once and repeats what all pages share: 300 posters took 2.6 GB. Here a picture
is written once, however many pages show it.
"""

import zlib
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from PIL import Image

from server.rules.calendar import SHANGHAI

POINTS = 72 / 25.4  # in a millimetre
A4 = (210.0, 297.0)


class Placed(NamedTuple):
    """A picture on a page: its number, and its left, top, width and height in millimetres."""

    picture: int
    left: float
    top: float
    width: float
    height: float


class Line(NamedTuple):
    """A thin line, in millimetres from the page's top left."""

    from_left: float
    from_top: float
    to_left: float
    to_top: float


class Pdf:
    """A document that grows page by page."""

    def __init__(self, title: str, made_at: datetime) -> None:
        self._objects: list[bytes] = [b"", b""]  # the catalogue and the list of pages are written last
        self._pages: list[int] = []
        local = made_at.astimezone(SHANGHAI)
        named = title.encode("utf-16-be").hex().upper()
        self._info = self._add(
            f"<< /Title <FEFF{named}> /Producer (Louzhang) /CreationDate (D:{local:%Y%m%d%H%M%S}+08'00') >>".encode()
        )

    def _add(self, content: bytes) -> int:
        self._objects.append(content)
        return len(self._objects)

    def _stream(self, entries: str, content: bytes) -> int:
        packed = zlib.compress(content, 4)
        head = f"<< {entries} /Filter /FlateDecode /Length {len(packed)} >>\nstream\n".encode()
        return self._add(head + packed + b"\nendstream")

    def picture(self, image: Image.Image) -> int:
        """Take up a 1-bit picture, to be placed on any number of pages."""
        if image.mode != "1":
            raise ValueError(f"a picture of mode {image.mode}: posters are black and white")
        width, height = image.size
        return self._stream(
            f"/Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace /DeviceGray /BitsPerComponent 1",
            image.tobytes(),
        )

    def page(self, placed: Iterable[Placed], lines: Iterable[Line] = ()) -> None:
        """One more A4 page."""
        shown = list(placed)
        drawn = [
            f"q {width * POINTS:.3f} 0 0 {height * POINTS:.3f} {left * POINTS:.3f} {(A4[1] - top - height) * POINTS:.3f} cm "
            f"/P{picture} Do Q"
            for picture, left, top, width, height in shown
        ]
        drawn += [
            f"0.4 w {x * POINTS:.3f} {(A4[1] - y) * POINTS:.3f} m {u * POINTS:.3f} {(A4[1] - v) * POINTS:.3f} l S"
            for x, y, u, v in lines
        ]
        content = self._stream("", "\n".join(drawn).encode())
        named = " ".join(f"/P{number} {number} 0 R" for number in sorted({one.picture for one in shown}))
        box = f"0 0 {A4[0] * POINTS:.3f} {A4[1] * POINTS:.3f}"
        self._pages.append(
            self._add(
                f"<< /Type /Page /Parent 2 0 R /MediaBox [{box}] /Contents {content} 0 R "
                f"/Resources << /XObject << {named} >> >> >>".encode()
            )
        )

    def write(self) -> bytes:
        """The whole file."""
        kids = " ".join(f"{number} 0 R" for number in self._pages)
        # Printers scale a page to their own margins unless they are told not to: labels would slip off their sheet.
        self._objects[0] = b"<< /Type /Catalog /Pages 2 0 R /ViewerPreferences << /PrintScaling /None >> >>"
        self._objects[1] = f"<< /Type /Pages /Kids [{kids}] /Count {len(self._pages)} >>".encode()
        out = bytearray(b"%PDF-1.6\n%\xe6\xa5\xbc\n")
        starts = []
        for number, content in enumerate(self._objects, 1):
            starts.append(len(out))
            out += b"%d 0 obj\n%b\nendobj\n" % (number, content)
        table = len(out)
        out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(starts) + 1)
        for start in starts:
            out += b"%010d 00000 n \n" % start
        out += b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
            len(starts) + 1,
            self._info,
            table,
        )
        return bytes(out)
