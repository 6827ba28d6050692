"""楼道码: the code on a building's door, its posters, replacing and revoking it, and the codes there were before."""

from urllib.parse import quote

from flask import Response, request

from models.enums import CodeEnd, PlaceKind
from server.core import clock
from server.core.access import needs, require_actor
from server.core.errors import Problem
from server.core.idempotency import idempotent
from server.places import queries, service
from server.places.queries import CodeView
from server.places.schemas import CodeRevocationSchema, CodeRotationSchema, PosterQuery
from server.places.service import Size
from server.rules.permissions import Permission
from server.web.console import blueprint
from server.web.console.forms import Form, done, load_query, show

PAST_SHOWN = 20


@blueprint.get("/places/<string(length=16):building>/code")
@needs(Permission.CODE_READ)
def code(building: str) -> Response:
    """The code with its picture and address, and the codes before it."""
    return _page(building)


def _page(building: str, form: Form | None = None) -> Response:
    actor = require_actor()
    return show(
        "code.html",
        form,
        code=_code(building),
        place=queries.detail(actor, building),
        past=queries.codes_of(actor, building, cursor=request.args.get("cursor"), limit=PAST_SHOWN),
        sizes=Size,
        replacing=[why for why in CodeEnd if why is not CodeEnd.CLOSED],
        ending=list(CodeEnd),
    )


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


@blueprint.get("/places/<string(length=16):place>/posters")
@needs(Permission.CODE_READ)
def posters(place: str) -> Response:
    """What can be printed for every building of a place, and which buildings have no code to print."""
    actor = require_actor()
    view, count = queries.detail(actor, place), queries.count_for_posters(actor, place)
    return show(
        "posters.html", place=view, count=count, most=queries.POSTERS_MOST, sizes=Size, building=PlaceKind.BUILDING
    )


@blueprint.get("/places/<string(length=16):place>/posters.pdf")
@needs(Permission.CODE_READ)
def poster_file(place: str) -> Response:
    """The posters to print."""
    size = load_query(PosterQuery)["size"]
    name, content = service.print_posters(require_actor(), place, size, clock.now())
    response = Response(content, content_type="application/pdf")
    # Shown, not downloaded: from the browser's own viewer a clerk prints at once.
    response.headers["Content-Disposition"] = f"inline; filename=posters-{size}.pdf; filename*=UTF-8''{quote(name)}"
    return response


@blueprint.post("/places/<string(length=16):building>/code/rotate")
@needs(Permission.CODE_ROTATE)
@idempotent
def rotate_code(building: str) -> Response:
    """Replace the code: the old one is dark at once."""
    form = Form.sent("rotate")
    try:
        service.rotate_code(require_actor(), building, clock.now(), **form.load(CodeRotationSchema))
    except Problem as problem:
        return _page(building, form.refused(problem))
    return done("rotated", "code", building=building)


@blueprint.post("/places/<string(length=16):building>/code/revoke")
@needs(Permission.CODE_ROTATE)
@idempotent
def revoke_code(building: str) -> Response:
    """Revoke the code without a new one."""
    form = Form.sent("revoke")
    try:
        service.revoke_code(require_actor(), building, clock.now(), **form.load(CodeRevocationSchema))
    except Problem as problem:
        return _page(building, form.refused(problem))
    return done("revoked", "code", building=building)
