"""Routes of the room."""

from server.core.api import Blueprint

blueprint = Blueprint("scores", __name__)
