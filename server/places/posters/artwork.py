"""What stands where on a poster and on a label, in millimetres.

One layout serves both poster sizes: four posters at half size make an A4 sheet of A6. The smallest letters on an A4 poster
are 24 points, so that A6 still has 12: read by somebody of 70 at arm's length.
"""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import NamedTuple

import segno
from PIL import Image, ImageDraw

from models.enums import Word
from server.places.posters.lettering import LEADING, Face
from server.places.posters.pdf import Line, Pdf, Placed

DOTS = 300 / 25.4  # in a millimetre
QUIET = 4  # modules of white around a code, without which scanners do not see it

CALL = "扫一扫，报问题，不用注册"
BY_HAND = "扫不了？在浏览器里输入网址"
FIRST = "急事先打电话"
LINES = "报警 110　火警 119　急救 120"
ANY_SCANNER = "微信、浏览器都能扫"
MINI_PROGRAM = "微信小程序码"
LABEL_CALL = ("扫一扫，报问题", "不用注册")
LABEL_LINES = "急事打 110/119/120"


class Size(Word):
    """What to print on."""

    A4 = "a4", "A4 海报"
    A6 = "a6", "A6 小海报"
    LABEL = "label", "不干胶标签"


# How many fit on one sheet. A single building's sheet is filled with copies of its own: one for each floor.
COPIES = {Size.A4: 1, Size.A6: 4, Size.LABEL: 21}
_LABEL_COLUMNS, _LABEL_ROWS = 3, 7  # 70 × 42.4 mm, as label sheets are sold


@dataclass(frozen=True, slots=True)
class Door:
    """A building's door: what its poster says. `mini_code` is its mini-program code, made `for_paper`."""

    where: str  # 幸福社区 阳光小区
    name: str  # 3栋
    code: str  # as it is typed by hand
    url: str  # what the QR code says
    address: str  # the same for people to type
    mini_code: bytes | None = None


class Box(NamedTuple):
    """A place on a poster, in millimetres."""

    left: float
    top: float
    width: float
    height: float


WHERE = Box(14, 13, 182, 18)
NAME = Box(14, 32, 182, 48)
CALLING = Box(14, 81, 182, 19)
SINGLE = Box(57, 101, 96, 96)
PAIR = (Box(17, 101, 84, 84), Box(109, 101, 84, 84))
PAIR_WORDS = (Box(14, 185, 90, 11), Box(106, 185, 90, 11))
HAND = Box(14, 200, 182, 12)
ADDRESS = Box(14, 212, 182, 13)
CODE = Box(14, 226, 182, 18)
URGENT = Box(14, 247, 182, 36)


def print_out(doors: Sequence[Door], size: Size, face: Face, title: str, now: datetime) -> bytes:
    """The PDF: a sheet full of copies for one door, otherwise one of each."""
    pdf = Pdf(title, now)
    drawing = _Drawing(pdf, face)
    make = drawing.label if size is Size.LABEL else drawing.poster
    pieces = [make(door) for door in doors]
    if len(pieces) == 1:
        pieces *= COPIES[size]
    for start in range(0, len(pieces), COPIES[size]):
        sheet = pieces[start : start + COPIES[size]]
        pdf.page(_laid_out(sheet, size), _cuts(size))
    return pdf.write()


def missing_letters(doors: Iterable[Door], face: Face) -> dict[str, list[str]]:
    """The letters that cannot be printed, by the full name of the building that has them."""
    named = {f"{door.where} {door.name}".strip(): face.missing(door.where + door.name + door.address) for door in doors}
    return {name: letters for name, letters in named.items() if letters}


def _laid_out(sheet: list[list[Placed]], size: Size) -> Iterable[Placed]:
    """The pieces of each poster of a sheet, moved to its corner."""
    columns, scale, width, height = {
        Size.A4: (1, 1.0, 210.0, 297.0),
        Size.A6: (2, 0.5, 105.0, 148.5),
        Size.LABEL: (_LABEL_COLUMNS, 1.0, 70.0, 297 / _LABEL_ROWS),
    }[size]
    for number, pieces in enumerate(sheet):
        down, along = divmod(number, columns)
        for picture, left, top, wide, high in pieces:
            yield Placed(picture, along * width + left * scale, down * height + top * scale, wide * scale, high * scale)


@cache
def _cuts(size: Size) -> tuple[Line, ...]:
    """Marks for the scissors: at the edges where printers reach, and crosses where cuts meet."""
    if size is Size.A4:
        return ()
    columns, rows = (2, 2) if size is Size.A6 else (_LABEL_COLUMNS, _LABEL_ROWS)
    across = [210 / columns * n for n in range(1, columns)]
    down = [297 / rows * n for n in range(1, rows)]
    arm = 3 if size is Size.A6 else 1.5
    marks = [Line(x, y, x, y + 5) for x in across for y in (5, 287)]
    marks += [Line(x, y, x + 5, y) for y in down for x in (5, 200)]
    for x in across:
        for y in down:
            marks += [Line(x - arm, y, x + arm, y), Line(x, y - arm, x, y + arm)]
    return tuple(marks)


