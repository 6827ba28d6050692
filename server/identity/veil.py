"""How somebody is known where the tables must not tell who they are: a keyed blind index of the person."""

from server.core import crypto

_FIELD = "persons.veil"


def veil(person_id: int) -> bytes:
    """16 bytes that are the same for the same person, and that nobody turns back without the key outside the database."""
    return crypto.blind_index(str(person_id), _FIELD)
