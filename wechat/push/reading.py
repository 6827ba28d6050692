"""Reading a body of either form, JSON or XML, into a tree of texts; without document types, depth or odd text."""

import json
from collections.abc import Mapping
from typing import Any
from xml.parsers import expat

from wechat.push.refusals import Malformed

BODY_MOST = 64 * 1024
DEPTH_MOST = 12


def parse(body: bytes) -> dict[str, Any]:
    """The body as a tree of texts, whichever of WeChat's two forms it has. Raises Malformed."""
    if len(body) > BODY_MOST:
        raise Malformed("too large")
    body = body.removeprefix(b"\xef\xbb\xbf").strip()
    tree = _from_xml(body) if body[:1] == b"<" else _from_json(body)
    _refuse_odd_text(tree)
    return tree


def _from_json(body: bytes) -> dict[str, Any]:
    def refuse(_word: str) -> str:
        raise ValueError

    try:
        found = json.loads(body.decode(), parse_int=str, parse_float=str, parse_constant=refuse)
        _check_depth(found, DEPTH_MOST)
    except (ValueError, RecursionError):
        raise Malformed("broken JSON") from None
    if not isinstance(found, dict):
        raise Malformed("JSON is no object")
    return found


def _check_depth(value: Any, left: int) -> None:
    if left < 0:
        raise ValueError
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            _check_depth(inner, left - 1)


class _Reader:
    """Builds a tree from expat's events. Text is kept as it stands: a name may begin with a blank.

    Document types are refused as soon as one begins, so no entity is ever declared, fetched or expanded.
    """

    def __init__(self) -> None:
        self.root: Any = None
        self._open: list[tuple[dict[str, Any], list[str]]] = []
        parser = self.parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        parser.ProcessingInstructionHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text

    @staticmethod
    def _refuse(*_: Any) -> None:
        raise Malformed("XML with a document type or instruction")

    def _start(self, _name: str, _attributes: Any) -> None:
        if len(self._open) >= DEPTH_MOST:
            raise Malformed("XML too deep")
        self._open.append(({}, []))

    def _text(self, text: str) -> None:
        if self._open:
            self._open[-1][1].append(text)

    def _end(self, name: str) -> None:
        children, texts = self._open.pop()
        value: Any = children or "".join(texts)
        if not self._open:
            self.root = value
            return
        siblings = self._open[-1][0]
        if name not in siblings:
            siblings[name] = value
        elif isinstance(siblings[name], list):
            siblings[name].append(value)
        else:
            siblings[name] = [siblings[name], value]


def _from_xml(body: bytes) -> dict[str, Any]:
    reader = _Reader()
    try:
        reader.parser.Parse(body, True)
    except (expat.ExpatError, ValueError):
        raise Malformed("broken XML") from None
    if not isinstance(reader.root, dict):
        raise Malformed("XML holds nothing")
    return reader.root


def _refuse_odd_text(value: Any) -> None:
    """Half characters and NUL are in no message of WeChat, and no database takes them."""
    if isinstance(value, str):
        if "\0" in value or not _encodes(value):
            raise Malformed("text that is none")
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            _refuse_odd_text(name)
            _refuse_odd_text(inner)
    elif isinstance(value, list):
        for inner in value:
            _refuse_odd_text(inner)


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
