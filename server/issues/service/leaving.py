"""What stays of a report when its reporter takes themselves, or their phone number, back."""

import sqlalchemy as sa

from models import Issue
from server.core import crypto, database
from server.identity.queries import veil
from server.issues import hidden
from server.issues.hidden import Hidden

_issues = Issue.__table__.c
_CONTACT = "issues.contact_sealed"


def forget_reporter(person_id: int) -> int:
    """Part the reports of a person from them: the reports stay, who made them and the phone left with them go.

    Returns how many. Whoever kept the claim code still follows theirs.
    """
    openly = sa.update(Issue).where(_issues.reporter_id == person_id).values(reporter_id=None, contact_sealed=None)
    veiled = sa.update(Issue).where(_issues.reporter_index == veil(person_id))
    conn = database.connection()
    return (
        conn.execute(openly).rowcount + conn.execute(veiled.values(reporter_index=None, reporter_sealed=None)).rowcount
    )


def forget_contact(person_id: int, number: str) -> int:
    """Delete a phone number from the reports of the person who takes it back. Returns from how many.

    A number they typed themselves that is another one stays: it did not come from WeChat.
    """
    conn = database.connection()
    left = conn.execute(
        sa.select(_issues.id, _issues.contact_sealed).where(
            _issues.reporter_id == person_id, _issues.contact_sealed.is_not(None)
        )
    )
    same = [row.id for row in left if crypto.open_sealed(row.contact_sealed, _CONTACT) == number]
    for ids in database.in_chunks(same):
        conn.execute(sa.update(Issue).where(_issues.id.in_(ids)).values(contact_sealed=None))
    return len(same) + _forget_hidden_contact(person_id, number)


def _forget_hidden_contact(person_id: int, number: str) -> int:
    """The same of hidden reports: the person stays sealed, the number goes."""
    conn = database.connection()
    theirs = sa.and_(_issues.reporter_index == veil(person_id), _issues.reporter_sealed.is_not(None))
    changed = 0
    for row in conn.execute(sa.select(_issues.id, _issues.reporter_sealed).where(theirs)).all():
        if hidden.opened(row.reporter_sealed).phone == number:
            kept = hidden.columns(Hidden(person_id, ""))
            conn.execute(sa.update(Issue).where(_issues.id == row.id).values(kept))
            changed += 1
    return changed
