"""Pictures from strangers: looked at before they are opened, opened before they are believed, never kept as sent.

What leaves here is a plain sRGB JPEG that Pillow itself wrote: no position, no camera, no profile, no bytes appended
behind the picture. File name and content type are not asked; the first bytes decide.
"""

import io
import logging
import os
import re
import threading
from dataclasses import dataclass
from typing import IO

from PIL import Image, ImageCms

from server.core.errors import Problem

log = logging.getLogger("louzhang.images")

BYTES_MOST = 10 * 1024 * 1024
SIDE_MOST = 1600
QUALITY = 82
# By format. Cameras write JPEG, which libjpeg shrinks while decoding; the others are unpacked whole, a WebP at 15 bytes
# a pixel (measured), so that a small file could take all the memory.
MEGAPIXELS_MOST = {"JPEG": 40, "PNG": 20, "GIF": 20, "WEBP": 16}
# A progressive JPEG is decoded once a scan, and a scan may be 60 bytes long. Cameras and programs write about ten.
SCANS_MOST = 32
_MARKER = re.compile(rb"\xff([^\x00\xd0-\xd7\xff])")  # neither a stuffed byte nor a restart: something new begins
_SCAN, _END, _ALONE = 0xDA, 0xD9, frozenset({0x01, 0xD8})
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SRGB = ImageCms.createProfile("sRGB")
# Memory, not speed: however many threads take uploads, one picture at a time is unpacked in a process.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True, slots=True)
class Picture:
    """A clean JPEG and its size in pixels."""

    data: bytes
    width: int
    height: int


def check_and_reencode(stream: IO[bytes]) -> Picture:
    """A picture as we keep it, from a seekable stream of anything.

    Raises Problem: 413 over 10 MB, 415 for what is not a JPEG, PNG, WebP or GIF, 422 when broken or of too many pixels.
    """
    kind = _kind(stream)
    with _ONE_AT_A_TIME:
        try:
            return _reencode(stream, kind)
        except Problem:
            raise
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise _too_many_pixels(kind) from None
        except Exception as error:  # hostile bytes make decoders raise anything from SyntaxError to IndexError
            log.info("broken picture", extra={"error": type(error).__name__})
            raise Problem(422, "broken_image", "这张照片打不开或不完整，请重新拍一张或换一张。") from None


def _kind(stream: IO[bytes]) -> str:
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    if size > BYTES_MOST:
        raise Problem(413, "photo_too_large", "照片超过 10 MB 了，请压缩后再传，或者截图上传。")
    head = stream.read(16)
    stream.seek(0)
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        raise Problem(415, "heic_image", "暂不支持 HEIC 格式的照片：请在相机设置中选“兼容性最佳”，或者截图后上传。")
    if not head:
        raise Problem(422, "broken_image", "照片是空的，请重新选择。")
    raise Problem(415, "unsupported_image", "只能上传 JPEG、PNG、WebP 或 GIF 格式的照片。")


def _too_many_pixels(kind: str) -> Problem:
    most = MEGAPIXELS_MOST[kind] * 100
    return Problem(422, "too_many_pixels", f"照片的像素太多了（最多 {most} 万像素），请调小后再传，或者截图上传。")


def _reencode(stream: IO[bytes], kind: str) -> Picture:
    with Image.open(stream, formats=[kind]) as opened:  # reads the header only
        width, height = opened.size
        if width * height > MEGAPIXELS_MOST[kind] * 1_000_000:
            raise _too_many_pixels(kind)
        shrink = min(1.0, SIDE_MOST / max(width, height))
        target = max(1, round(width * shrink)), max(1, round(height * shrink))
        if kind == "JPEG" and _scans(stream) > SCANS_MOST:
            raise Problem(422, "broken_image", "这张照片的格式不寻常，打不开，请重新拍一张，或者截图上传。")
        opened.draft("RGB", target)  # a JPEG is shrunk while it is decoded; the others ignore it
        opened.load()
        orientation, profile = _orientation(opened), opened.info.get("icc_profile")
        image = _flat(opened)
    image = image.resize(target, Image.Resampling.LANCZOS, reducing_gap=2.0) if image.size != target else image
    image = _on_white(image) if image.mode == "RGBA" else image
    image = _in_srgb(image, profile)
    if orientation in _UPRIGHT:
        image = image.transpose(_UPRIGHT[orientation])
    image.info = {}  # Pillow would write a comment back
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY, progressive=True, optimize=True)
    return Picture(out.getvalue(), *image.size)


def _scans(stream: IO[bytes]) -> int:
    """How many scans a JPEG has before its end; what lies behind (a film, a second picture) is never decoded."""
    here = stream.tell()
    stream.seek(0)
    data = stream.read()
    stream.seek(here)
    count, at = 0, 2
    while found := _MARKER.search(data, at):
        kind, at = found[1][0], found.end()
        if kind == _END:
            break
        count += kind == _SCAN
        if kind not in _ALONE:
            at += int.from_bytes(data[at : at + 2])  # a segment says how long it is
    return count


def _orientation(image: Image.Image) -> int:
    """How the camera was held. Broken EXIF does not spoil a good picture."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:
        return 1


def _flat(image: Image.Image) -> Image.Image:
    """The picture in a mode that can be resized without artefacts: L, RGB, CMYK, or RGBA when it is see-through."""
    if image.mode in ("L", "RGB", "RGBA", "CMYK"):
        # A grey or coloured PNG may name one see-through colour.
        return image.convert("RGBA") if "transparency" in image.info and image.mode in ("L", "RGB") else image
    if image.mode.startswith("I;16") or image.mode == "I":  # 16 bits a pixel: convert() would cut, not scale
        return image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    see_through = image.mode in ("LA", "PA", "La", "RGBa") or "transparency" in image.info
    return image.convert("RGBA" if see_through else "RGB")


def _on_white(image: Image.Image) -> Image.Image:
    paper = Image.new("RGB", image.size, "white")
    paper.paste(image, mask=image.getchannel("A"))
    return paper


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Colours as an sRGB screen shows them. A profile that does not fit or does not open is dropped."""
    if profile:
        try:
            own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, own, _SRGB, outputMode="RGB")
            if converted is not None:
                return converted
        except (ImageCms.PyCMSError, OSError, ValueError):
            log.info("colour profile dropped")
    return image.convert("RGB")
