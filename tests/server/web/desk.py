"""Somebody at the console, as a browser without JavaScript: opens pages, fills the forms that are really on them.

desk = Desk(world.staff(Role.COMMUNITY, community))
page = desk.open("/console/issues/…")
page.submit("/accept", text="马上来")        fills the form whose address ends so, with what it already carries
"""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from io import BytesIO
from typing import Any

from werkzeug.test import TestResponse

from server.core import auth
from tests.world import Caller

VOID = {"input", "br", "img", "meta", "link", "hr"}


@dataclass
class PageForm:
    """A form as it stands on a page."""

    action: str
    method: str
    id: str = ""
    fields: list[tuple[str, str]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    options: dict[str, list[str]] = field(default_factory=dict)


class _Reader(HTMLParser):
    """Collects forms (inputs bound by `form=` too), links and the text people read."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self.bound: list[tuple[str, dict[str, str | None], str]] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self._form: PageForm | None = None
        self._select = ""
        self._area: list[str] | None = None
        self._area_name = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, value = given.get("name") or "", given.get("value") or ""
        if tag == "form":
            self._form = PageForm(given.get("action") or "", given.get("method") or "get", given.get("id") or "")
            self.forms.append(self._form)
        elif tag == "a":
            self.links.append(given.get("href") or "")
        elif tag == "input" and name:
            kind = given.get("type", "text")
            ticked = kind not in ("radio", "checkbox", "file") or "checked" in given
            self._note(given, name, value if ticked else None)
        elif tag == "button" and name:
            self._note(given, name, None)
        elif tag == "select":
            self._select = name
            self._note(given, name, None)
        elif tag == "option" and self._select:
            self._option(value, "selected" in given)
        elif tag == "textarea":
            self._area, self._area_name = [], name

    def _target(self, given: dict[str, str | None]) -> PageForm | None:
        if owner := given.get("form"):
            return next((form for form in self.forms if form.id == owner), None)
        return self._form

    def _note(self, given: dict[str, str | None], name: str, value: str | None) -> None:
        form = self._target(given)
        if form is None:
            return
        form.names.add(name)
        if value is not None:
            form.fields.append((name, value))

    def _option(self, value: str, selected: bool) -> None:
        if self._form is None:
            return
        known = self._form.options.setdefault(self._select, [])
        known.append(value)
        if selected or len(known) == 1:
            self._form.fields = [pair for pair in self._form.fields if pair[0] != self._select]
            self._form.fields.append((self._select, value))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea" and self._area is not None:
            if self._form is not None:
                self._form.names.add(self._area_name)
                self._form.fields.append((self._area_name, "".join(self._area).removeprefix("\n")))
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area.append(data)
        elif not self._select:
            self.words.append(data)


class Page:
    """An answer of the console, read as a person would."""

    def __init__(self, desk: "Desk", response: TestResponse) -> None:
        self.desk, self.response, self.status = desk, response, response.status_code
        self.html = response.get_data(as_text=True)
        reader = _Reader()
        reader.feed(self.html)
        self.forms, self.links = reader.forms, reader.links
        self.text = " ".join(" ".join(reader.words).split())

    def form(self, ending: str) -> PageForm:
        """The form whose address ends so. Fails when there is none."""
        found = [form for form in self.forms if form.action.partition("?")[0].endswith(ending)]
        assert found, f"no form to …{ending}; there are {[form.action for form in self.forms]}"
        return found[0]

    def has_form(self, ending: str) -> bool:
        return any(form.action.partition("?")[0].endswith(ending) for form in self.forms)

    def value(self, ending: str, name: str) -> str:
        """What stands in a field of a form."""
        return next(value for key, value in self.form(ending).fields if key == name)

    def submit(self, ending: str, *, files: dict[str, Any] | None = None, **typed: str) -> "Page":
        """Fill a form and send it. A field that is not on the page is a mistake of the test or of the page."""
        form = self.form(ending)
        unknown = set(typed) - form.names
        assert not unknown, f"the form has no {unknown}, only {form.names}"
        data: dict[str, Any] = {}
        for key, value in form.fields:
            data.setdefault(key, []).append(value)
        data.update(typed)
        for name, content in (files or {}).items():
            assert name in form.names
            data[name] = [(BytesIO(one), "photo.jpg") for one in content]
        return self.desk.send(form.action, data)


class Desk:
    """A browser with the console's cookie."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.client = caller._client
        if caller.token:
            self.client.set_cookie(auth.COOKIE, caller.token, path="/console")

    def open(self, path: str, status: int = 200) -> Page:
        """A page, which must answer with `status`."""
        response = self.client.get(path)
        assert response.status_code == status, f"{path}: {response.status_code} {response.get_data(as_text=True)[:600]}"
        return Page(self, response)

    def send(self, path: str, data: dict[str, Any]) -> Page:
        """A form as it is; redirects are followed, as a browser does."""
        response = self.client.post(path, data=data)
        if response.status_code in (302, 303):
            response = self.client.get(response.headers["Location"])
        return Page(self, response)
