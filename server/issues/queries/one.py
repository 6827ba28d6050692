"""One issue in full, with its timeline: for staff, for who reported it, and for who holds its claim code."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import ContentCheck, Issue, IssueEvent, Place
from models.enums import Channel, CheckState, IssueCategory, IssueState, Level, Move, Role
from server.core import access, clock, database
from server.core.access import Actor
from server.core.errors import not_found
from server.issues import claims
from server.issues.queries.hands import UNIT_NAME, HandsView, hands
from server.issues.queries.locks import BESIDE, OPEN_EXTENSION, facts_of
from server.issues.queries.scope import narrow, not_about
from server.photos import queries as photos
from server.photos.queries import PhotoView
from server.rules import lifecycle
from server.rules.permissions import Permission

_issues, _events, _places = Issue.__table__, IssueEvent.__table__, Place.__table__
_checks = ContentCheck.__table__


@dataclass(frozen=True, slots=True)
class EventView:
    """One line of the timeline. `who` is a role in words, never a name."""

    at: datetime
    move: Move
    move_name: str
    to_state: IssueState
    level: Level
    role: Role | None
    who: str
    text: str
    check: CheckState | None = None  # whether the public may see the text; None: nobody was asked


@dataclass(frozen=True, slots=True)
class IssueView:
    """An issue with its timeline."""

    id: str
    category: IssueCategory
    category_name: str
    state: IssueState
    state_name: str
    level: Level
    level_name: str
    text: str
    spot: str
    channel: Channel
    building: str
    building_name: str
    about_head: bool
    has_contact: bool
    reported_at: datetime
    due_at: datetime | None
    resolved_at: datetime | None
    ended_at: datetime | None
    outcome: str
    responsible: str
    duplicate_of: str | None
    rework: int
    done_by: str
    done_at: datetime | None
    hands: HandsView
    photos: Sequence[PhotoView]
    timeline: Sequence[EventView]
    moves: Sequence[Move]


@dataclass(frozen=True, slots=True)
class JoinedView:
    """What the reporter of a joined issue may know of the other one: how it stands and what its handler said was done.

    Nothing of its text, place or timeline: that one has a reporter of its own.
    """

    state: IssueState
    level: Level
    outcome: str
    responsible: str
    resolved_at: datetime | None
    ended_at: datetime | None


_target = _issues.alias("target")
_DETAIL = (
    sa.select(
        *_issues.c,
        _places.c.public_id.label("building"),
        _places.c.name.label("building_name"),
        _places.c.street_id,
        _places.c.district_id,
        _places.c.estate_id,
        _target.c.public_id.label("duplicate_of"),
        *BESIDE,
        UNIT_NAME,
    )
    .join_from(_issues, _places, _places.c.id == _issues.c.building_id)
    .outerjoin(_target, _target.c.id == _issues.c.duplicate_of_id)
    .outerjoin(*OPEN_EXTENSION)
)


def for_staff(actor: Actor, public_id: str) -> IssueView:
    """An issue in the actor's places, with the moves its covering post could make now."""
    seen = access.within(actor, Permission.ISSUE_READ, _issues, narrow=narrow)
    row = _one(_DETAIL.where(_issues.c.public_id == public_id, seen, not_about(actor.posts, _issues.c)))
    moves: set[Move] = set()
    for post in actor.posts_granting(Permission.ISSUE_READ):
        if access.covers(post, row):
            moves.update(
                lifecycle.moves_open_to(facts_of(row), lifecycle.staff(post.role, actor.person_id), clock.now())
            )
    return _view(row, [move for move in Move if move in moves])


def for_reporter(actor: Actor, public_id: str) -> IssueView:
    """An issue the actor reported."""
    row = _one(_DETAIL.where(_issues.c.public_id == public_id, _issues.c.reporter_id == actor.person_id))
    return _view(row, lifecycle.moves_open_to(facts_of(row), lifecycle.reporter(actor.person_id), clock.now()))


def for_claim(claim: str) -> IssueView:
    """The issue a claim code belongs to. A joined issue shows where it was joined; its outcome follows that one."""
    index = claims.index(claim)
    if index is None:
        raise not_found()
    row = _one(_DETAIL.where(_issues.c.claim_index == index))
    return _view(row, lifecycle.moves_open_to(facts_of(row), lifecycle.reporter(row.reporter_id), clock.now()))


_JOINED = sa.select(
    _target.c.state,
    _target.c.level,
    _target.c.outcome,
    _target.c.responsible,
    _target.c.resolved_at,
    _target.c.ended_at,
).join_from(_issues, _target, _target.c.id == _issues.c.duplicate_of_id)


def joined_to(claim: str) -> JoinedView:
    """How the issue stands that the claimed one was joined to. 404 when it was joined to none."""
    index = claims.index(claim)
    if index is None:
        raise not_found()
    return _joined_view(_JOINED.where(_issues.c.claim_index == index))


def own_joined_to(actor: Actor, public_id: str) -> JoinedView:
    """The same for an issue the actor reported."""
    mine = sa.and_(_issues.c.public_id == public_id, _issues.c.reporter_id == actor.person_id)
    return _joined_view(_JOINED.where(mine))


def _joined_view(query: sa.Select[Any]) -> JoinedView:
    row = _one(query)
    return JoinedView(row.state, row.level, row.outcome, row.responsible, row.resolved_at, row.ended_at)


def _one(query: sa.Select[Any]) -> Row[Any]:
    row = database.connection().execute(query).one_or_none()
    if row is None:
        raise not_found()
    return row


def _view(row: Row[Any], moves: Sequence[Move]) -> IssueView:
    return IssueView(
        id=row.public_id,
        category=row.category,
        category_name=row.category.zh,
        state=row.state,
        state_name=row.state.zh,
        level=row.level,
        level_name=row.level.zh,
        text=row.text,
        spot=row.spot,
        channel=row.channel,
        building=row.building,
        building_name=row.building_name,
        about_head=row.about_head,
        has_contact=row.contact_sealed is not None,
        reported_at=row.reported_at,
        due_at=row.due_at,
        resolved_at=row.resolved_at,
        ended_at=row.ended_at,
        outcome=row.outcome,
        responsible=row.responsible,
        duplicate_of=row.duplicate_of,
        rework=row.rework,
        done_by=row.done_by,
        done_at=row.done_at,
        hands=hands(row),
        photos=photos.photos_of(row.id),
        timeline=_timeline(row.id),
        moves=moves,
    )


def _timeline(issue_id: int) -> list[EventView]:
    events = _events.c
    rows = database.connection().execute(
        sa.select(
            events.at, events.move, events.to_state, events.level, events.actor_role, events.text, _checks.c.state
        )
        .join_from(_events, _checks, _checks.c.event_id == events.id, isouter=True)
        .where(events.issue_id == issue_id)
        .order_by(events.id)
    )
    return [
        EventView(
            r.at, r.move, r.move.zh, r.to_state, r.level, r.actor_role, _who(r.move, r.actor_role), r.text, r.state
        )
        for r in rows
    ]


def _who(move: Move, role: Role | None) -> str:
    if role is not None:
        return role.zh
    return "系统" if move in (Move.CLOSE_SILENT, Move.IMPORT, Move.PASS_UP) else "上报人"
