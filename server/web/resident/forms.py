"""Residents' forms: read by the rooms' own schemas, told back in words that fit the page, nothing typed ever lost."""

import secrets
from dataclasses import dataclass, field
from typing import Any

import marshmallow as ma
from flask import request
from werkzeug.datastructures import FileStorage

from server.core.errors import FieldError, Problem, flatten
from server.rules.book import Emergency

ONCE = "once"
PHRASE = "phrase"


def new_once() -> str:
    """A key for one showing of a form: sent twice, it is done once."""
    return secrets.token_urlsafe(18)


@dataclass
class Form:
    """What stands in a form and what is wrong with it. `name` tells the forms of one page apart."""

    name: str = ""
    once: str = field(default_factory=new_once)
    typed: dict[str, str] = field(default_factory=dict)
    ticked: frozenset[str] = frozenset()
    errors: dict[str, str] = field(default_factory=dict)
    problem: str = ""
    alarm: Emergency | None = None  # call this number before anything is sent
    lost_photos: bool = False  # a browser without script cannot be handed its files back

    @classmethod
    def sent(cls, name: str = "") -> "Form":
        """The form this request carries."""
        typed = {key: value for key, value in request.form.items() if key not in (ONCE, PHRASE)}
        return cls(name, request.form.get(ONCE) or new_once(), typed, frozenset(request.form.getlist(PHRASE)))

    def of(self, name: str) -> "Form":
        """This form where it is the named one, an empty one otherwise: for pages with several."""
        return self if self.name == name else Form(name, self.once)

    def load(self, schema: type[ma.Schema], **extra: Any) -> dict[str, Any]:
        """The content by a room's schema. `extra` replaces what was typed. Raises Problem 422.

        An empty input counts as not given: browsers send every input. What the schema does not know is the page's own.
        """
        known = schema()
        told: dict[str, Any] = {k: v for k, v in self.typed.items() if v.strip() and k in known.fields}
        try:
            return dict(known.load({**told, **extra}))
        except ma.ValidationError as error:
            raise wrong(*flatten(error.messages)) from None

    def refuse(self, problem: Problem) -> int:
        """Note what was wrong, to be shown with the form. Returns the status to answer with."""
        self.errors = {}
        for error in problem.errors:
            self.errors.setdefault(error.field.split(".")[0], error.message)
        self.problem = "" if self.errors else problem.detail or ""
        return problem.code or 422


def wrong(*errors: FieldError) -> Problem:
    """Some fields are wrong."""
    return Problem(422, "invalid", "有几处要改一下，请看红字。", errors=errors)


def uploads(name: str) -> list[FileStorage]:
    """The files of an input; one left empty is none."""
    return [file for file in request.files.getlist(name) if file.filename]
