"""Reading the shield: requests to see a hidden reporter for the office, and who looked for the reporter."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import Appointment, AuditEvent, Department, IdentityOpening, Issue, IssueRead, Person, Place
from models.enums import Anonymity, IssueCategory, Role
from server.core import access, database, paging
from server.core.access import Actor
from server.core.audit import Action
from server.core.errors import not_found
from server.core.paging import Page
from server.issues import queries as issues
from server.rules import shield
from server.rules.permissions import Permission

READS_MOST = 100

_openings, _issues, _places = IdentityOpening.__table__, Issue.__table__, Place.__table__
_reads, _posts, _departments, _audit = (model.__table__.c for model in (IssueRead, Appointment, Department, AuditEvent))
_asker, _decider = Person.__table__.alias("asker"), Person.__table__.alias("decider")
_asked_at, _decided_at = _places.alias("asked_place"), _places.alias("decided_place")
_about = _issues.alias("about")


@dataclass(frozen=True, slots=True)
class OpeningView:
    """A request to see a hidden reporter, as the office sees it. `mine`: the actor asked."""

    id: str
    issue: str
    category: IssueCategory
    category_name: str
    building: str
    building_name: str
    about_head: bool
    asked_at: datetime
    asked_by: str
    asked_role: Role
    asked_role_name: str
    asked_unit: str
    reason: str
    granted: bool | None
    decided_at: datetime | None
    decided_by: str
    decided_role_name: str
    decided_unit: str
    answer: str
    opened_at: datetime | None
    look_until: datetime | None
    mine: bool


@dataclass(frozen=True, slots=True)
class ReadView:
    """Somebody of the office opened the issue: role and unit, never a name; the first time that day."""

    role: Role
    role_name: str
    unit: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PhoneLook:
    """A handler opened the phone the reporter left."""

    role_name: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class ToldOpening:
    """A decided request, as the reporter sees it."""

    asked_at: datetime
    asked_role_name: str
    asked_unit: str
    reason: str
    granted: bool
    decided_at: datetime
    decided_role_name: str
    decided_unit: str
    answer: str
    opened_at: datetime | None


@dataclass(frozen=True, slots=True)
class ShieldView:
    """What is kept of a reporter, and who looked."""

    anonymity: Anonymity
    anonymity_name: str
    means: str
    kept: bool
    reads: Sequence[ReadView]
    phone_looks: Sequence[PhoneLook]
    openings: Sequence[ToldOpening]


_VIEW: sa.Select[Any] = (
    sa.select(
        *_openings.c,
        _issues.c.public_id.label("issue"),
        _issues.c.category,
        _issues.c.about_head,
        _places.c.public_id.label("building"),
        _places.c.name.label("building_name"),
        _asker.c.name.label("asked_by"),
        _decider.c.name.label("decided_by"),
        _asked_at.c.name.label("asked_unit"),
        _decided_at.c.name.label("decided_unit"),
    )
    .join_from(_openings, _issues, _issues.c.id == _openings.c.issue_id)
    .join(_places, _places.c.id == _openings.c.building_id)
    .join(_asker, _asker.c.id == _openings.c.asked_by_id)
    .join(_asked_at, _asked_at.c.id == _openings.c.asked_place_id)
    .outerjoin(_decider, _decider.c.id == _openings.c.decided_by_id)
    .outerjoin(_decided_at, _decided_at.c.id == _openings.c.decided_place_id)
)


def not_about(actor: Actor) -> list[sa.ColumnElement[bool]]:
    """What `server.issues.queries.not_about` says, for requests: none about a complaint about herself."""
    own = [post.place_id for post in actor.posts if post.role is Role.HEAD]
    hers = (_about.c.id == _openings.c.issue_id, _about.c.about_head, _about.c.building_id.in_(own))
    return [sa.not_(sa.exists().where(*hers))] if own else []


def openings(actor: Actor, waiting: bool, cursor: str | None, limit: int) -> Page[OpeningView]:
    """Requests in the actor's places: those that wait, oldest first; or those decided, newest first. One query."""
    after, key = paging.decode(cursor), _openings.c.id
    seen = access.within(actor, Permission.REPORTER_DECIDE, _openings)
    state = _openings.c.decided_at.is_(None) if waiting else _openings.c.decided_at.is_not(None)
    query = _VIEW.where(state, seen, *not_about(actor))
    if after is not None:
        query = query.where(key > after if waiting else key < after)
    query = query.order_by(key if waiting else key.desc()).limit(limit + 1)
    rows = database.connection().execute(query).all()
    return paging.page(rows, limit, lambda row: _view(row, actor), lambda row: int(row.id))


def waiting_for_me(actor: Actor, most: int = paging.MOST) -> str:
    """How many requests of others wait in the actor's places; "100+" above that: no total is ever counted."""
    seen = access.within(actor, Permission.REPORTER_DECIDE, _openings)
    others = (_openings.c.decided_at.is_(None), _openings.c.asked_by_id != actor.person_id)
    some = sa.select(_openings.c.id).where(*others, seen, *not_about(actor)).limit(most + 1).subquery()
    count: int = database.connection().execute(sa.select(sa.func.count()).select_from(some)).scalar_one()
    return f"{most}+" if count > most else str(count)


