"""Photos on pages: showing those the actor may see, keeping those a form brings."""

from datetime import datetime

from flask import Response

from models.enums import PhotoUse
from server.core import etags
from server.core.access import Actor, needs, require_actor
from server.photos import queries, service
from server.rules.permissions import Permission
from server.web.console import blueprint
from server.web.console.forms import uploads

PHOTOS_MEGABYTES = 62  # six pictures of 10 MB and the form around them


@blueprint.get("/photos/<string(length=16):photo>")
@needs(Permission.PHOTO_READ)
def photo(photo: str) -> Response:
    """A photo of something I may see. Asked for again each time: rights end."""
    file = queries.shown_to(require_actor(), photo)
    return etags.picture(file.etag, file.data)


def keep_uploads(actor: Actor, use: PhotoUse, now: datetime) -> list[str]:
    """Keep the photos this form brings; their ids. To be called before the first write of the request."""
    files = uploads()
    if not files:
        return []
    kept = service.keep_all((file.stream for file in files), use, actor.person_id, now)
    return [photo.id for photo in kept]
