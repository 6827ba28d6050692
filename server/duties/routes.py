"""Routes of the room."""

from server.core.api import Blueprint

blueprint = Blueprint("duties", __name__)
