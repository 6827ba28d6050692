"""Linking a new report to the same fault settled here before: after the commit, one look at the building's latest."""

from datetime import datetime

import sqlalchemy as sa

from models import Issue
from server.core import database
from server.rules import recurrence
from server.rules.recurrence import ENDED_WELL, WINDOW, Fault

MOST = 200  # so many of one kind a building has not had in 90 days

_new, _old = Issue.__table__.alias("new"), Issue.__table__.alias("old")
_KINDS = ("category", "text", "spot", "topic", "about_head", "state", "reported_at")
_EARLIER = (
    sa.select(
        _old.c.id,
        _old.c.building_id,
        *(_old.c[name] for name in _KINDS),
        sa.func.coalesce(_old.c.resolved_at, _old.c.ended_at, type_=_old.c.resolved_at.type).label("settled_at"),
        *(_new.c[name].label(f"new_{name}") for name in _KINDS),
    )
    .join_from(
        _new,
        _old,
        sa.and_(
            _old.c.building_id == _new.c.building_id,
            _old.c.category == _new.c.category,
            _old.c.about_head == _new.c.about_head,
            _old.c.id < _new.c.id,
        ),
    )
    .where(
        _new.c.id == sa.bindparam("issue"),
        _new.c.recurs_of_id.is_(None),
        _new.c.duplicate_of_id.is_(None),
        _old.c.state.in_(sorted(ENDED_WELL)),
        sa.func.coalesce(_old.c.resolved_at, _old.c.ended_at) >= sa.bindparam("since", type_=_old.c.resolved_at.type),
    )
    .order_by(_old.c.id.desc())
    .limit(MOST)
)


def link(issue_id: int, reported_at: datetime) -> bool:
    """Link an issue to the latest one it is a recurrence of. Returns whether it is one; asked again it finds the same."""
    connection = database.connection()
    for row in connection.execute(_EARLIER, {"issue": issue_id, "since": reported_at - WINDOW}):
        new = Fault(row.building_id, **{name: getattr(row, f"new_{name}") for name in _KINDS})
        old = Fault(row.building_id, **{name: getattr(row, name) for name in _KINDS}, settled_at=row.settled_at)
        if recurrence.recurs(new, old):
            connection.execute(sa.update(Issue).where(Issue.id == issue_id).values(recurs_of_id=row.id))
            return True
    return False
