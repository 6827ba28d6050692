"""职能部门: registering a district's departments, renaming and closing them."""

from flask import Response, request

from server.core import clock, paging
from server.core.access import needs, require_actor
from server.core.errors import Problem
from server.core.idempotency import idempotent
from server.departments import queries, service
from server.departments.schemas import DepartmentChangeSchema, NewDepartmentSchema
from server.rules.permissions import Permission
from server.web.console import blueprint
from server.web.console.forms import Form, done, show


@blueprint.get("/departments")
@needs(Permission.DEPARTMENT_READ)
def departments() -> Response:
    """The departments of my district."""
    return _page(Form())


def _page(form: Form) -> Response:
    actor = require_actor()
    page = queries.departments(actor, closed=True, cursor=request.args.get("cursor"), limit=paging.MOST)
    districts = {post.place: post.place_name for post in actor.posts_granting(Permission.DEPARTMENT_WRITE)}
    return show("departments.html", form, page=page, districts=list(districts.items()))


@blueprint.post("/departments")
@needs(Permission.DEPARTMENT_WRITE)
@idempotent
def register_department() -> Response:
    """Register a department."""
    form = Form.sent("new")
    try:
        service.register(require_actor(), **form.load(NewDepartmentSchema), now=clock.now())
    except Problem as problem:
        return _page(form.refused(problem))
    return done("department", "departments")


@blueprint.post("/departments/<string(length=16):department>")
@needs(Permission.DEPARTMENT_WRITE)
@idempotent
def change_department(department: str) -> Response:
    """Rename a department, or say anew what it is called for."""
    form = Form.sent(f"change-{department}")
    try:
        body = form.load(DepartmentChangeSchema)
        body.setdefault("duty", "")  # an emptied input is not sent on: here it means "nothing"
        service.change(require_actor(), department, form.version, clock.now(), **body)
    except Problem as problem:
        return _page(form.refused(problem))
    return done("saved", "departments")


@blueprint.post("/departments/<string(length=16):department>/<any(close,open):act>")
@needs(Permission.DEPARTMENT_WRITE)
@idempotent
def close_department(department: str, act: str) -> Response:
    """Close a department that is no longer called, or open it again."""
    form = Form.sent(f"close-{department}")
    try:
        service.change(require_actor(), department, form.version, clock.now(), closed=act == "close")
    except Problem as problem:
        return _page(form.refused(problem))
    return done("saved", "departments")
