"""Pictures from strangers: what is kept, what is refused, and what it costs to refuse."""

import io
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from server.core import images
from server.core.errors import Problem
from server.core.images import Picture, check_and_reencode

SECRET = b"GPS-SECRET-31.23-121.47"


def made(kind: str = "JPEG", size: tuple[int, int] = (80, 60), mode: str = "RGB", **options: Any) -> bytes:
    """A picture whose left half is red and right half blue."""
    picture = Image.new("RGB", size, (200, 0, 0))
    picture.paste((0, 0, 200), (size[0] // 2, 0, size[0], size[1]))
    out = io.BytesIO()
    picture.convert(mode).save(out, kind, **options)
    return out.getvalue()


def keep(data: bytes) -> Picture:
    return check_and_reencode(io.BytesIO(data))


def refusal(data: bytes) -> tuple[int | None, str]:
    with pytest.raises(Problem) as caught:
        keep(data)
    return caught.value.code, caught.value.slug


def shown(picture: Picture) -> Image.Image:
    opened = Image.open(io.BytesIO(picture.data), formats=["JPEG"])
    opened.load()
    assert opened.size == (picture.width, picture.height)
    return opened


def near(colour: Any, wanted: tuple[int, int, int]) -> bool:
    return all(abs(a - b) < 30 for a, b in zip(colour, wanted, strict=True))


def png_header(width: int, height: int) -> bytes:
    """The beginning of a PNG: how large it is, and that the picture begins now."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    header = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return header + struct.pack(">I", 1000) + b"IDAT" + b"\0" * 100


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_each_format_becomes_a_plain_jpeg(kind: str) -> None:
    picture = shown(keep(made(kind)))
    assert (picture.mode, picture.size) == ("RGB", (80, 60))
    assert near(picture.getpixel((10, 30)), (200, 0, 0))
    assert near(picture.getpixel((70, 30)), (0, 0, 200))


def test_the_position_and_the_camera_are_gone() -> None:
    exif = Image.Exif()
    exif[0x010F] = SECRET.decode()  # the camera's maker
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4] = "N", (31.0, 13.0, 48.0), "E", (121.0, 28.0, 12.0)
    sent = made(exif=exif, comment=SECRET, xmp=b"<x:xmpmeta>" + SECRET + b"</x:xmpmeta>", dpi=(300, 300))
    assert sent.count(SECRET) == 3
    kept = keep(sent + b"trailing " + SECRET)
    assert SECRET not in kept.data
    assert b"Exif" not in kept.data
    assert b"xmp" not in kept.data
    assert dict(shown(kept).getexif()) == {}
    assert set(shown(kept).info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression"}


def test_text_hidden_in_a_png_is_gone() -> None:
    hidden = PngImagePlugin.PngInfo()
    hidden.add_text("Location", SECRET.decode())
    sent = made("PNG", pnginfo=hidden)
    assert SECRET in sent
    assert SECRET not in keep(sent).data


def test_a_picture_taken_sideways_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright: turn clockwise to see it
    picture = shown(keep(made(exif=exif)))
    assert picture.size == (60, 80)
    assert near(picture.getpixel((30, 10)), (200, 0, 0))
    assert near(picture.getpixel((30, 70)), (0, 0, 200))


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_broken_exif_does_not_spoil_a_good_picture() -> None:
    assert keep(made(exif=b"Exif\x00\x00MM\x00\x2a\xff\xff\xff\xff" + SECRET)).width == 80


@pytest.mark.parametrize(
    ("size", "expected"), [((2000, 500), (1600, 400)), ((3000, 4000), (1200, 1600)), ((1, 5000), (1, 1600))]
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_the_longest_side_is_1600(kind: str, size: tuple[int, int], expected: tuple[int, int]) -> None:
    picture = keep(made(kind, size))
    assert (picture.width, picture.height) == expected


def test_a_small_picture_is_not_blown_up() -> None:
    assert keep(made(size=(1, 1))).width == 1


MODES = [("PNG", mode) for mode in ("RGBA", "LA", "P", "1", "I;16")] + [
    ("JPEG", "CMYK"),
    ("JPEG", "L"),
    ("WEBP", "RGBA"),
]


@pytest.mark.parametrize(("kind", "mode"), MODES)
def test_every_mode_becomes_rgb(kind: str, mode: str) -> None:
    sent = io.BytesIO()
    if mode == "I;16":
        Image.frombytes("I;16", (2, 1), struct.pack("<HH", 0, 65535)).save(sent, kind)
    else:
        Image.new("RGB", (8, 8), "white").convert(mode).save(sent, kind)
    picture = shown(keep(sent.getvalue()))
    assert picture.mode == "RGB"
    assert near(picture.getpixel((picture.width - 1, 0)), (255, 255, 255))


def test_see_through_becomes_white() -> None:
    sent = io.BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(sent, "PNG")
    assert near(shown(keep(sent.getvalue())).getpixel((4, 4)), (255, 255, 255))


def test_colours_of_another_space_are_converted_and_the_profile_dropped() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (srgb, lab, b"not a profile"):
        picture = shown(keep(made(icc_profile=profile)))
        assert "icc_profile" not in picture.info
        assert near(picture.getpixel((10, 30)), (200, 0, 0))


def test_the_first_frame_of_a_moving_gif() -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    sent = io.BytesIO()
    frames[0].save(sent, "GIF", save_all=True, append_images=frames[1:])
    assert near(shown(keep(sent.getvalue())).getpixel((10, 10)), (255, 0, 0))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_picture_cut_short_is_refused(kind: str, share: float) -> None:
    noise = Image.effect_noise((300, 200), 90).convert("RGB")
    sent = io.BytesIO()
    noise.save(sent, kind)
    cut = sent.getvalue()[: int(len(sent.getvalue()) * share)]
    assert refusal(cut) == (422, "broken_image")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_garbage_behind_a_good_beginning_is_refused(kind: str) -> None:
    assert refusal(made(kind)[:32] + b"\xa5" * 5000) == (422, "broken_image")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", (422, "broken_image")),
        ("这不是照片".encode(), (415, "unsupported_image")),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', (415, "unsupported_image")),
        (b"%PDF-1.7\n" + made(), (415, "unsupported_image")),
        (b"<html>" + made("GIF"), (415, "unsupported_image")),
        (b"BM" + b"\0" * 100, (415, "unsupported_image")),
        (b"\0\0\0\x18ftypheic\0\0\0\0", (415, "heic_image")),
        (b"\0\0\0\x18ftypmif1\0\0\0\0", (415, "heic_image")),
        (b"\0\0\0\x18ftypavif\0\0\0\0", (415, "unsupported_image")),
        (png_header(10_000, 10_000), (422, "too_many_pixels")),
        (png_header(5_000, 4_001), (422, "too_many_pixels")),
        (png_header(60_000, 60_000), (422, "too_many_pixels")),
        (b"\xff\xd8\xff" + b"\0" * images.BYTES_MOST, (413, "photo_too_large")),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else value[:12].hex(),
)
def test_what_is_refused_and_how(data: bytes, expected: tuple[int, str]) -> None:
    assert refusal(data) == expected


def test_a_page_dressed_as_a_gif_loses_its_script() -> None:
    """GIF89a followed by a comment that is JavaScript to a browser: what is kept holds none of it."""
    script = b"=1;alert(document.cookie)//"
    sent = made("GIF", comment=script)
    assert script in sent
    assert script not in keep(sent).data


def jpeg_saying(width: int, height: int) -> bytes:
    """A small JPEG whose header lies about its size."""
    data = bytearray(made())
    start = data.index(b"\xff\xc0") + 5
    data[start : start + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def webp_saying(width: int, height: int) -> bytes:
    data = bytearray(made("WEBP"))
    assert data[12:16] == b"VP8 "
    data[26:30] = struct.pack("<HH", width, height)
    return bytes(data)


def gif_saying(width: int, height: int) -> bytes:
    data = bytearray(made("GIF"))
    data[6:10] = struct.pack("<HH", width, height)
    return bytes(data)


@pytest.mark.parametrize("lie", [jpeg_saying, webp_saying, gif_saying])
def test_ten_thousand_by_ten_thousand_is_refused_by_its_header(lie: Callable[[int, int], bytes]) -> None:
    assert refusal(lie(10_000, 10_000)) == (422, "too_many_pixels")


MEASURE = """
import io, sys
from server.core import images
from server.core.errors import Problem
def high():
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM"):
            return int(line.split()[1]) // 1024
small = open(sys.argv[1], "rb").read()
images.check_and_reencode(io.BytesIO(small))  # what any first picture costs
before = high()
data = open(sys.argv[2], "rb").read()
try:
    images.check_and_reencode(io.BytesIO(data))
except Problem as problem:
    print(problem.slug, high() - before)
else:
    print("kept", high() - before)
"""


def cost(tmp_path: Any, data: bytes) -> tuple[str, int]:
    """What happens to a picture in a process of its own: the outcome, and megabytes above before."""
    small, sent = tmp_path / "small", tmp_path / "sent"
    small.write_bytes(made())
    sent.write_bytes(data)
    said = subprocess.run(
        [sys.executable, "-c", MEASURE, str(small), str(sent)], capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()
    return said[0], int(said[1])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_real_bomb_is_refused_with_little_memory(tmp_path: Any) -> None:
    """10,000 × 10,000 pixels, complete and valid, in 100 KB."""
    sent = io.BytesIO()
    Image.new("1", (10_000, 10_000)).save(sent, "PNG")
    assert len(sent.getvalue()) < 200_000
    outcome, megabytes = cost(tmp_path, sent.getvalue())
    assert outcome == "too_many_pixels"
    assert megabytes < 10


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_camera_picture_is_shrunk_while_it_is_decoded(tmp_path: Any) -> None:
    """12 megapixels unpacked would be 36 MB; libjpeg hands over a quarter of them or less."""
    outcome, megabytes = cost(tmp_path, made(size=(4032, 3024)))
    assert outcome == "kept"
    assert megabytes < 36


def test_a_jpeg_of_endless_scans_is_refused_before_it_is_decoded() -> None:
    data = made(size=(320, 240), progressive=True)
    end = data.rindex(b"\xff\xd9")
    scan = data[data.rindex(b"\xff\xda") : end]
    assert refusal(data[:end] + scan * 1000 + data[end:]) == (422, "broken_image")
    assert refusal(data[:end] + scan * images.SCANS_MOST + data[end:]) == (422, "broken_image")
    assert keep(data[:end] + scan * 9 + data[end:]).width == 320  # as many as the most patient programs write
    assert keep(data + scan * 1000).width == 320  # behind the end, as phones hang a film on a picture


def test_counting_scans_walks_over_hostile_bytes_once() -> None:
    data = made(progressive=True)
    for filler in (b"\xff", b"\xff\x00", b"\xff\xd0"):
        began = time.process_time()
        images._scans(io.BytesIO(data[:-2] + filler * (images.BYTES_MOST // len(filler)) + b"\x00"))
        assert time.process_time() - began < 5  # quadratic would be hours
