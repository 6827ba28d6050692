"""Reckoning the hashes of sealed months again."""

from dataclasses import dataclass

from server.scores import manifest


@dataclass(frozen=True, slots=True)
class Verified:
    """How many sealed months were reckoned again, and the first that is not what was sealed ("" when all are)."""

    months: int
    first_broken: str


def verify() -> Verified:
    """Reckon every sealed month's manifest again, and stop at the first that does not match."""
    count = 0
    for name, is_broken in manifest.broken():
        count += 1
        if is_broken:
            return Verified(count, name)
    return Verified(count, "")
