"""Mini-program codes and links: every refusal, the counter, and a picture that is one."""

import io
import json
import time
from typing import Any

import pytest
from PIL import Image

from tests.wechat.asking import Asker, read
from wechat.sandbox.codes import LIMITED, Codes
from wechat.sandbox.server import RunningSandbox

UNLIMITED, LIMIT, SQUARE = "/wxa/getwxacodeunlimit", "/wxa/getwxacode", "/cgi-bin/wxaapp/createwxaqrcode"
ALLOWED = "0123456789azAZ!#$&'()*+,/:;=?@-._~"


def picture(ask: Asker, path: str, **body: Any) -> Image.Image:
    response = ask.raw("POST", path, json.dumps(body), access_token=ask.token)
    assert response.headers["Content-Type"].startswith("image/"), response.text
    return Image.open(io.BytesIO(response.content))


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({}, 40169),
        ({"scene": ""}, 40169),
        ({"scene": 7}, 40169),
        ({"scene": "x" * 33}, 40169),
        ({"scene": "楼"}, 40129),
        ({"scene": "a%20"}, 40129),
        ({"scene": "a b"}, 40129),
        ({"scene": "a\n"}, 40129),
        ({"scene": "a", "page": "/pages/report/index"}, 41030),
        ({"scene": "a", "page": "pages/report/index?a=1"}, 41030),
        ({"scene": "a", "page": "pages/not/published"}, 41030),
        ({"scene": "a", "page": 7}, 41030),
        ({"scene": "a", "env_version": "release_error"}, 40097),
        ({"scene": "a", "check_path": "no"}, 40097),
        ({"scene": "a", "width": 279}, 40097),
        ({"scene": "a", "width": 1281}, 40097),
        ({"scene": "a", "width": "430"}, 40097),
        ({"scene": "a", "is_hyaline": 1}, 40097),
        ({"scene": "a", "line_color": {"r": "x", "g": 0, "b": 0}}, 40097),
        ({"scene": "a", "line_color": [0, 0, 0]}, 40097),
        ({"scene": "scancode_time"}, 85096),
        ({"scene": "a", "scancode_time": 1}, 85096),
    ],
)
def test_a_mistaken_code_is_refused_by_number(
    ask: Asker, sandbox: RunningSandbox, body: dict[str, Any], errcode: int
) -> None:
    sandbox.pages("pages/report/index")
    assert ask.post(UNLIMITED, **body)["errcode"] == errcode
    assert sandbox.codes() == []


@pytest.mark.parametrize(
    "body",
    [
        {"scene": "x"},
        {"scene": "x" * 32},
        {"scene": ALLOWED[:32]},
        {"scene": ALLOWED[-32:]},
        {"scene": "a", "page": "pages/report/index"},
        {"scene": "a", "page": "pages/not/published", "check_path": False},
        {"scene": "a", "width": 280, "env_version": "trial", "line_color": {"r": "7", "g": 98, "b": 58}},
    ],
)
def test_a_lawful_code_is_drawn(ask: Asker, sandbox: RunningSandbox, body: dict[str, Any]) -> None:
    sandbox.pages("pages/report/index")
    image = picture(ask, UNLIMITED, **body)
    assert (image.format, image.size) == ("JPEG", (body.get("width", 430),) * 2)
    [code] = sandbox.codes()
    assert (code.scene, code.page) == (body["scene"], body.get("page", ""))


def test_a_clear_ground_is_png_in_any_size(ask: Asker) -> None:
    for width in (280, 1280):
        image = picture(ask, UNLIMITED, scene="a" * 32, page="p" * 60, width=width, is_hyaline=True)
        assert (image.format, image.mode, image.size) == ("PNG", "RGBA", (width, width))
        assert image.getpixel((0, 0))[3] == 0  # type: ignore[index]


