"""The locked rows that moves start from, and what the law needs to know of them."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import Extension, Issue, IssueEvent, Place, ReturnVisit, Turn, Whistle
from models.enums import Channel, Level, Move, TurnEnd, WhistleEnd
from server.core import access, database
from server.core.access import Actor
from server.core.errors import forbidden, not_found
from server.issues import claims
from server.issues.queries.scope import narrow, not_about, own, own_values
from server.rulebook import queries as rulebook
from server.rules import lifecycle
from server.rules.levels import LEVEL_OF
from server.rules.moves import OpenExtension
from server.rules.permissions import Permission

_issues, _places = Issue.__table__, Place.__table__
_joiner = _issues.alias("joiner")
_asked = Extension.__table__.alias("asked")
_visits = ReturnVisit.__table__.c
_events, _turns, _whistles = IssueEvent.__table__.c, Turn.__table__.c, Whistle.__table__.c
_of_issue = _events.issue_id == _issues.c.id


def _last(column: Any, of_issue: Any, key: Any, *where: Any) -> Any:
    return (
        sa.select(column)
        .where(of_issue, *where)
        .order_by(key.desc())
        .limit(1)
        .correlate(_issues)
        .scalar_subquery()
        .label(None)
    )


_urges = _events.move == Move.URGE
# What the law asks that stands beside the issue: found by `issue_id`, each a look or two into an index.
BESIDE: tuple[Any, ...] = (
    sa.exists().where(_joiner.c.duplicate_of_id == _issues.c.id).label("has_joiners"),
    sa.exists().where(_of_issue, _events.move.in_((Move.CONTACT, Move.FOLLOW_UP))).label("asked_after"),
    _last(_events.at, _of_issue, _events.id, _urges, _events.actor_role.is_(None)).label("urged_by_reporter_at"),
    _last(_events.at, _of_issue, _events.id, _urges, _events.actor_role.is_not(None)).label("urged_by_office_at"),
    _last(_turns.end, _turns.issue_id == _issues.c.id, _turns.id).label("last_turn_end"),
    _last(_turns.level, _turns.issue_id == _issues.c.id, _turns.id).label("last_turn_level"),
    _last(_events.actor_role, _of_issue, _events.id, _events.move == Move.PASS_UP).label("passed_up_role"),
    sa.exists()
    .where(
        _whistles.issue_id == _issues.c.id,
        _whistles.end == WhistleEnd.REPORTED,
        sa.or_(_issues.c.resolved_at.is_(None), _whistles.ended_at >= _issues.c.resolved_at),
    )
    .label("reported_back"),
    _asked.c.asked_by_id.label("extension_asked_by"),
    _asked.c.asked_role.label("extension_asked_role"),
    _asked.c.workdays.label("extension_workdays"),
)
# The request for more time that is still open; there is one at most.
OPEN_EXTENSION = (_asked, sa.and_(_asked.c.issue_id == _issues.c.id, _asked.c.decided_at.is_(None)))

# What a move needs of an issue; also the building's ancestors, to tell whose post covers it.
FACTS: sa.Select[Any] = (
    sa.select(
        *(
            _issues.c[name]
            for name in (
                *("id", "public_id", "state", "level", "category", "topic", "about_head", "urgent", "channel"),
                *("anonymity", "reporter_index"),
                *("rule_book_id", "reporter_id", "contact_sealed", "reported_at", "accepted_at", "version"),
                *(
                    "resolved_by_id",
                    "resolved_level",
                    "resolved_at",
                    "ended_at",
                    "rework",
                    "suggested",
                    "suggested_why",
                ),
                *("triage", "held_since", "sign_in_due_at", "signed_in_at", "contact_due_at", "contacted_at", "due_at"),
                *("clock_at", "suspended_at", "suspended_until", "follow_up_at", "assignee_id", "suspensions"),
                *("extensions", "pushed_back", "urged", "building_id", "grid_id", "community_id"),
                "duplicate_of_id",
            )
        ),
        _issues.c.reporter_sealed.is_not(None).label("kept"),
        _places.c.street_id,
        _places.c.district_id,
        _places.c.estate_id,
        *BESIDE,
    )
    .join_from(_issues, _places, _places.c.id == _issues.c.building_id)
    .outerjoin(*OPEN_EXTENSION)
)


def lock_for_staff(actor: Actor, permission: Permission, public_id: str) -> Row[Any]:
    """An issue's facts, held until the transaction ends. 404 out of scope, 403 without the right there."""
    allowed = access.within(actor, permission, _issues, narrow=narrow)
    seen = access.within(actor, Permission.ISSUE_READ, _issues, narrow=narrow)
    mine = not_about(actor.posts, _issues.c)
    row = _lock(FACTS.add_columns(allowed.label("_allowed")).where(_issues.c.public_id == public_id, seen, mine))
    if not row._allowed:
        raise forbidden()
    return row


