"""What an open issue is called in front of its neighbours: a name that says nothing and leads nowhere but to joining it.

Never its public id: that stands in the address of the reporter's own page, so whoever once saw it over her shoulder could
tell from the list of the building which report is hers.
"""

import sqlalchemy as sa

from models import Issue
from models.base import PUBLIC_ID_ALPHABET
from server.core import crypto, database

LENGTH = 16
LOOKED_THROUGH = 500  # the latest issues of a building, joined ones too

_issues = Issue.__table__.c


def handle(public_id: str) -> str:
    """Sixteen characters of a keyed hash."""
    bits = int.from_bytes(crypto.blind_index(public_id, "issues.handle"))
    return "".join(PUBLIC_ID_ALPHABET[(bits >> 5 * place) & 31] for place in range(LENGTH))


def issue_behind(building_id: int, told: str) -> int | None:
    """The id of the issue of this building that neighbours know by this name; None for what belongs to none."""
    rows = database.connection().execute(
        sa.select(_issues.id, _issues.public_id)
        .where(_issues.building_id == building_id)
        .order_by(_issues.id.desc())
        .limit(LOOKED_THROUGH)
    )
    return next((row.id for row in rows if handle(row.public_id) == told), None)
