"""What comes out of the printer: the pages of a PDF as pictures, and what any scanner reads off them."""

import pypdfium2
import zxingcpp
from PIL import Image

DOTS_AN_INCH = 200
MILLIMETRES = DOTS_AN_INCH / 25.4
A4_POINTS = (595.3, 841.9)


class Printed:
    """A PDF on paper."""

    def __init__(self, pdf: bytes) -> None:
        document = pypdfium2.PdfDocument(pdf)
        try:
            self.title = document.get_metadata_value("Title")
            self.sizes = [tuple(round(side, 1) for side in page.get_size()) for page in document]
            self.pages: list[Image.Image] = [
                page.render(scale=DOTS_AN_INCH / 72, grayscale=True).to_pil().convert("L") for page in document
            ]
        finally:
            document.close()

    def read(self, page: int = 0) -> list[str]:
        """Every code on a page, as a scanner reads them, row by row."""
        return scan(self.pages[page])

    def ink(self, left: float, top: float, width: float, height: float, page: int = 0) -> int:
        """How many dots are black in a part of a page (millimetres)."""
        box = tuple(round(side * MILLIMETRES) for side in (left, top, left + width, top + height))
        return self.pages[page].crop(box).histogram()[0]  # type: ignore[arg-type]


def scan(picture: Image.Image) -> list[str]:
    """What a scanner reads, row by row."""
    found = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)
    places = sorted((one.position.top_left.y // 100, one.position.top_left.x, one.text) for one in found)
    return [text for _, _, text in places]
