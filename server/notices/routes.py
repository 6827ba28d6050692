"""Routes of the room."""

from server.core.api import Blueprint

blueprint = Blueprint("notices", __name__)
