"""楼道码: the code on a building's door, its poster, replacing and revoking it."""

from flask import Response, request

from models.enums import PlaceKind
from server.core import clock
from server.core.access import needs, require_actor
from server.core.errors import Problem
from server.core.idempotency import idempotent
from server.places import queries, service
from server.places.queries import CodeView
from server.rules.permissions import Permission
from server.web.console import blueprint
from server.web.console.forms import Form, done, show


@blueprint.get("/places/<string(length=16):building>/code")
@needs(Permission.CODE_READ)
def code(building: str) -> Response:
    """The code with its picture and address."""
    return _page(building)


def _page(building: str, form: Form | None = None) -> Response:
    return show("code.html", form, code=_code(building), place=queries.detail(require_actor(), building))


def _code(building: str) -> CodeView | None:
    try:
        return queries.code_of(require_actor(), building)
    except Problem as problem:
        if problem.slug == "no_code":
            return None
        raise


@blueprint.get("/places/<string(length=16):building>/code.svg")
@needs(Permission.CODE_READ)
def code_picture(building: str) -> Response:
    """The code as a QR picture."""
    url = queries.code_of(require_actor(), building).url
    return Response(queries.qr_svg(url), content_type="image/svg+xml")


@blueprint.get("/places/<string(length=16):building>/poster")
@needs(Permission.CODE_READ)
def poster(building: str) -> Response:
    """The poster to print, on A4 or A6."""
    place = queries.detail(require_actor(), building)
    names = {above.kind: above.name for above in place.ancestors}
    return show(
        "poster.html",
        code=queries.code_of(require_actor(), building),
        place=place,
        community=names.get(PlaceKind.COMMUNITY, ""),
        estate=names.get(PlaceKind.ESTATE, ""),
        size="a6" if request.args.get("size") == "a6" else "a4",
    )


@blueprint.post("/places/<string(length=16):building>/code/rotate")
@needs(Permission.CODE_ROTATE)
@idempotent
def rotate_code(building: str) -> Response:
    """Replace the code: the old one is dark at once."""
    try:
        service.rotate_code(require_actor(), building, clock.now())
    except Problem as problem:
        return _page(building, Form.sent("rotate").refused(problem))
    return done("rotated", "code", building=building)


@blueprint.post("/places/<string(length=16):building>/code/revoke")
@needs(Permission.CODE_ROTATE)
@idempotent
def revoke_code(building: str) -> Response:
    """Revoke the code without a new one."""
    try:
        service.revoke_code(require_actor(), building, clock.now())
    except Problem as problem:
        return _page(building, Form.sent("revoke").refused(problem))
    return done("revoked", "code", building=building)
