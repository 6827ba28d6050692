"""Opening the seal on a hidden reporter. Asks nobody: only for those who checked that two people agreed (server.shield)."""

import sqlalchemy as sa

from models import Issue
from server.core import database
from server.issues import hidden
from server.issues.hidden import Hidden

_issues = Issue.__table__.c


def hidden_reporter(issue_id: int) -> Hidden | None:
    """Who hid behind an issue; None when nothing is kept of them (any more)."""
    query = sa.select(_issues.reporter_sealed).where(_issues.id == issue_id)
    sealed = database.connection().execute(query).scalar()
    return None if sealed is None else hidden.opened(sealed)
