"""Routes of the room."""

from server.core.api import Blueprint

blueprint = Blueprint("heads", __name__)
