"""Routes of the room."""

from server.core.api import Blueprint

blueprint = Blueprint("issues", __name__)
