"""内容审核: what the public may see, and the office's review queue."""

from typing import Any

from flask import Response

from server.core import clock, etags
from server.core.access import needs, open_to_all, require_actor
from server.core.api import Blueprint
from server.core.errors import Problem, not_found
from server.core.idempotency import idempotent
from server.core.limits import slowed
from server.core.paging import Page
from server.moderation import queries, service
from server.moderation.queries import CheckView, PublicIssue
from server.moderation.schemas import (
    CheckPageSchema,
    CheckQuery,
    CheckSchema,
    DecideSchema,
    PublicIssuesQuery,
    PublicIssuesSchema,
)
from server.places import queries as places
from server.places.queries import BuildingView, Revoked
from server.rules import allowances
from server.rules.permissions import Permission

blueprint = Blueprint("moderation", __name__, description="内容审核")

STAIRWELL = "whoever stands in the stairwell may know what is being done there; nothing of anybody is shown"


@blueprint.get("/codes/<string(maxlength=16):code>/issues")
@open_to_all(STAIRWELL)
@slowed(allowances.READING)
@blueprint.arguments(PublicIssuesQuery, location="query")
@blueprint.response(200, PublicIssuesSchema)
def open_issues(query: dict[str, Any], code: str) -> dict[str, list[PublicIssue]]:
    """What is open in the building, latest first; with ?category= what a report may be the same as"""
    return {"items": queries.issues_of_building(_building(code).building_id, query["category"])}


@blueprint.get("/codes/<string(maxlength=16):code>/photos/<string(length=16):photo>")
@open_to_all(STAIRWELL)
@slowed(allowances.PICTURES)
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="image/jpeg")
def open_photo(code: str, photo: str) -> Response:
    """A photo of the list; gone as soon as it is withheld or its issue ends"""
    file = queries.photo_of_building(_building(code).building_id, photo)
    return etags.picture(file.etag, file.data)


def _building(code: str) -> BuildingView:
    building = places.building_by_code(code)
    if building is None:
        raise not_found()
    if isinstance(building, Revoked) or building.closed_at is not None:
        raise Problem(410, "code_revoked", "这张楼道码已经停用，请扫楼道里新贴的码，或者联系社区。")
    return building


@blueprint.get("/moderation")
@needs(Permission.MODERATION_READ)
@blueprint.arguments(CheckQuery, location="query")
@blueprint.response(200, CheckPageSchema)
def checks(query: dict[str, Any]) -> Page[CheckView]:
    """What waits for a person, oldest first; with ?state= what passed or was withheld, newest first"""
    return queries.checks(require_actor(), **query)


@blueprint.post("/moderation/<string(length=16):check>/decide")
@needs(Permission.MODERATION_DECIDE)
@idempotent
@blueprint.arguments(DecideSchema)
@blueprint.response(200, CheckSchema, headers={"ETag": {"schema": {"type": "string"}}})
def decide(body: dict[str, Any], check: str) -> Any:
    """Let the public see it, or withhold it; takes If-Match. A second decision says why"""
    expected = etags.expected_version()
    view = service.decide(require_actor(), check, expected, **body, now=clock.now())
    return view, 200, {"ETag": etags.tag(view.version)}
