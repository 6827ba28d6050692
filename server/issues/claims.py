"""Claim codes: how somebody without an account follows their report. Twelve characters, 60 random bits, kept as a keyed hash."""

import secrets

from models.base import PUBLIC_ID_ALPHABET
from server.core import crypto

LENGTH = 12


def new_claim() -> str:
    """A fresh claim code, as it stands in an address."""
    bits = secrets.randbits(5 * LENGTH)
    return "".join(PUBLIC_ID_ALPHABET[(bits >> shift) & 31] for shift in range(0, 5 * LENGTH, 5))


def show(claim: str) -> str:
    """As people read it: `abcd-efgh-jkmn`."""
    return "-".join(claim[i : i + 4] for i in range(0, LENGTH, 4))


def index(claim: str) -> bytes | None:
    """What the database knows of a claim code; None for what cannot be one. Forgives dashes, spaces, capitals, O and I."""
    typed = claim.replace("-", "").replace(" ", "").lower().translate(str.maketrans("oil", "011"))
    if len(typed) != LENGTH or not set(typed) <= set(PUBLIC_ID_ALPHABET):
        return None
    return crypto.blind_index(typed, "issues.claim")
