"""GeoReport's two languages: XML, and JSON by the Spark convention (a list is the list itself, without its name).

Every answer of the door goes through here, refusals too, so that none is a document no parser takes.
"""

import re
from datetime import datetime
from typing import Any
from xml.etree import ElementTree as tree

from flask import Response, current_app, request

from server.core.errors import Problem
from server.rules.open311 import say_moment

# What one thing of a list is called.
ONE_OF = {
    "addresses": "address",
    "attributes": "attribute",
    "endpoints": "endpoint",
    "errors": "error",
    "formats": "format",
    "service_request_updates": "request_update",
    "service_requests": "request",
    "services": "service",
    "values": "value",
}
TYPES = {"json": "application/json; charset=utf-8", "xml": "text/xml; charset=utf-8"}
# What XML 1.0 cannot say at all, whatever way it is written.
_UNSAYABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def answer(form: str, root: str, content: Any, status: int = 200) -> Response:
    """Content (lists, dicts, texts, numbers, truth values, moments, None) as `json` or `xml`; `root` names it in XML."""
    text = current_app.json.dumps(_for_json(content)) if form == "json" else xml(root, content)
    return Response(text, status, content_type=TYPES[form])


def refusal(problem: Problem, status: int) -> Response:
    """A refusal as GeoReport writes it, one error for each thing that is wrong. What we call 422 is its 400.

    Not signed in has no meaning here: a missing or wrong key is 403.
    """
    status = {422: 400, 401: 403}.get(status, status)
    told = [f"{error.field}：{error.message}" for error in problem.errors] or [problem.detail or ""]
    form = "json" if request.path.endswith(".json") else "xml"
    response = answer(form, "errors", [{"code": status, "description": line} for line in told], status)
    response.headers.update(problem.extra_headers)
    return response


def xml(root: str, content: Any) -> str:
    """An XML document. Characters XML has no way to say become U+FFFD."""
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tree.tostring(_element(root, content), "unicode")


def _element(name: str, content: Any) -> tree.Element:
    made = tree.Element(name)
    if isinstance(content, dict):
        made.extend(_element(inner, value) for inner, value in content.items())
    elif isinstance(content, list):
        made.extend(_element(ONE_OF[name], value) for value in content)
    elif content is not None:
        made.text = _UNSAYABLE.sub("\ufffd", _said(content))
    return made


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return say_moment(value) if isinstance(value, datetime) else str(value)


def _for_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _for_json(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_for_json(inner) for inner in value]
    return say_moment(value) if isinstance(value, datetime) else value
