"""共性问题: what many buildings share, suggested by a rule, made and moved on by the office."""

from typing import Any

from server.commons import queries, service
from server.commons.queries import MemberItem, ProblemItem, ProblemView, Suggestion
from server.commons.schemas import (
    CommonProblemChangeSchema,
    CommonProblemInSchema,
    CommonProblemPageSchema,
    CommonProblemSchema,
    MembersSchema,
    NamedIssuesSchema,
    ProblemsQuery,
    SuggestionsSchema,
)
from server.commons.service import Draft
from server.core import clock, etags
from server.core.access import needs, require_actor
from server.core.api import Blueprint
from server.core.idempotency import idempotent
from server.core.paging import Page
from server.rules.permissions import Permission

blueprint = Blueprint("commons", __name__, description="共性问题")

_ETAG = {"ETag": {"schema": {"type": "string"}}}


def _tagged(view: ProblemView, status: int = 200) -> Any:
    return view, status, {"ETag": etags.tag(view.version)}


@blueprint.get("/common-problems")
@needs(Permission.COMMON_READ)
@blueprint.arguments(ProblemsQuery, location="query")
@blueprint.response(200, CommonProblemPageSchema)
def problems(query: dict[str, Any]) -> Page[ProblemItem]:
    """The common problems of my communities, newest first"""
    return queries.problems(require_actor(), query["state"], query["cursor"], query["limit"])


@blueprint.get("/common-problems/suggestions")
@needs(Permission.COMMON_WRITE)
@blueprint.response(200, SuggestionsSchema)
def suggestions() -> dict[str, list[Suggestion]]:
    """Similar issues of several buildings that are in no common problem yet, and why they are worth a look"""
    return {"items": queries.suggestions(require_actor(), clock.now())}


@blueprint.post("/common-problems")
@needs(Permission.COMMON_WRITE)
@idempotent
@blueprint.arguments(CommonProblemInSchema)
@blueprint.response(201, CommonProblemSchema, headers=_ETAG)
def make(body: dict[str, Any]) -> Any:
    """Make a common problem, from a suggestion or by hand"""
    actor, now = require_actor(), clock.now()
    return _tagged(queries.problem(actor, service.make(actor, Draft(**body), now), now), 201)


@blueprint.get("/common-problems/<string(length=16):problem>")
@needs(Permission.COMMON_READ)
@blueprint.response(200, CommonProblemSchema, headers=_ETAG)
def problem(problem: str) -> Any:
    """One common problem with its buildings and counts"""
    return _tagged(queries.problem(require_actor(), problem, clock.now()))


@blueprint.put("/common-problems/<string(length=16):problem>")
@needs(Permission.COMMON_WRITE)
@blueprint.arguments(CommonProblemChangeSchema)
@blueprint.response(200, CommonProblemSchema, headers=_ETAG)
def change(body: dict[str, Any], problem: str) -> Any:
    """Change its title, its note or how it stands; takes If-Match"""
    actor, now = require_actor(), clock.now()
    service.change(actor, problem, etags.expected_version(), **body, now=now)
    return _tagged(queries.problem(actor, problem, now))


@blueprint.get("/common-problems/<string(length=16):problem>/issues")
@needs(Permission.COMMON_WRITE)
@blueprint.response(200, MembersSchema)
def members(problem: str) -> dict[str, list[MemberItem]]:
    """Its issues, and those like it that are in none"""
    return {"items": queries.members(require_actor(), problem, clock.now())}


@blueprint.post("/common-problems/<string(length=16):problem>/issues")
@needs(Permission.COMMON_WRITE)
@idempotent
@blueprint.arguments(NamedIssuesSchema)
@blueprint.response(200, CommonProblemSchema, headers=_ETAG)
def add(body: dict[str, Any], problem: str) -> Any:
    """Put issues in; takes If-Match"""
    actor, now = require_actor(), clock.now()
    service.add(actor, problem, etags.expected_version(), body["issues"], now)
    return _tagged(queries.problem(actor, problem, now))


@blueprint.post("/common-problems/<string(length=16):problem>/issues/similar")
@needs(Permission.COMMON_WRITE)
@idempotent
@blueprint.response(200, CommonProblemSchema, headers=_ETAG)
def add_similar(problem: str) -> Any:
    """Put in whatever is like it now; takes If-Match"""
    actor, now = require_actor(), clock.now()
    service.add_similar(actor, problem, etags.expected_version(), now)
    return _tagged(queries.problem(actor, problem, now))


@blueprint.post("/common-problems/<string(length=16):problem>/issues/remove")
@needs(Permission.COMMON_WRITE)
@idempotent
@blueprint.arguments(NamedIssuesSchema)
@blueprint.response(200, CommonProblemSchema, headers=_ETAG)
def remove(body: dict[str, Any], problem: str) -> Any:
    """Take issues out; takes If-Match"""
    actor, now = require_actor(), clock.now()
    service.remove(actor, problem, etags.expected_version(), body["issues"], now)
    return _tagged(queries.problem(actor, problem, now))
