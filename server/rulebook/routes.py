"""办事规则: what may be reported here (open), and for staff the whole book, its versions, changing and trying it."""

from typing import Any

from server.core import clock, etags
from server.core.access import needs, open_to_all, require_actor
from server.core.api import Blueprint
from server.core.limits import slowed
from server.core.paging import Page
from server.core.schemas import PageQuery
from server.rulebook import queries, service
from server.rulebook.queries import Version
from server.rulebook.schemas import (
    BookSchema,
    BookVersionPageSchema,
    EmergencyCheckedSchema,
    EmergencyCheckSchema,
    OfferedSchema,
    PublishSchema,
    TriedSchema,
    TrySchema,
)
from server.rules import allowances, routing
from server.rules.permissions import Permission

blueprint = Blueprint("rulebook", __name__, description="办事规则")

ETAG = {"ETag": {"schema": {"type": "string"}}}
STAIRWELL = "whoever stands in the stairwell may report; no account is needed"


@blueprint.get("/codes/<string(maxlength=16):code>/topics")
@open_to_all(STAIRWELL)
@slowed(allowances.READING)
@blueprint.response(200, OfferedSchema)
def topics(code: str) -> dict[str, Any]:
    """What may be reported from this building: categories, topics, questions, and emergencies with their numbers"""
    book = queries.book_for_code(code)
    kinds = [
        {"category": kind.category, "name": kind.name, "topics": book.topics_of(kind.category)} for kind in book.offered
    ]
    return {"kinds": kinds, "emergencies": book.emergencies}


@blueprint.post("/codes/<string(maxlength=16):code>/check")
@open_to_all(STAIRWELL)
@slowed(allowances.READING)
@blueprint.arguments(EmergencyCheckSchema)
@blueprint.response(200, EmergencyCheckedSchema)
def check(body: dict[str, str], code: str) -> dict[str, Any]:
    """Whether what is being written calls for 110, 119 or 120 first; files and keeps nothing"""
    return {"emergency": routing.alarm(queries.book_for_code(code), body["text"], body["topic"])}


@blueprint.get("/rulebooks/<string(length=16):place>")
@needs(Permission.BOOK_READ)
@blueprint.response(200, BookSchema, headers=ETAG)
def book(place: str) -> Any:
    """The whole book that holds at a place; the ETag is the version of the place's own (0: it has none)"""
    return _shown(place)


@blueprint.put("/rulebooks/<string(length=16):place>")
@needs(Permission.BOOK_WRITE)
@blueprint.arguments(PublishSchema)
@blueprint.response(200, BookSchema, headers=ETAG)
def publish(body: dict[str, Any], place: str) -> Any:
    """Publish a new version of the place's own book; `If-Match` names the version it was made from (0: none yet)"""
    service.publish(require_actor(), place, body["content"], body["note"], etags.expected_version(), clock.now())
    return _shown(place)


def _shown(place: str) -> Any:
    view = queries.view(require_actor(), place)
    return view, 200, {"ETag": etags.tag(view.version)}


@blueprint.get("/rulebooks/<string(length=16):place>/versions")
@needs(Permission.BOOK_READ)
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, BookVersionPageSchema)
def versions(query: dict[str, Any], place: str) -> Page[Version]:
    """Who (in which role) changed the book, when, and why"""
    return queries.versions(require_actor(), place, query["cursor"], query["limit"])


@blueprint.post("/rulebooks/try")
@needs(Permission.BOOK_READ)
@blueprint.arguments(TrySchema)
@blueprint.response(200, TriedSchema)
def would_go(body: dict[str, Any]) -> dict[str, Any]:
    """Where would this go? Route, clocks and why; nothing is filed"""
    tried = queries.would_go(require_actor(), **body, now=clock.now())
    said = tried.suggestion
    return {
        "category": said.category,
        "topic": said.topic.key if said.topic else "",
        "topic_name": said.topic.name if said.topic else "",
        "guessed": said.guessed,
        "urgent": said.urgent,
        "emergency": said.emergency,
        "triage": said.triage,
        "level": said.step.to_level,
        "department": said.department,
        "sign_in_due_at": said.dues.sign_in,
        "contact_due_at": said.dues.contact,
        "due_at": said.dues.report,
        "why": tried.why,
    }
