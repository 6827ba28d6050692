"""办事规则: reading the book that holds here, changing one's own place's, its versions, and "where would this go?"."""

from typing import Any

from flask import Response, request

from models.enums import IssueCategory, Level, Triage
from server.core import clock
from server.core.access import needs, require_actor
from server.core.errors import Problem, not_found
from server.core.idempotency import idempotent
from server.places import queries as places
from server.rulebook import queries, service
from server.rulebook.queries import BookView
from server.rulebook.schemas import TrySchema
from server.rules import book_changes
from server.rules.book import FIRST_LEVELS, Ask, HelperKind, Topic
from server.rules.clocks import Unit
from server.rules.permissions import Permission
from server.web.console import blueprint
from server.web.console.buildings import options
from server.web.console.forms import Form, done, show
from server.web.console.rulebook_forms import (
    PACES,
    SPANS,
    new_key,
    settings_values,
    topic_content,
    topic_values,
    with_settings,
    with_topic,
)

NEW = "new"
WORDS: dict[str, Any] = {
    "asks": Ask,
    "triages": Triage,
    "helper_kinds": HelperKind,
    "units": Unit,
    "levels": Level,
    "first_levels": FIRST_LEVELS,
    "spans": SPANS,
    "paces": PACES,
}


@blueprint.get("/rulebook")
@needs(Permission.BOOK_READ)
def rulebook() -> Response:
    """The book of the first of one's places."""
    place, _ = queries.own_places(require_actor())[0]
    return _book_page(place)


@blueprint.get("/rulebook/<string(length=16):place>")
@needs(Permission.BOOK_READ)
def rulebook_of(place: str) -> Response:
    """The whole book on one page."""
    return _book_page(place)


def _book_page(place: str) -> Response:
    view = queries.view(require_actor(), place)
    return show("rulebook.html", view=view, places=queries.own_places(require_actor()), **WORDS)


# --- changing one topic


@blueprint.get("/rulebook/<string(length=16):place>/topics/<string(maxlength=40):key>")
@needs(Permission.BOOK_READ)
def rulebook_topic(place: str, key: str) -> Response:
    """The form of one topic, or of a new one."""
    view = queries.view(require_actor(), place)
    return _topic_page(view, key, Form.filled(topic_values(_topic(view, key))))


def _topic(view: BookView, key: str) -> Topic:
    if key == NEW:
        wanted = request.args.get("category", "")
        return Topic("", next((c for c in IssueCategory if c == wanted), IssueCategory.OTHER), "")
    topic = view.book.topic(key)
    if topic is None:
        raise not_found()
    return topic


def _topic_page(view: BookView, key: str, form: Form) -> Response:
    topic = None if key == NEW else _topic(view, key)
    return show(
        "rulebook_topic.html",
        form,
        view=view,
        key=key,
        topic=topic,
        kinds=[(kind.category.value, kind.name) for kind in view.book.kinds],
        emergencies=[(one.key, f"{one.name} {one.number}") for one in view.book.emergencies],
        **WORDS,
    )


@blueprint.post("/rulebook/<string(length=16):place>/topics/<string(maxlength=40):key>")
@needs(Permission.BOOK_WRITE)
@idempotent
def save_rulebook_topic(place: str, key: str) -> Response:
    """Publish a version with this topic."""
    actor, form = require_actor(), Form.sent()
    view = queries.view(actor, place)
    if key != NEW:
        _topic(view, key)
    try:
        content = with_topic(view.book, topic_content(form, new_key(view.book) if key == NEW else key))
        service.publish(actor, place, content, _note(form), form.version, clock.now())
    except Problem as problem:
        return _topic_page(view, key, _refused(form, problem))
    return done("rulebook", "rulebook_of", place=place, anchor=f"k-{form.value('category')}")


# --- the whole book's settings


@blueprint.get("/rulebook/<string(length=16):place>/settings")
@needs(Permission.BOOK_READ)
def rulebook_settings(place: str) -> Response:
    """Categories, clocks, office hours, emergencies and words."""
    view = queries.view(require_actor(), place)
    return show("rulebook_settings.html", Form.filled(settings_values(view.book)), view=view, **WORDS)


@blueprint.post("/rulebook/<string(length=16):place>/settings")
@needs(Permission.BOOK_WRITE)
@idempotent
def save_rulebook_settings(place: str) -> Response:
    """Publish a version with these settings."""
    actor, form = require_actor(), Form.sent()
    view = queries.view(actor, place)
    try:
        service.publish(actor, place, with_settings(view.book, form), _note(form), form.version, clock.now())
    except Problem as problem:
        return show("rulebook_settings.html", _refused(form, problem), view=view, **WORDS)
    return done("rulebook", "rulebook_of", place=place)


def _note(form: Form) -> str:
    return service.note_of(form.value("note"))


def _refused(form: Form, problem: Problem) -> Form:
    """The form with every fault of the book, not only the first of a field."""
    refused = form.refused(problem)
    faults = [error.message for error in problem.errors if error.field == "content"]
    refused.errors |= {f"content.{n}": fault for n, fault in enumerate(faults)}
    refused.errors.pop("content", None)
    return refused


# --- versions


@blueprint.get("/rulebook/<string(length=16):place>/versions")
@needs(Permission.BOOK_READ)
def rulebook_versions(place: str) -> Response:
    """Which role changed it, when and why."""
    view = queries.view(require_actor(), place)
    page = queries.versions(require_actor(), place, request.args.get("cursor"))
    return show("rulebook_versions.html", view=view, page=page, cursor=request.args.get("cursor"))


@blueprint.get("/rulebook/<string(length=16):place>/versions/<int:version>")
@needs(Permission.BOOK_READ)
def rulebook_version(place: str, version: int) -> Response:
    """What one version changed against the one before."""
    if version >= 2**31:
        raise not_found()
    view = queries.view(require_actor(), place)
    found, book, before = queries.one_version(require_actor(), place, version)
    return show("rulebook_version.html", view=view, version=found, changes=book_changes.changes(before, book))


# --- where would this go?


@blueprint.get("/rulebook/try")
@needs(Permission.BOOK_READ)
def try_rulebook() -> Response:
    """The test page."""
    return _try_page(Form.filled({"building": request.args.get("building", "")}))


def _try_page(form: Form, tried: queries.Tried | None = None) -> Response:
    actor = require_actor()
    buildings, named = options(actor, Permission.BOOK_READ), form.value("building")
    if named and named not in dict(buildings):  # street and district come from the building's own page
        buildings.append((named, places.detail(actor, named).name))
    place, _ = queries.own_places(actor)[0]
    view = queries.view(actor, place)
    kinds = [(kind.category.value, kind.name) for kind in view.book.offered]
    return show("rulebook_try.html", form, buildings=buildings, view=view, kinds=kinds, tried=tried)


@blueprint.post("/rulebook/try")
@needs(Permission.BOOK_READ)
def tried_rulebook() -> Response:
    """Route, clocks and why; nothing is filed."""
    form = Form.sent()
    try:
        body = form.load(TrySchema)
        tried = queries.would_go(require_actor(), **body, now=clock.now())
    except Problem as problem:
        return _try_page(form.refused(problem))
    return _try_page(form, tried)
