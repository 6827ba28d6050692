"""Opening the seal on a hidden reporter: to tell them something, or for an opening two people agreed to (server.shield)."""

from datetime import datetime

import sqlalchemy as sa

from models import Issue
from models.enums import MessageKind
from server.core import database
from server.issues import hidden
from server.issues.hidden import Hidden
from server.issues.service import hushed

_issues = Issue.__table__.c


def hidden_reporter(issue_id: int) -> Hidden | None:
    """Who hid behind an issue; None when nothing is kept of them (any more). Asks nobody whether that may be known."""
    query = sa.select(_issues.reporter_sealed).where(_issues.id == issue_id)
    sealed = database.connection().execute(query).scalar()
    return None if sealed is None else hidden.opened(sealed)


def tell_hidden(issue_id: int, kind: MessageKind, key: str, now: datetime) -> bool:
    """Tell a hidden reporter something of this kind, once for each `key`. Returns whether it was new to somebody."""
    who = hidden_reporter(issue_id)
    if who is None or who.person_id is None:
        return False
    return hushed.tell([hushed.hushed(who.person_id, kind, key)], now) > 0
