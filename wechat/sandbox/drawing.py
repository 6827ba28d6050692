"""A picture of a code: a square QR code with its words beneath, as JPEG, or as PNG with a clear ground."""

import io

import segno
from PIL import Image, ImageDraw, ImageFont

Colour = tuple[int, int, int]


def draw(link: str, words: str, width: int, colour: Colour, *, clear: bool) -> bytes:
    """`width` is the side in pixels; a QR code always fits into 280."""
    ground = (255, 255, 255, 0) if clear else (255, 255, 255, 255)
    sheet = Image.new("RGBA", (width, width), ground)
    modules = [bytes(row) for row in segno.make(link, micro=False, error="l").matrix]
    line = width // 16
    size = (width - 2 * line) // len(modules) * len(modules)
    mask = Image.new("L", (len(modules), len(modules)))
    mask.putdata([255 * dark for row in modules for dark in row])
    mask = mask.resize((size, size), Image.Resampling.NEAREST)
    sheet.paste((*colour, 255), ((width - size) // 2, line // 2), mask)
    font = ImageFont.load_default(line * 0.7)
    short = words if len(words) <= 48 else words[:47] + "~"
    pen = ImageDraw.Draw(sheet)
    pen.text((width / 2, width - line * 0.8), short, fill=(*colour, 255), font=font, anchor="mm")
    kept = io.BytesIO()
    if clear:
        sheet.save(kept, "PNG")
    else:
        sheet.convert("RGB").save(kept, "JPEG", quality=90)
    return kept.getvalue()
