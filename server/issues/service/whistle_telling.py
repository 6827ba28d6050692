"""Who hears of a whistle: the people of the called department and no other, and those who stand where it was sounded."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models import Appointment, Department, Issue, Person, Place, Whistle
from models.enums import Level, MessageKind, Move, Role, WhistleEnd
from server.core import access, database
from server.issues import queries
from server.issues.service import audience
from server.notices.service import Telling
from server.rules import whistle_words as words
from server.rules.levels import LEVEL_OF
from server.rules.notices import MessageText

_w, _d, _issues, _places = Whistle.__table__.c, Department.__table__.c, Issue.__table__.c, Place.__table__.c
_posts, _persons = Appointment.__table__.c, Person.__table__.c
_own = Appointment.__table__.alias("own_head_post")

# What a message about a whistle is made from.
ROWS: sa.Select[Any] = (
    sa.select(
        *(_w[name] for name in ("id", "public_id", "issue_id", "department_id", "sounded_role", "signed_in_at")),
        *(_w[name] for name in ("sign_in_due_at", "contacted_at", "due_at", "end", "urged_at", "rated_at", "clock_at")),
        _d.name.label("department"),
        _issues.public_id.label("issue"),
        _issues.category,
        _issues.level,
        _issues.urgent,
        _issues.suspended_until,
        _issues.reporter_id,
        _places.name.label("building"),
    )
    .join_from(Whistle, Issue, _issues.id == _w.issue_id)
    .join(Department, _d.id == _w.department_id)
    .join(Place, _places.id == _w.building_id)
)


def people_of(whistle_ids: Iterable[int], now: datetime) -> dict[int, list[int]]:
    """By whistle, the persons of the called department. A head of the building hears nothing of what is about her."""
    about_themselves = sa.and_(
        _issues.about_head,
        sa.exists().where(
            _own.c.person_id == _posts.person_id,
            _own.c.place_id == _w.building_id,
            _own.c.role == Role.HEAD,
            access.in_force(_own.c, now),
        ),
    )
    query = (
        sa.select(_w.id, _posts.person_id)
        .distinct()
        .join_from(Whistle, Issue, _issues.id == _w.issue_id)
        .join(Appointment, sa.and_(_posts.department_id == _w.department_id, access.in_force(_posts, now)))
        .join(Person, sa.and_(_persons.id == _posts.person_id, _persons.disabled_at.is_(None)))
        .where(sa.not_(about_themselves))
        .order_by(_w.id, _posts.person_id)
    )
    found: dict[int, list[int]] = {}
    for chunk in database.in_chunks(whistle_ids):
        for whistle_id, person_id in database.connection().execute(query.where(_w.id.in_(chunk))):
            found.setdefault(whistle_id, []).append(person_id)
    return found


def telling(
    row: Any, people: Iterable[int], kind: MessageKind, text: MessageText, key: str, but: Iterable[int | None]
) -> list[Telling]:
    """One message about a whistle to some people, `but` not to these. `row` is one of `ROWS`."""
    facts = {"building": row.building, "category": row.category.zh, "level": row.level.zh, "case": row.issue}
    left_out = set(but)
    link = f"/api/v1/issues/{row.issue}"
    return [
        Telling(person, kind, text.title, text.body, link, key, {**facts, "deadline": row.due_at.isoformat()})
        for person in people
        if person not in left_out
    ]


# The event and the whistle it is about were written in one transaction, at the same moment.
_ABOUT: dict[Move, Any] = {
    Move.WHISTLE: _w.sounded_at,
    Move.REPORT_BACK: _w.ended_at,
    Move.PUSH_BACK: _w.ended_at,
    Move.CALL_OFF: _w.ended_at,
    Move.URGE: _w.urged_at,
}


def is_about_whistles(event: Any) -> bool:
    """Whether departments or their callers hear of an event as such."""
    if event.move is Move.PUSH_BACK:
        return bool(event.actor_role is Role.DEPARTMENT)
    if event.move is Move.URGE:
        return bool(event.level is Level.DEPARTMENT)
    return event.move in _ABOUT


def tellings(event: Any, now: datetime) -> list[Telling]:
    """What an event about whistles has people hear. `event`: id, at, issue_id, move, level, actor_id."""
    query = ROWS.where(_w.issue_id == event.issue_id, _ABOUT[event.move] == event.at).order_by(_w.id)
    rows = database.connection().execute(query).all()
    called = people_of([row.id for row in rows], now)
    found: list[Telling] = []
    for row in rows:
        key, but = f"issue-event:{event.id}:{row.id}", (event.actor_id, row.reporter_id)
        named = (row.building, row.category, row.department)
        theirs = called.get(row.id, [])
        if event.move is Move.WHISTLE:
            text = words.called_message(*named, row.sign_in_due_at)
            found += telling(row, theirs, MessageKind.PASSED_UP, text, key, but)
        elif event.move is Move.URGE:
            text = words.urged_message(*named, row.due_at)
            found += telling(row, theirs, MessageKind.URGED, text, key, but)
        elif row.end is WhistleEnd.CALLED_OFF:
            found += telling(row, theirs, MessageKind.PROGRESS, words.called_off_message(*named), key, but)
        elif row.end is not None:
            waiting = sum(each.ended_at is None for each in queries.whistles_on(row.issue_id))
            text = words.ended_message(*named, row.end, event.level, waiting)
            found += telling(row, callers_of(row, now), MessageKind.PROGRESS, text, key, but)
    return found


def taken_back(event: Any, now: datetime) -> list[Telling]:
    """What the departments still called hear of an issue that ended without them."""
    if event.move not in _ENDS_IT:
        return []
    ended = ROWS.where(_w.issue_id == event.issue_id, _w.ended_at == event.at, _w.end == WhistleEnd.CALLED_OFF)
    rows = database.connection().execute(ended.order_by(_w.id)).all()
    called = people_of([row.id for row in rows], now)
    found: list[Telling] = []
    for row in rows:
        text = words.called_off_message(row.building, row.category, row.department)
        key = f"issue-event:{event.id}:{row.id}"
        found += telling(
            row, called.get(row.id, []), MessageKind.PROGRESS, text, key, (event.actor_id, row.reporter_id)
        )
    return found


_ENDS_IT = frozenset({Move.RESOLVE, Move.DECLINE, Move.JOIN, Move.WITHDRAW})


def callers_of(row: Any, now: datetime) -> list[int]:
    """Those who stand where a whistle was sounded."""
    role = row.sounded_role or Role.COMMUNITY
    return audience.at_level(row.issue_id, LEVEL_OF[role], now)
