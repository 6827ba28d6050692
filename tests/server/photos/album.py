"""What the tests of photos share: a picture, sending it, a report that shows it."""

import io
from typing import Any

from PIL import Image

from tests.world import Caller, Spot

URL = "/api/v1/photos"
LEAK = {"category": "leak", "text": "三楼水管漏水"}


def picture(kind: str = "JPEG", size: tuple[int, int] = (64, 48), **options: Any) -> bytes:
    """A small picture."""
    out = io.BytesIO()
    Image.new("RGB", size, (180, 20, 20)).save(out, kind, **options)
    return out.getvalue()


def send(caller: Caller, data: bytes | None = None, *, url: str = URL, name: str = "a.jpg", **more: Any) -> Any:
    """Send a picture as a form. Encoded by hand: werkzeug's test client leaves large bodies in unclosed files."""
    headers = more.pop("headers", {})
    parts = [b'Content-Disposition: form-data; name="%s"\r\n\r\n%s' % (k.encode(), v.encode()) for k, v in more.items()]
    data = picture() if data is None else data
    parts.append(b'Content-Disposition: form-data; name="photo"; filename="%s"\r\n\r\n%s' % (name.encode(), data))
    body = b"".join(b"--edge\r\n%s\r\n" % part for part in parts) + b"--edge--\r\n"
    return caller.post(url, data=body, headers=headers, content_type="multipart/form-data; boundary=edge")


def kept(caller: Caller, **more: Any) -> str:
    """Send a picture. Returns its id."""
    answer = send(caller, **more)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return str(answer.json["id"])


def report(caller: Caller, building: Spot, *photo_ids: str, **more: Any) -> Any:
    """Report with photos by the building's code."""
    body = LEAK | {"photo_ids": list(photo_ids)} | more
    return caller.post(f"/api/v1/codes/{building.stairwell_code}/issues", json=body)
