"""One issue in full, with its timeline: for staff, for who reported it, and for who holds its claim code."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import ContentCheck, Issue, IssueEvent, Place
from models.enums import Anonymity, Channel, CheckState, IssueCategory, IssueState, Level, Move, Role
from server.commons import queries as commons
from server.core import access, clock, database
from server.core.access import Actor
from server.core.errors import not_found
from server.issues import claims, hidden
from server.issues.queries import reading
from server.issues.queries.hands import UNIT_NAME, HandsView, hands
from server.issues.queries.locks import BESIDE, OPEN_EXTENSION, facts_of, said_not_yet
from server.issues.queries.scope import narrow, not_about, own, own_values
from server.issues.queries.whistles import CalledView, called_for
from server.photos import queries as photos
from server.photos.queries import PhotoView
from server.rules import joining, lifecycle
from server.rules.joining import JoinedFacts
from server.rules.permissions import Permission, may

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
    topic: str
    topic_name: str
    answers: Sequence[Sequence[str]]
    urgent: bool
    text: str
    spot: str
    channel: Channel
    building: str
    building_name: str
    about_head: bool
    anonymity: Anonymity  # for the reporter, and for whoever may ask to open it; in no answer to others
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
    whistles: Sequence[CalledView] = ()
    joiners: int = 0  # how many reports were joined to this one
    recurrence: int = 1  # 2: the same fault was settled here within 90 days before, 3: and that one was a recurrence, …
    recurs_of: str | None = None  # the earlier one; for staff
    common_problem: str = ""  # the common problem it is part of, in words
    joined: "JoinedView | None" = None  # for the reporter of a joined one: how the other one stands


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
    due_at: datetime | None = None
    suspended_until: datetime | None = None
    suspended_why: str = ""


_target, _joiner = _issues.alias("target"), _issues.alias("joiner")
_LAW_OF_TARGET = ("state", "level", "resolved_at", "resolved_by_id", "resolved_level")
_OF_TARGET = (*_LAW_OF_TARGET, "outcome", "responsible", "ended_at", "due_at", "suspended_until", "suspended_why")
_earlier = _issues.alias("earlier")
_NTH_MOST = 20
_PLAIN = (
    sa.select(
        *_issues.c,
        _places.c.public_id.label("building"),
        _places.c.name.label("building_name"),
        _places.c.street_id,
        _places.c.district_id,
        _places.c.estate_id,
        _target.c.public_id.label("duplicate_of"),
        _earlier.c.public_id.label("recurs_of"),
        *(_target.c[name].label(f"target_{name}") for name in _OF_TARGET),
        said_not_yet(_issues.c.id, _target.c.resolved_at).label("said_not_yet"),
        sa.select(sa.func.count()).where(_joiner.c.duplicate_of_id == _issues.c.id).scalar_subquery().label("joiners"),
        *BESIDE,
        UNIT_NAME,
    )
    .join_from(_issues, _places, _places.c.id == _issues.c.building_id)
    .outerjoin(_target, _target.c.id == _issues.c.duplicate_of_id)
    .outerjoin(_earlier, _earlier.c.id == _issues.c.recurs_of_id)
    .outerjoin(*OPEN_EXTENSION)
)
_DETAIL = commons.with_problem(_PLAIN, sa.func.coalesce(_issues.c.duplicate_of_id, _issues.c.id))


def for_staff(actor: Actor, public_id: str) -> IssueView:
    """An issue in the actor's places, with the moves its covering post could make now. The reporter sees that it was read."""
    seen = access.within(actor, Permission.ISSUE_READ, _issues, narrow=narrow)
    detail = _DETAIL.add_columns(reading.noted(actor))
    row = _one(detail.where(_issues.c.public_id == public_id, seen, not_about(actor.posts, _issues.c)))
    reading.note(actor, row)
    moves: set[Move] = set()
    for post in actor.posts_granting(Permission.ISSUE_READ):
        if access.covers(post, row):
            mover = lifecycle.staff(post.role, actor.person_id)
            moves.update(lifecycle.moves_open_to(facts_of(row), mover, clock.now()))
            if row.target_state is not None and may([post.role], Permission.ISSUE_VISIT):
                moves.update(joining.moves_open_to(_joined_facts(row), mover))
    return _view(row, [move for move in Move if move in moves], staff=True)


