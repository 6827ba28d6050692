"""Chinese letters as black dots: which typeface, which letters it lacks, and how large a text fits into a box.

Pillow draws an empty box for a letter a typeface does not have and says nothing. On a poster that would hang for years, so
it is asked here first.
"""

import hashlib
import re
import unicodedata
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

DEBIAN = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
PACKAGE, PACKAGE_FILE = "noto_cjk_sans_otc", "NotoSansCJK-Regular.ttc"
# The package is one person's; its file must be Google's, byte for byte (Debian's is the same).
PACKAGE_DIGEST = "b76b0433203017ca80401b2ee0dd69350349871c4b19d504c34dbdd80541690a"
SIMPLIFIED = 2  # which face of Noto's collection draws the mainland's forms
LEADING = 1.25  # from line to line, in sizes
_BASELINE = 1.0  # from the top of a line to the foot of its letters, in sizes
_BOLD = 0.028  # the one weight we have is thickened to be read from afar, in sizes
_NOWHERE = "\U0010fffe"  # no typeface has this letter
_TOKEN = re.compile(r"[A-Za-z0-9]+[-.]?[，。、：；）】》]*|.[，。、：；）】》]*")


class FontTrouble(Exception):
    """No typeface we may print with. The message is for the operator."""


class Lines(NamedTuple):
    """A text broken to fit: its size in dots and its lines."""

    size: int
    lines: list[str]


class Face:
    """One typeface at any size."""

    def __init__(self, path: Path, index: int) -> None:
        self.path, self.index = path, index
        self._widths: dict[str, float] = {}
        self._lacks: dict[str, bool] = {}
        self._at = lru_cache(maxsize=96)(self._open)
        self._box = self._dots(_NOWHERE)

    def _open(self, size: int) -> ImageFont.FreeTypeFont:
        return ImageFont.truetype(
            str(self.path), size, index=self.index, layout_engine=ImageFont.Layout.BASIC
        )  # what we draw is set letter by letter

    def missing(self, text: str) -> list[str]:
        """The letters of a text this typeface does not have, each once."""
        return [letter for letter in dict.fromkeys(plain(text)) if self._lacking(letter)]

    def _lacking(self, letter: str) -> bool:
        if letter not in self._lacks:
            self._lacks[letter] = not letter.isspace() and self._dots(letter) == self._box
        return self._lacks[letter]

    def _dots(self, letter: str) -> bytes:
        image = Image.new("1", (96, 96), 1)
        ImageDraw.Draw(image).text((16, 72), letter, 0, self._at(48), anchor="ls")
        return image.tobytes()

    def width(self, text: str) -> float:
        """How wide a text is, in sizes."""
        return sum(self._letter(letter) for letter in text)

    def _letter(self, letter: str) -> float:
        if letter not in self._widths:
            self._widths[letter] = self._at(200).getlength(letter) / 200
        return self._widths[letter]

    def fit(self, text: str, width: int, height: int, largest: int, most: int = 2) -> Lines:
        """A text as large as it can be in a box of dots, on at most `most` lines; smaller before it is ever cut."""
        text, size = plain(text), largest
        while size > 8:
            lines = self._broken(text, width / size * 0.98)
            if len(lines) <= most and (len(lines) - 1) * LEADING * size + 1.2 * size <= height:
                return Lines(size, self._even(text, lines, width / size * 0.98))
            size = min(size - 1, int(size * 0.94))
            most = most if size > largest // 3 else most + 1
        return Lines(size, self._broken(text, width / size))

    def _broken(self, text: str, room: float) -> list[str]:
        """A text in lines no wider than `room` sizes: between any two hanzi, but not inside a number or before a comma."""
        lines, line = [], ""
        for token in _TOKEN.findall(text):
            if line and self.width(line + token.rstrip()) > room:
                lines.append(line.rstrip())
                line = ""
            line += token if line else token.lstrip()
        return [*lines, line.rstrip()] if line.strip() or not lines else lines

    def _even(self, text: str, lines: list[str], room: float) -> list[str]:
        """The same number of lines, but of like length: no 栋 stands alone on the second."""
        narrower = room
        while len(lines) > 1 and narrower > room / 2:
            narrower *= 0.95
            tried = self._broken(text, narrower)
            if len(tried) != len(lines):
                break
            lines = tried
        return lines

    def draw(self, image: Image.Image, text: Lines, box: tuple[int, int, int, int], *, bold: bool = False) -> None:
        """Draw a fitted text into a box (left, top, width, height), in its middle."""
        left, top, width, height = box
        size, pen = text.size, ImageDraw.Draw(image)
        top += round(height - len(text.lines) * LEADING * size) // 2
        stroke = round(size * _BOLD) if bold else 0
        for number, line in enumerate(text.lines):
            foot = top + round((number * LEADING + _BASELINE) * size)
            pen.text((left + width // 2, foot), line, 0, self._at(size), anchor="ms", stroke_width=stroke)


def plain(text: str) -> str:
    """A text without what chooses among forms of a letter but has no form of its own."""
    return "".join(sign for sign in text if unicodedata.category(sign) != "Cf" and not _chooses(ord(sign)))


def _chooses(number: int) -> bool:
    return 0xFE00 <= number <= 0xFE0F or 0xE0100 <= number <= 0xE01EF


@cache
def face(told: Path | None, debian: Path = DEBIAN) -> Face:
    """The typeface to print with: the one the operator told, Debian's, or the package's. Raises FontTrouble."""
    if told is not None:
        return _load(told, _simplified(told))
    if debian.is_file():
        return _load(debian, SIMPLIFIED)
    return _load(packaged(), SIMPLIFIED)


def packaged(digest: str = PACKAGE_DIGEST) -> Path:
    """The typeface of the package, if it is the very file we know. Raises FontTrouble."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.origin:
        raise FontTrouble("no typeface: install fonts-noto-cjk, or set LOUZHANG_FONT")
    path = Path(spec.origin).with_name(PACKAGE_FILE)
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        raise FontTrouble(f"the package {PACKAGE} has no typeface in it") from None
    if found != digest:
        raise FontTrouble(f"the typeface of the package {PACKAGE} is not the one we know")
    return path


def _simplified(path: Path) -> int:
    """Which face of a collection is for simplified Chinese; the first where none says so."""
    for index in range(16 if path.suffix.lower() in (".ttc", ".otc") else 0):
        try:
            family = ImageFont.truetype(str(path), 16, index=index).getname()[0] or ""
        except OSError:
            break
        if family.endswith(" SC"):
            return index
    return 0


def _load(path: Path, index: int) -> Face:
    try:
        return Face(path, index)
    except OSError:
        raise FontTrouble(f"{path.name} is not a typeface Pillow can open") from None
