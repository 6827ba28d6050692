"""职能部门: the departments of a district that answer whistles."""

from typing import Any

from server.core import clock, etags
from server.core.access import needs, require_actor
from server.core.api import Blueprint
from server.core.idempotency import idempotent
from server.core.paging import Page
from server.departments import queries, service
from server.departments.queries import DepartmentView
from server.departments.schemas import (
    DepartmentChangeSchema,
    DepartmentPageSchema,
    DepartmentQuery,
    DepartmentSchema,
    NewDepartmentSchema,
)
from server.rules.permissions import Permission

blueprint = Blueprint("departments", __name__, description="职能部门")

ETAG = {"ETag": {"schema": {"type": "string"}}}


@blueprint.get("/departments")
@needs(Permission.DEPARTMENT_READ)
@blueprint.arguments(DepartmentQuery, location="query")
@blueprint.response(200, DepartmentPageSchema)
def departments(query: dict[str, Any]) -> Page[DepartmentView]:
    """The departments of my district that can be called"""
    return queries.departments(require_actor(), **query)


@blueprint.post("/departments")
@needs(Permission.DEPARTMENT_WRITE)
@idempotent
@blueprint.arguments(NewDepartmentSchema)
@blueprint.response(201, DepartmentSchema, headers=ETAG)
def register(body: dict[str, Any]) -> Any:
    """Register a department"""
    return _shown(service.register(require_actor(), **body, now=clock.now()), 201)


@blueprint.get("/departments/<string(length=16):department>")
@needs(Permission.DEPARTMENT_READ)
@blueprint.response(200, DepartmentSchema, headers=ETAG)
def department(department: str) -> Any:
    """One department"""
    return _shown(department)


@blueprint.patch("/departments/<string(length=16):department>")
@needs(Permission.DEPARTMENT_WRITE)
@blueprint.arguments(DepartmentChangeSchema)
@blueprint.response(200, DepartmentSchema, headers=ETAG)
def change(body: dict[str, Any], department: str) -> Any:
    """Rename a department, say what it is called for, close or open it; takes If-Match"""
    service.change(require_actor(), department, etags.expected_version(), clock.now(), **body)
    return _shown(department)


def _shown(department: str, status: int = 200) -> Any:
    view = queries.department(require_actor(), department)
    return view, status, {"ETag": etags.tag(view.version)}
