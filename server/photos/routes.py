"""Routes of the room."""

from server.core.api import Blueprint

blueprint = Blueprint("photos", __name__)
