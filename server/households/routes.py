"""Routes of the room."""

from server.core.api import Blueprint

blueprint = Blueprint("households", __name__)