def lock_own(actor: Actor, public_id: str) -> Row[Any]:
    """The facts of an issue the actor reported."""
    return _lock(FACTS.where(_issues.c.public_id == public_id, own()).params(own_values(actor.person_id)))


def lock_filed(public_id: str) -> Row[Any]:
    """The facts of an issue whose reporter the caller has already proved to be: the system that filed it."""
    return _lock(FACTS.where(_issues.c.public_id == public_id))


def lock_claimed(claim: str) -> Row[Any]:
    """The facts of the issue a claim code belongs to."""
    index = claims.index(claim)
    if index is None:
        raise not_found()
    return _lock(FACTS.where(_issues.c.claim_index == index))


def lock_target(row: Row[Any]) -> Row[Any]:
    """The facts of the issue that this one was joined to. 404 when it was joined to none."""
    return _lock(FACTS.where(_issues.c.id == row.duplicate_of_id))


def is_worked_on_elsewhere(row: Row[Any]) -> bool:
    """Whether an issue was joined to another one that has not ended."""
    if row.duplicate_of_id is None:
        return False
    going = sa.exists().where(_issues.c.id == row.duplicate_of_id, _issues.c.ended_at.is_(None))
    return bool(database.connection().execute(sa.select(going)).scalar())


def said_not_yet(issue_id: Any, since: Any) -> sa.ColumnElement[bool]:
    """Whether the reporter of an issue said 还没好 of what was settled at a moment."""
    return sa.exists().where(_visits.issue_id == issue_id, _visits.solved.is_(False), _visits.answered_at >= since)


def _lock(query: sa.Select[Any]) -> Row[Any]:
    row = database.connection().execute(query.with_for_update(of=_issues)).one_or_none()
    if row is None:
        raise not_found()
    return row


def facts_of(row: Row[Any]) -> lifecycle.IssueFacts:
    """What the law needs to know of a row of `FACTS` or of an issue in full."""
    topic = rulebook.book_of(row.rule_book_id).topic(row.topic)
    return lifecycle.IssueFacts(
        state=row.state,
        level=row.level,
        category=row.category,
        about_head=row.about_head,
        issue_id=row.id,
        has_grid=row.grid_id is not None,
        has_joiners=row.has_joiners,
        resolved_by_person_id=row.resolved_by_id,
        resolved_level=row.resolved_level,
        resolved_at=row.resolved_at,
        reported_at=row.reported_at,
        imported=row.channel is Channel.LEDGER,
        urgent=row.urgent,
        suggested=row.suggested,
        triage=row.triage,
        due_at=row.due_at,
        signed_in=row.signed_in_at is not None,
        contacted=row.contacted_at is not None,
        asked_after=row.asked_after,
        suspended_until=row.suspended_until,
        extension=_extension(row),
        urged_by_reporter_at=row.urged_by_reporter_at,
        urged_by_office_at=row.urged_by_office_at,
        passed_up_from=_passed_up_from(row),
        reported_back=row.reported_back,
        photo_required=topic is not None and topic.after_photo,
    )


def _extension(row: Row[Any]) -> OpenExtension | None:
    if row.extension_asked_by is None:
        return None
    return OpenExtension(row.extension_asked_by, LEVEL_OF[row.extension_asked_role], row.extension_workdays)


def _passed_up_from(row: Row[Any]) -> Level | None:
    """Who passed it up by hand: the level that had it, or a superior who did so in its place."""
    if row.last_turn_end is not TurnEnd.PASSED_UP or row.passed_up_role is None:
        return None
    by: Level = max(row.last_turn_level, LEVEL_OF[row.passed_up_role], key=lambda level: level.height)
    return by