def for_reporter(actor: Actor, public_id: str) -> IssueView:
    """An issue the actor reported."""
    row = _one(_DETAIL.where(_issues.c.public_id == public_id, own()).params(own_values(actor.person_id)))
    return _for_reporter(row)


def for_claim(claim: str) -> IssueView:
    """The issue a claim code belongs to. A joined issue shows where it was joined; its outcome follows that one."""
    index = claims.index(claim)
    if index is None:
        raise not_found()
    row = _one(_DETAIL.where(_issues.c.claim_index == index))
    return _for_reporter(row)


_KEY = sa.select(
    _issues.c.id, _issues.c.public_id, _issues.c.anonymity, _issues.c.reporter_sealed.is_not(None).label("kept")
)


def key_of_own(actor: Actor, public_id: str) -> Row[Any]:
    """Internal id, public id, anonymity and `kept` (who reported it is still sealed here) of an issue the actor reported."""
    return _one(_KEY.where(_issues.c.public_id == public_id, own()).params(own_values(actor.person_id)))


def key_of_claimed(claim: str) -> Row[Any]:
    """The same of the issue a claim code belongs to."""
    index = claims.index(claim)
    if index is None:
        raise not_found()
    return _one(_KEY.where(_issues.c.claim_index == index))


def _for_reporter(row: Row[Any]) -> IssueView:
    """Her own report. A joined one follows the other: how that stands, and what the law of joining lets her say."""
    mover = lifecycle.reporter(hidden.reporter_of(row))
    if row.target_state is None:
        return _view(row, lifecycle.moves_open_to(facts_of(row), mover, clock.now()))
    return replace(_view(row, joining.moves_open_to(_joined_facts(row), mover)), joined=_joined(row))


def _joined_facts(row: Row[Any]) -> JoinedFacts:
    return JoinedFacts(
        state=row.target_state,
        level=row.target_level,
        resolved_at=row.target_resolved_at,
        resolved_by_person_id=row.target_resolved_by_id,
        resolved_level=row.target_resolved_level,
        has_grid=row.grid_id is not None,
        said_not_yet=row.said_not_yet,
    )


def _joined(row: Row[Any]) -> JoinedView:
    return JoinedView(**{name: getattr(row, f"target_{name}") for name in JoinedView.__dataclass_fields__})


def _one(query: sa.Select[Any]) -> Row[Any]:
    row = database.connection().execute(query).one_or_none()
    if row is None:
        raise not_found()
    return row


def _view(row: Row[Any], moves: Sequence[Move], *, staff: bool = False) -> IssueView:
    timeline = _timeline(row.id)
    called = called_for(row.id) if any(each.move is Move.WHISTLE for each in timeline) else []
    at_work = "、".join(each.department_name for each in called if each.ended_at is None)
    in_hand = hands(row)
    return IssueView(
        id=row.public_id,
        category=row.category,
        category_name=row.category.zh,
        state=row.state,
        state_name=row.state.zh,
        level=row.level,
        level_name=row.level.zh,
        topic=row.topic,
        topic_name=row.topic_name,
        answers=row.answers or (),
        urgent=row.urgent,
        text=row.text,
        spot=row.spot,
        channel=row.channel,
        building=row.building,
        building_name=row.building_name,
        about_head=row.about_head,
        anonymity=row.anonymity,
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
        hands=replace(in_hand, holder=at_work) if at_work and row.level is Level.DEPARTMENT else in_hand,
        photos=photos.photos_of(row.id),
        timeline=timeline,
        moves=moves,
        whistles=called,
        joiners=row.joiners,
        recurrence=_nth(row),
        recurs_of=row.recurs_of if staff else None,
        common_problem=commons.part_of(row),
    )


def _nth(row: Row[Any]) -> int:
    """The how manieth time: along the links, each to the one before. Asked only where there is a link."""
    if row.recurs_of_id is None:
        return 1
    chain = (
        sa.select(_issues.c.recurs_of_id, sa.literal(2).label("nth")).where(_issues.c.id == row.id).cte(recursive=True)
    )
    chain = chain.union_all(
        sa.select(_earlier.c.recurs_of_id, chain.c.nth + 1)
        .join(chain, _earlier.c.id == chain.c.recurs_of_id)
        .where(_earlier.c.recurs_of_id.is_not(None), chain.c.nth < _NTH_MOST)
    )
    found: int = database.connection().execute(sa.select(sa.func.max(chain.c.nth))).scalar_one()
    return found


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
