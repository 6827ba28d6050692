"""Forms of pages: read with the room's own schema, and shown again with what was typed when something is wrong."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

import marshmallow as ma
from flask import Response, make_response, redirect, render_template, request, url_for
from marshmallow import fields
from werkzeug.datastructures import FileStorage, MultiDict

from server.core import database
from server.core.errors import GENERAL, FieldError, Problem, flatten
from server.rules.calendar import SHANGHAI

# What the frame of a form carries beside the fields of its schema.
FRAME = frozenset({"form_token", "once", "version"})


def once() -> str:
    """A key for one form: sent twice, it is done once."""
    return secrets.token_urlsafe(16)


@dataclass
class Form:
    """One form of a page: what was typed into it, and what is wrong with it. Empty for a page that is first shown."""

    name: str = ""
    typed: MultiDict[str, str] = field(default_factory=MultiDict)
    errors: dict[str, str] = field(default_factory=dict)
    problem: str = ""
    status: int = 200

    @classmethod
    def sent(cls, name: str = "") -> "Form":
        """The form this request carries."""
        return cls(name, MultiDict(request.form))

    @classmethod
    def filled(cls, values: Mapping[str, Any], name: str = "") -> "Form":
        """A form that shows what is kept, to be corrected."""
        return cls(name, MultiDict({key: "" if value is None else value for key, value in values.items()}))

    def of(self, name: str) -> "Form":
        """This form where it is the named one, an empty form otherwise: for pages with several."""
        return self if self.name == name else Form(name)

    def value(self, name: str, default: str = "") -> str:
        """What stands in a field."""
        return str(self.typed.get(name, default))

    def load(self, schema: type[ma.Schema], *, without: tuple[str, ...] = (), **extra: Any) -> dict[str, Any]:
        """The form's content by the room's schema, `without` the page's own fields; `extra` comes not from the form.

        Raises Problem 422. An empty input counts as not given: browsers send every input of a form.
        """
        told = {key: values for key, values in self.typed.lists() if key not in FRAME and key not in without}
        return load(schema, told, **extra)

    def day(self, name: str) -> datetime | None:
        """The end of the day that stands in a date input (24:00 in Shanghai), or None. Raises Problem 422."""
        written = self.value(name)
        if not written:
            return None
        try:
            last = date.fromisoformat(written)
            return datetime.combine(last, time(), SHANGHAI) + timedelta(days=1)
        except (ValueError, OverflowError):
            raise wrong(name, "日期格式应为 年-月-日。") from None

    @property
    def version(self) -> int:
        """Which version of the row this form was made from. Raises Problem 412 when the form does not say."""
        given = self.typed.get("version", "")
        if not given.isdecimal() or len(given) > 9:
            raise Problem(412, *GENERAL[412])
        return int(given)

    def refused(self, problem: Problem, *, forbidden_too: bool = False) -> "Form":
        """This form with what was wrong. What cannot be told beside a form (not found, not allowed) is raised on.

        `forbidden_too`: the page may show a 403 that says whom to ask instead.
        """
        if problem.code == 401 or (problem.code == 403 and not forbidden_too) or problem.slug == "not_found":
            raise problem
        database.rollback()
        self.status = problem.code or 422
        self.problem = problem.detail or ""
        self.errors = {}
        for error in problem.errors:
            self.errors.setdefault(error.field, error.message)
        return self


def load(schema: type[ma.Schema], told: Mapping[str, list[str]], **extra: Any) -> dict[str, Any]:
    """Form or query values by a schema. Raises Problem 422."""
    instance = schema()
    content: dict[str, Any] = dict(extra)
    for name, values in told.items():
        given = [value for value in values if value.strip()]
        if isinstance(instance.load_fields.get(name), fields.List):
            content[name] = given
        elif given:
            content[name] = _typed(instance.load_fields.get(name), given[-1])
    try:
        return dict(instance.load(content))
    except ma.ValidationError as error:
        code, detail = GENERAL[422]
        raise Problem(422, code, detail, errors=tuple(flatten(error.messages))) from None


def _typed(expected: fields.Field[Any] | None, written: str) -> Any:
    """What a browser sends as text, as the number or truth value that programs send."""
    match expected:
        case fields.Boolean():
            return {"true": True, "false": False}.get(written, written)
        case fields.Integer() if written.strip().isdecimal() and len(written) < 10:
            return int(written)
        case _:
            return written


def load_query(schema: type[ma.Schema]) -> dict[str, Any]:
    """The address's filters by the room's schema; `done` is the page's own."""
    return load(schema, {key: values for key, values in request.args.lists() if key != "done"})


def uploads(name: str = "photos") -> list[FileStorage]:
    """The files of a form; an input left empty is none."""
    return [file for file in request.files.getlist(name) if file.filename]


def show(template: str, form: Form | None = None, **context: Any) -> Response:
    """A page, with the status of its form."""
    form = form or Form()
    return make_response(render_template(f"console/{template}", form=form, **context), form.status)


def done(word: str, endpoint: str, *, anchor: str | None = None, **values: Any) -> Response:
    """After a form: on to a page that says what was done."""
    target = url_for(f"console.{endpoint}", done=word, _anchor=anchor, **values)
    return redirect(target, 303)  # type: ignore[return-value]


def wrong(name: str, message: str) -> Problem:
    """One field of a form is wrong."""
    return Problem(422, "invalid", message, errors=(FieldError(name, message),))
