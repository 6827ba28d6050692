"""Which subscribe-message templates we have: one JSON file, checked when the program starts (docs/messages.md)."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask, current_app

from models.enums import MessageKind
from server.config import SettingsError
from server.rules import subscribe

_ID = re.compile(r"[!-~]{1,64}")
_KNOWN = {"template", "long_term", "fields", "page"}


@dataclass(frozen=True, slots=True)
class Template:
    """How one kind of message looks in WeChat. `page` may hold `{id}`: the public id of what the message is about."""

    id: str
    long_term: bool
    fields: Mapping[str, str]
    page: str = ""


Templates = Mapping[MessageKind, Template]


def read(path: Path | None) -> Templates:
    """The configured templates; none without a file. Raises SettingsError, one line that names the entry."""
    if path is None:
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"WECHAT_TEMPLATES: cannot read {path}: {error.strerror}") from None
    except ValueError:
        raise SettingsError(f"WECHAT_TEMPLATES: {path} is not JSON") from None
    return parse(content, f"WECHAT_TEMPLATES: {path.name}")


def parse(content: Any, where: str) -> Templates:
    """Templates from the file's content. Raises SettingsError."""
    if not isinstance(content, dict):
        raise SettingsError(f"{where}: must be an object with one entry per kind of message")
    found = {}
    for word, entry in content.items():
        if word not in list(MessageKind):
            raise SettingsError(f"{where}: {word}: no such kind of message; there are {', '.join(MessageKind)}")
        kind = next(kind for kind in MessageKind if kind == word)
        found[kind] = _template(kind, entry, f"{where}: {word}")
    terms: dict[str, bool] = {}
    for kind, template in found.items():
        if terms.setdefault(template.id, template.long_term) != template.long_term:
            raise SettingsError(f"{where}: {kind}: the same template is long-term in one entry and not in another")
    return found


def _template(kind: MessageKind, entry: Any, where: str) -> Template:
    if not isinstance(entry, dict):
        raise SettingsError(f"{where}: must be an object of {', '.join(sorted(_KNOWN))}")
    if strange := set(entry) - _KNOWN:
        raise SettingsError(f"{where}: {min(strange)} is not one of {', '.join(sorted(_KNOWN))}")
    template, fields = entry.get("template"), entry.get("fields")
    long_term, page = entry.get("long_term", False), entry.get("page", "")
    if not isinstance(template, str) or not _ID.fullmatch(template):
        raise SettingsError(f"{where}: template must be WeChat's template id")
    if not isinstance(long_term, bool):
        raise SettingsError(f"{where}: long_term must be true or false")
    if not isinstance(page, str) or page.startswith("/") or len(page) > 200:
        raise SettingsError(f"{where}: page must be a mini-program path without a leading slash")
    if not isinstance(fields, dict) or not fields or not all(isinstance(value, str) for value in fields.values()):
        raise SettingsError(f"{where}: fields must map the template's keys to values, such as thing1 to building")
    for key, wanted in fields.items():
        if fault := subscribe.fault(kind, key, wanted):
            raise SettingsError(f"{where}: {key} {fault}")
    return Template(template, long_term, fields, page)


def init_app(app: Flask, path: Path | None) -> None:
    """Read the templates once. Raises SettingsError."""
    app.extensions["templates"] = read(path)


def configured() -> Templates:
    """The templates of this app."""
    templates: Templates = current_app.extensions["templates"]
    return templates
