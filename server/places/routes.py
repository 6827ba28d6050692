"""Routes of the room."""

from server.core.api import Blueprint

blueprint = Blueprint("places", __name__)
