"""Edits carry `If-Match`: whoever edits says which version they saw, so nobody overwrites what they have not read."""

from collections.abc import Callable

from flask import Response, current_app, request

from server.core.errors import GENERAL, Problem

MOST_DIGITS = 9  # no row changes so often, and databases do not count much further


def tag(version: int) -> str:
    """The ETag of a version."""
    return f'"{version}"'


def expected_version() -> int:
    """The version this edit was made from. Raises 428 without `If-Match`, 412 for one that is not ours."""
    if not request.if_match:
        raise Problem(428, *GENERAL[428])
    tags = request.if_match.as_set()
    (first, *others) = tags or {""}
    if others or not first.isdecimal() or len(first) > MOST_DIGITS:
        raise Problem(412, *GENERAL[412])
    return int(first)


def require_version(found: int, expected: int) -> None:
    """Raise 412 when somebody else changed the row in between."""
    if found != expected:
        raise Problem(412, *GENERAL[412])


def set_etag(response: Response, version: int) -> Response:
    """Tell the client which version it got."""
    response.headers["ETag"] = tag(version)
    return response


def picture(etag: str, data: Callable[[], bytes]) -> Response:
    """The answer that shows a JPEG. It may be kept by the phone, but is asked for again each time: rights end."""
    if request.if_none_match.contains(etag):
        response = current_app.response_class(status=304)
    else:
        response = current_app.response_class(data(), mimetype="image/jpeg")
    response.set_etag(etag)
    response.headers["Cache-Control"] = "private, no-cache"
    return response
