"""POST Service Request Update, as FixMyStreet extends the standard: the filing system tells what its reporter says."""

from datetime import datetime

import sqlalchemy as sa

from models import Issue
from models.enums import Move
from server.core import database
from server.core.errors import conflict, invalid, not_found
from server.issues import queries as issues
from server.issues import service as moving
from server.open311 import queries
from server.open311.queries import Jurisdiction
from server.rules.decision import Refusal
from server.rules.lifecycle import Details
from server.rules.open311 import Status, fault_of_update, move_for

_issues = Issue.__table__.c


def update_request(
    jurisdiction: Jurisdiction, public_id: str, said: Status, text: str, at: datetime | None, now: datetime
) -> str:
    """Tell an update of a request this key filed. Returns the update's id.

    Raises 404 for everything this key did not file, 422 for an impossible moment or a note without a word, 409 with the
    law's reason when the request is not in a state for it.
    """
    if "\0" in public_id:
        raise not_found()
    query = sa.select(_issues.reported_at).where(_issues.public_id == public_id, _issues.source == jurisdiction.source)
    reported_at = database.connection().execute(query).scalar_one_or_none()
    if reported_at is None:
        raise not_found()
    if at is not None and (fault := fault_of_update(at, reported_at, now)):
        raise invalid("updated_datetime", fault)
    row = issues.lock_filed(public_id)
    move = move_for(row.state, said)
    if isinstance(move, Refusal):
        raise conflict(move.code, move.reason)
    if move in (Move.NOTE, Move.REOPEN) and not text:
        raise invalid("description", "请写一句说明。")
    moving.move_as_reporter(row, move, Details(text=text), now)
    return queries.latest_update_of(public_id)