def test_pictures_of_two_scenes_differ_and_of_one_do_not(ask: Asker) -> None:
    one, same, other = (picture(ask, UNLIMITED, scene=scene).tobytes() for scene in ("a1", "a1", "a2"))
    assert one == same != other


@pytest.mark.parametrize(
    ("path", "body", "errcode"),
    [
        (LIMIT, {}, 40159),
        (LIMIT, {"path": ""}, 40159),
        (LIMIT, {"path": "p" * 1025}, 40159),
        (LIMIT, {"path": "pages/other"}, 41030),
        (LIMIT, {"path": "/pages/report/index"}, 41030),
        (LIMIT, {"path": "pages/report/index?scancode_time=1"}, 85096),
        (LIMIT, {"path": "pages/report/index", "env_version": "beta"}, 40097),
        (LIMIT, {"path": "pages/report/index", "width": 99}, 40097),
        (SQUARE, {"path": "pages/report/index?a=" + "b" * 128}, 40159),
        (SQUARE, {}, 40159),
    ],
)
def test_a_mistaken_limited_code_is_refused_and_not_counted(
    ask: Asker, sandbox: RunningSandbox, path: str, body: dict[str, Any], errcode: int
) -> None:
    sandbox.pages("pages/report/index")
    assert ask.post(path, **body)["errcode"] == errcode
    assert sandbox.world.room(Codes).used[sandbox.appid] == 0


def test_the_two_limited_kinds_share_one_hundred_thousand(ask: Asker, sandbox: RunningSandbox) -> None:
    def used(path: str) -> str:
        return ask.raw("POST", path, b'{"path": "pages/a?b=1"}', access_token=ask.token).headers["Num-Used"]

    assert (used(LIMIT), used(SQUARE)) == ("1", "2")
    sandbox.world.room(Codes).used[sandbox.appid] = LIMITED - 1
    assert used(SQUARE) == "100000"
    assert ask.post(LIMIT, path="pages/a")["errcode"] == 45029
    assert picture(ask, UNLIMITED, scene="a").format == "JPEG"


@pytest.mark.parametrize(
    ("path", "body", "errcode"),
    [
        ("/wxa/generate_urllink", {}, 0),
        ("/wxa/generate_urllink", {"path": "pages/report/index", "query": "a=1", "env_version": "trial"}, 0),
        ("/wxa/generate_urllink", {"expire_type": 1, "expire_interval": 30}, 0),
        ("/wxa/generate_urllink", {"path": "pages/other"}, 40165),
        ("/wxa/generate_urllink", {"query": "q" * 1025}, 40212),
        ("/wxa/generate_urllink", {"env_version": "beta"}, 85402),
        ("/wxa/generate_urllink", {"expire_type": 1, "expire_interval": 31}, 85401),
        ("/wxa/generate_urllink", {"expire_type": 0, "expire_time": 1}, 85401),
        ("/wxa/generate_urllink", {"expire_time": time.time() + 31 * 86400}, 85401),
        ("/wxa/generatescheme", {"jump_wxa": {"path": "pages/report/index"}}, 0),
        ("/wxa/generatescheme", {"jump_wxa": {"path": "pages/other"}}, 40165),
        ("/wxa/generatescheme", {"jump_wxa": "pages/other"}, 47001),
    ],
)
def test_links_from_outside(ask: Asker, sandbox: RunningSandbox, path: str, body: dict[str, Any], errcode: int) -> None:
    sandbox.pages("pages/report/index")
    answer = ask.post(path, **body)
    assert answer["errcode"] == errcode
    if not errcode:
        assert answer.get("url_link", "").startswith("https://") or answer["openlink"].startswith("weixin://")


def test_a_form_is_no_json(ask: Asker) -> None:
    assert ask.form(UNLIMITED, scene="a")["errcode"] == 40169
    assert ask.form(LIMIT, path="a")["errcode"] == 40159
    assert read(ask.raw("POST", SQUARE, b"{", access_token=ask.token))["errcode"] == 40159