class _Drawing:
    """Draws the pieces of posters into a document; what all posters share is drawn once."""

    def __init__(self, pdf: Pdf, face: Face) -> None:
        self._pdf, self._face = pdf, face
        self._shared: dict[str, Placed] = {}

    def poster(self, door: Door) -> list[Placed]:
        """A poster's pieces on an A4 sheet."""
        pieces = [
            self._same(door.where, WHERE, 13),
            self._text(door.name, NAME, 36, bold=True),
            self._same(CALL, CALLING, 15, bold=True),
            self._same(BY_HAND, HAND, 9),
            self._text(door.address, ADDRESS, 10),
            self._text(f"楼道码 {door.code[:5]} {door.code[5:]}", CODE, 13.5, bold=True),
            self._urgent(),
        ]
        if door.mini_code is None:
            return [*pieces, self._qr(door.url, SINGLE)]
        return [
            *pieces,
            self._qr(door.url, PAIR[0]),
            self._same(ANY_SCANNER, PAIR_WORDS[0], 8.5),
            self._mini(door.mini_code, PAIR[1]),
            self._same(MINI_PROGRAM, PAIR_WORDS[1], 8.5),
        ]

    def label(self, door: Door) -> list[Placed]:
        """A label's pieces: what fits beside the code. Sheets have no bleed: nothing within 4 mm of an edge."""
        return [
            self._qr(door.url, Box(4, 4.5, 33.4, 33.4)),
            self._same(door.where.split(" ", 1)[-1], Box(37, 4.2, 29, 5.2), 3.6),
            self._text(door.name, Box(37, 9.4, 29, 10), 8, bold=True),
            self._same(LABEL_CALL[0], Box(37, 19.4, 29, 5), 4, bold=True),
            self._same(LABEL_CALL[1], Box(37, 23.9, 29, 5), 4, bold=True),
            self._text(f"{door.code[:5]} {door.code[5:]}", Box(37, 28.6, 29, 5.4), 4),
            self._same(LABEL_LINES, Box(37, 34.4, 29, 4), 3),
        ]

    def _text(self, text: str, box: Box, largest: float, *, most: int = 2, bold: bool = False) -> Placed:
        """A text in the middle of its box, on no more paper than its letters need."""
        lines = self._face.fit(text, _dots(box.width), _dots(box.height), _dots(largest), most)
        width = min(_dots(box.width), round((max(map(self._face.width, lines.lines)) + 0.2) * lines.size))
        height = round(len(lines.lines) * LEADING * lines.size)
        image = Image.new("1", (width, height), 1)
        self._face.draw(image, lines, (0, 0, width, height), bold=bold)
        wide, high = width / DOTS, height / DOTS
        left, top = box.left + (box.width - wide) / 2, box.top + (box.height - high) / 2
        return Placed(self._pdf.picture(image), left, top, wide, high)

    def _same(self, text: str, box: Box, largest: float, *, bold: bool = False) -> Placed:
        """The same, drawn once: for what many posters say."""
        if text not in self._shared:
            self._shared[text] = self._text(text, box, largest, bold=bold)
        return self._shared[text]

    def _urgent(self) -> Placed:
        """Whom to call before anything is typed, in a frame."""
        if FIRST not in self._shared:
            image = _paper(URGENT)
            width, height = image.size
            ImageDraw.Draw(image).rectangle((0, 0, width - 1, height - 1), outline=0, width=_dots(1.2))
            upper, lower = round(height * 0.42), round(height * 0.5)
            for text, top, high, largest, bold in (
                (FIRST, height * 0.06, upper, 10, False),
                (LINES, height * 0.44, lower, 14, True),
            ):
                lines = self._face.fit(text, round(width * 0.96), high, _dots(largest))
                self._face.draw(image, lines, (0, round(top), width, high), bold=bold)
            self._shared[FIRST] = Placed(self._pdf.picture(image), *URGENT)
        return self._shared[FIRST]

    def _qr(self, url: str, box: Box) -> Placed:
        """The ordinary QR code: the strongest correction, so that three tenths may be scratched or pasted over."""
        rows = segno.make(url, error="h", boost_error=False, micro=False).matrix
        side = len(rows)
        modules = Image.new("1", (side + 2 * QUIET,) * 2, 1)
        modules.paste(
            Image.frombytes("L", (side, side), bytes(0 if on else 255 for row in rows for on in row)), (QUIET,) * 2
        )
        # A viewer that smooths pictures while enlarging them blurs a sixth of a module, not half of one.
        larger = modules.resize((modules.width * 6,) * 2, Image.Resampling.NEAREST)
        return Placed(self._pdf.picture(larger), *box)

    def _mini(self, kept: bytes, box: Box) -> Placed:
        with Image.open(io.BytesIO(kept), formats=["PNG"]) as picture:
            return Placed(self._pdf.picture(picture.convert("1", dither=Image.Dither.NONE)), *box)


def for_paper(picture: bytes) -> bytes:
    """A mini-program code as it is kept and printed: a PNG of the printer's own dots, each black or white.

    Done once for each code: for 300 posters it took as long as all the rest.
    """
    with Image.open(io.BytesIO(picture)) as opened:
        side = _dots(PAIR[1].width)
        grey = opened.convert("L").resize((side, side), Image.Resampling.BICUBIC)
    out = io.BytesIO()
    grey.point(lambda light: 255 if light > 128 else 0).convert("1", dither=Image.Dither.NONE).save(
        out, "PNG", optimize=True
    )
    return out.getvalue()


def _dots(millimetres: float) -> int:
    return round(millimetres * DOTS)


def _paper(box: Box) -> Image.Image:
    return Image.new("1", (_dots(box.width), _dots(box.height)), 1)
