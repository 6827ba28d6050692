"""照片: sending one, seeing one."""

from typing import Any

from flask import Response, current_app

from server.core import clock, etags
from server.core.access import needs, open_to_all, require_actor
from server.core.api import Blueprint
from server.core.application import takes_up_to
from server.core.idempotency import idempotent
from server.core.limits import slowed
from server.photos import queries, service
from server.photos.schemas import KeptPhotoSchema, PhotoFormSchema, ScannedPhotoFormSchema
from server.photos.service import Kept
from server.rules import allowances
from server.rules.permissions import Permission

blueprint = Blueprint("photos", __name__, description="照片")

MEGABYTES = 12  # a picture of 10 MB and the form around it


@blueprint.post("/photos")
@needs(Permission.PHOTO_WRITE)
@slowed(allowances.PHOTOS)
@takes_up_to(MEGABYTES)
@idempotent
@blueprint.arguments(PhotoFormSchema, location="multipart")
@blueprint.response(201, KeptPhotoSchema)
def upload(form: dict[str, Any]) -> Kept:
    """Send a photo; attach it to something within a day"""
    return service.upload(require_actor(), form["photo"].stream, form["use"], clock.now())


@blueprint.post("/codes/<string(maxlength=16):code>/photos")
@open_to_all("whoever stands in the stairwell may show what is broken; no account is needed")
@slowed(allowances.PHOTOS)
@takes_up_to(MEGABYTES)
@idempotent
@blueprint.arguments(ScannedPhotoFormSchema, location="multipart")
@blueprint.response(201, KeptPhotoSchema)
def upload_by_code(form: dict[str, Any], code: str) -> Kept:
    """Send a photo with a stairwell code and no account; attach it to a report within a day"""
    return service.upload_by_code(code, form["photo"].stream, clock.now())


@blueprint.get("/photos/<string(length=16):photo>")
@needs(Permission.PHOTO_READ)
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="image/jpeg")
def photo(photo: str) -> Response:
    """A photo I sent, or of something I may see"""
    file = queries.shown_to(require_actor(), photo)
    return etags.picture(file.etag, file.data)


@blueprint.get("/media/<string(maxlength=160):token>")
@open_to_all("WeChat fetches here what it is to check; the address is sealed and dark after the verdict")
@slowed(allowances.PICTURES)
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="image/jpeg")
def to_be_checked(token: str) -> Response:
    """A photo while its content check waits, for whoever was given this address"""
    response = current_app.response_class(queries.at_address(token, clock.now()).data(), mimetype="image/jpeg")
    response.headers.update({"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"})
    return response
