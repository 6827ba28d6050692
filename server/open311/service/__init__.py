"""Writing for other systems: their keys, their requests, their updates."""

from server.open311.service.filing import Filed, Wanted, file_request
from server.open311.service.keys import Made, make_key, make_key_by_operator, renew_key, revoke_key
from server.open311.service.updating import update_request

__all__ = [
    "Filed",
    "Made",
    "Wanted",
    "file_request",
    "make_key",
    "make_key_by_operator",
    "renew_key",
    "revoke_key",
    "update_request",
]
