"""Who a hidden reporter is, as it is kept: sealed for the two people who may open it, veiled to find one's own.

Only this module knows what is inside `issues.reporter_sealed`.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from server.core import crypto
from server.identity.queries import veil

_SEALED = "issues.reporter_sealed"


@dataclass(frozen=True, slots=True)
class Hidden:
    """What a hidden reporter left: themselves, if they were signed in, and a phone, if they left one."""

    person_id: int | None = field(repr=False)
    phone: str = field(repr=False)


def columns(who: Hidden) -> dict[str, bytes | None]:
    """What an issue's row holds of them."""
    told = json.dumps({"person": who.person_id, "phone": who.phone})
    index = None if who.person_id is None else veil(who.person_id)
    return {"reporter_index": index, "reporter_sealed": crypto.seal(told, _SEALED)}


def opened(sealed: bytes) -> Hidden:
    """What was sealed. For telling them something, and for an opening two people agreed to; never for an answer else."""
    told = json.loads(crypto.open_sealed(sealed, _SEALED))
    return Hidden(told["person"], told["phone"])


def is_by(row: Any, person_id: int) -> bool:
    """Whether a person reported it, openly or hidden. `row` has reporter_id and reporter_index."""
    return bool(
        row.reporter_id == person_id or (row.reporter_index is not None and row.reporter_index == veil(person_id))
    )


def reporter_of(row: Any) -> int | None:
    """The reporter, as far as the law asks: the open one, or the one who settled it, if that is who hid.

    Of another hidden reporter nobody needs to know who they are; the answer is None, as for somebody without an account.
    """
    if row.reporter_id is None and row.resolved_by_id is not None and is_by(row, row.resolved_by_id):
        return int(row.resolved_by_id)
    found: int | None = row.reporter_id
    return found
