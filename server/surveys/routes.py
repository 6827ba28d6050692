"""Routes of the room."""

from server.core.api import Blueprint

blueprint = Blueprint("surveys", __name__)
