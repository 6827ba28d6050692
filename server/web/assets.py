"""Static files under addresses that change with their content, so that a phone fetches each version once.

`url_for("static", filename=…)` gains `?v=…` (the start of the file's SHA-256). What was asked for
with the right one may be kept for a year; anything else is asked about each time.
"""

import hashlib
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, request

FOREVER = "public, max-age=31536000, immutable"
_COMPRESSIBLE = ("text/css", "text/javascript", "application/javascript", "image/svg+xml")


def version(name: str) -> str:
    """The first characters of the file's hash; empty when there is no such file. Read again only when it changed."""
    path = Path(current_app.static_folder or "") / name
    try:
        stat = path.stat()
    except (OSError, ValueError):
        return ""
    known: dict[str, tuple[int, int, str]] = current_app.extensions["assets"]
    if known.get(name, (0, 0))[:2] != (stat.st_mtime_ns, stat.st_size):
        known[name] = (stat.st_mtime_ns, stat.st_size, hashlib.sha256(path.read_bytes()).hexdigest()[:10])
    return known[name][2]


def init_app(app: Flask) -> None:
    """Version the addresses, and say how long the answers keep."""
    app.extensions["assets"] = {}

    @app.url_defaults
    def _versioned(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and "filename" in values:
            values.setdefault("v", version(values["filename"]))

    @app.after_request
    def _keep(response: Response) -> Response:
        if request.endpoint != "static" or response.status_code != 200:
            return response
        asked = request.args.get("v", "")
        if asked and asked == version((request.view_args or {}).get("filename", "")):
            response.headers["Cache-Control"] = FOREVER
        if (response.content_type or "").startswith(_COMPRESSIBLE):
            response.direct_passthrough = False  # lets `core.headers` compress it
            response.get_data()
            response.close()  # the file has been read
        return response
