"""That a member of staff opened an issue: noted wherever the whole issue is shown, so that no door can forget it.

One row a person, issue and day. Lists, with their sixty characters, are no opening (docs/shield.md).
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from models import Issue, IssueRead
from models.enums import Role
from server.core import access, clock, traces
from server.core.access import Actor
from server.rules.calendar import SHANGHAI
from server.rules.permissions import Permission

_issues, _reads = Issue.__table__.c, IssueRead.__table__.c


def today() -> int:
    """YYYYMMDD in Shanghai, of the request's moment."""
    return int(f"{clock.now().astimezone(SHANGHAI):%Y%m%d}")


def noted(actor: Actor) -> ColumnElement[Any]:
    """Whether today's row of this person is there already, as a column `noted` of an issue's row."""
    there = sa.exists().where(_reads.issue_id == _issues.id, _reads.day == today(), _reads.person_id == actor.person_id)
    return there.correlate(Issue.__table__).label("noted")


def note(actor: Actor, row: Any) -> None:
    """Leave the trace of the post in which the actor saw this issue: the highest that covers it."""
    if row.noted:
        return
    covering = [post for post in actor.posts_granting(Permission.ISSUE_READ) if access.covers(post, row)]
    post = max(covering, key=lambda post: list(Role).index(post.role))
    traces.leave(
        IssueRead,
        {
            "issue_id": row.id,
            "day": today(),
            "person_id": actor.person_id,
            "role": post.role,
            "place_id": post.place_id,
            "at": clock.now(),
        },
    )