def may_ask(actor: Actor, issue: str) -> bool:
    """Whether the actor has the right to ask about this issue; whether it can be granted is the law's to say."""
    there = access.within(actor, Permission.REPORTER_ASK, _issues)
    mine = issues.not_about(actor.posts, _issues.c)
    asked = sa.exists().where(_issues.c.public_id == issue, there, mine)
    return bool(database.connection().execute(sa.select(asked)).scalar())


def of_issue(actor: Actor, issue: str) -> list[OpeningView]:
    """The requests about one issue in the actor's places, newest first. Raises 404 for an issue out of them."""
    there = access.within(actor, Permission.REPORTER_ASK, _issues)
    mine = issues.not_about(actor.posts, _issues.c)
    conn = database.connection()
    issue_id = conn.execute(sa.select(_issues.c.id).where(_issues.c.public_id == issue, there, mine)).scalar()
    if issue_id is None:
        raise not_found()
    rows = conn.execute(_VIEW.where(_openings.c.issue_id == issue_id).order_by(_openings.c.id.desc()))
    return [_view(row, actor) for row in rows]


def one(actor: Actor, public_id: str) -> OpeningView:
    """One request the actor has just acted on, however the issue stands now. Raises 404."""
    row = database.connection().execute(_VIEW.where(_openings.c.public_id == public_id)).one_or_none()
    if row is None:
        raise not_found()
    return _view(row, actor)


def _view(row: Row[Any], actor: Actor) -> OpeningView:
    return OpeningView(
        id=row.public_id,
        issue=row.issue,
        category=row.category,
        category_name=row.category.zh,
        building=row.building,
        building_name=row.building_name,
        about_head=row.about_head,
        asked_at=row.asked_at,
        asked_by=row.asked_by,
        asked_role=row.asked_role,
        asked_role_name=row.asked_role.zh,
        asked_unit=row.asked_unit,
        reason=row.reason,
        granted=row.granted,
        decided_at=row.decided_at,
        decided_by=row.decided_by or "",
        decided_role_name=row.decided_role.zh if row.decided_role else "",
        decided_unit=row.decided_unit or "",
        answer=row.answer,
        opened_at=row.opened_at,
        look_until=row.decided_at + shield.LOOK_WINDOW if row.granted else None,
        mine=row.asked_by_id == actor.person_id,
    )


def for_reporter(actor: Actor, issue: str) -> ShieldView:
    """The shield of a report of the actor's own. Raises 404 for anybody else's."""
    return _shield(issues.key_of_own(actor, issue))


def for_claim(claim: str) -> ShieldView:
    """The shield of the report a claim code belongs to. Raises 404."""
    return _shield(issues.key_of_claimed(claim))


def _shield(key: Row[Any]) -> ShieldView:
    return ShieldView(
        anonymity=key.anonymity,
        anonymity_name=key.anonymity.zh,
        means=shield.MEANS[key.anonymity],
        kept=key.kept,
        reads=_reads_of(key.id),
        phone_looks=_phone_looks(key.public_id),
        openings=_told(key.id),
    )


def _reads_of(issue_id: int) -> list[ReadView]:
    """Newest first. A department's unit is its own name, which stands with the post it was read in."""
    held = sa.and_(
        _posts.person_id == _reads.person_id,
        _posts.place_id == _reads.place_id,
        _posts.role == Role.DEPARTMENT,
        _posts.starts_at <= _reads.at,
        sa.or_(_posts.ends_at.is_(None), _posts.ends_at > _reads.at),
    )
    department = (
        sa.select(_departments.name)
        .join_from(Appointment, Department, _departments.id == _posts.department_id)
        .where(held)
        .limit(1)
        .correlate(IssueRead)
        .scalar_subquery()
    )
    unit = sa.case((_reads.role == Role.DEPARTMENT, sa.func.coalesce(department, "")), else_=_places.c.name)
    rows = database.connection().execute(
        sa.select(_reads.role, unit.label("unit"), _reads.at)
        .join_from(IssueRead, _places, _places.c.id == _reads.place_id)
        .where(_reads.issue_id == issue_id)
        .order_by(_reads.at.desc(), _reads.person_id)
        .limit(READS_MOST)
    )
    return [ReadView(row.role, row.role.zh, row.unit, row.at) for row in rows]


def _phone_looks(public_id: str) -> list[PhoneLook]:
    rows = database.connection().execute(
        sa.select(_audit.actor_role, _audit.at, _audit.detail)
        .where(_audit.subject == f"issue:{public_id}", _audit.action == str(Action.ISSUE_REVEAL))
        .order_by(_audit.id.desc())
    )
    return [PhoneLook(row.actor_role.zh, row.at, str(row.detail.get("reason", ""))) for row in rows if row.actor_role]


def _told(issue_id: int) -> list[ToldOpening]:
    decided = _VIEW.where(_openings.c.issue_id == issue_id, _openings.c.decided_at.is_not(None))
    rows = database.connection().execute(decided.order_by(_openings.c.id.desc()))
    return [
        ToldOpening(
            asked_at=row.asked_at,
            asked_role_name=row.asked_role.zh,
            asked_unit=row.asked_unit,
            reason=row.reason,
            granted=row.granted,
            decided_at=row.decided_at,
            decided_role_name=row.decided_role.zh,
            decided_unit=row.decided_unit,
            answer=row.answer,
            opened_at=row.opened_at,
        )
        for row in rows
    ]
