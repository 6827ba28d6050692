"""What follows when an issue has moved: telling whoever has it in hand now, or whoever reported it.

A complaint about a head never tells a head of that building anything, whatever other post she holds. Nobody is told of
what they did themselves.
"""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from models import Appointment, Issue, IssueEvent, Person, Place
from models.enums import OPEN_STATES, IssueState, Level, MessageKind, Move, Role
from server.core import database
from server.core.outbox import Done, End, Entry
from server.issues.service import indexing
from server.moderation import service as moderation
from server.notices import service as notices
from server.notices.service import Telling
from server.rules import notices as words
from wechat.gateway import Gateway, WeChatError

SOON = timedelta(hours=24)
STALE = timedelta(days=7)  # what happened longer ago is history (a demonstration, a relay that stood still): no news

_issues, _events, _places = Issue.__table__.c, IssueEvent.__table__.c, Place.__table__.c
_posts, _persons = Appointment.__table__.c, Person.__table__.c
_own = Appointment.__table__.alias("own")


def _with_people_at(level: ColumnElement[Any], query: sa.Select[Any], now: datetime) -> sa.Select[Any]:
    """Join a query of issues and their buildings to every live post on this level that covers the building.

    Levels and roles share their words (`rules.levels.LEVEL_OF`), so one index finds the post.
    """
    place = sa.case(
        (level == Level.HEAD, _places.id),
        (level == Level.GRID, _places.grid_id),
        (level == Level.COMMUNITY, _places.community_id),
        (level == Level.STREET, _places.street_id),
        else_=_places.district_id,
    )
    covers = sa.and_(
        _posts.place_id == place, _posts.role == sa.type_coerce(level, _posts.role.type), _live(_posts, now)
    )
    about_themselves = sa.and_(
        _issues.about_head,
        sa.exists().where(
            _own.c.person_id == _posts.person_id,
            _own.c.place_id == _issues.building_id,
            _own.c.role == Role.HEAD,
            _live(_own.c, now),
        ),
    )
    return (
        query.join(Appointment, covers)
        .join(Person, sa.and_(_persons.id == _posts.person_id, _persons.disabled_at.is_(None)))
        .where(sa.not_(about_themselves))
        .distinct()
    )


def _live(post: Any, now: datetime) -> ColumnElement[bool]:
    return sa.and_(post.starts_at <= now, sa.or_(post.ends_at.is_(None), post.ends_at > now))


_ABOUT = (_issues.public_id, _issues.category, _issues.reporter_id, _places.name.label("building"))


class TellOfMove:
    """The Handler of OutboxKind.ISSUE_EVENT: subject is a row of `issue_events`. It asks WeChat nothing itself."""

    def load(self, entry: Entry, now: datetime) -> End:
        """Fan out in one transaction; whoever was told stays told when it runs again."""
        event: Any = (
            database.connection()
            .execute(
                sa.select(
                    _events.id,
                    _events.at,
                    _events.issue_id,
                    _events.move,
                    _events.from_state,
                    _events.to_state,
                    _events.level,
                    _events.actor_id,
                    *_ABOUT,
                )
                .join_from(IssueEvent, Issue, _issues.id == _events.issue_id)
                .join(Place, _places.id == _issues.building_id)
                .where(_events.id == entry.subject)
            )
            .one()
        )
        moderation.ask_for_event(event.id, now)
        if event.move in indexing.TELLING:
            indexing.index_issues([event.issue_id])
        if now - event.at > STALE:
            return Done("stale")
        return Done(f"told {notices.tell_many(_tellings(event, now), now, happened_at=event.at)}")

    def ask(self, gateway: Gateway, loaded: Any) -> Any:
        """Never called: `load` always gives an end, so the relay asks and settles nothing."""
        raise NotImplementedError

    def settle(self, entry: Entry, loaded: Any, answer: Any | WeChatError, now: datetime) -> End:
        """Never called: `load` always gives an end, so the relay asks and settles nothing."""
        raise NotImplementedError


def _tellings(event: sa.Row[Any], now: datetime) -> list[Telling]:
    if event.move is Move.IMPORT:
        return []
    if event.move is Move.REPORT:
        text = words.new_issue_message(event.building, event.category, event.level)
        return _to_those_in_hand(event, MessageKind.NEW_ISSUE, text, now)
    reopened = event.to_state is IssueState.REOPENED and event.from_state is not IssueState.REOPENED
    if event.move is Move.PASS_UP or reopened:
        text = words.passed_up_message(event.building, event.category, event.level, reopened=reopened)
        return _to_those_in_hand(event, MessageKind.PASSED_UP, text, now)
    if event.move is Move.RESOLVE:
        return _to_reporters(event)
    return []


def _to_those_in_hand(event: sa.Row[Any], kind: MessageKind, text: words.MessageText, now: datetime) -> list[Telling]:
    level = sa.literal(event.level, type_=_issues.level.type)
    issue = sa.select(_posts.person_id).join_from(Issue, Place, _places.id == _issues.building_id)
    people = _with_people_at(level, issue, now).where(_issues.id == event.issue_id).order_by(_posts.person_id)
    themselves = {event.actor_id, event.reporter_id}
    link, facts = f"/api/v1/issues/{event.public_id}", _facts(event, event.level)
    return [
        Telling(person_id, kind, *text, link, f"issue-event:{event.id}", facts)
        for person_id in database.connection().execute(people).scalars()
        if person_id not in themselves
    ]


def _to_reporters(event: sa.Row[Any]) -> list[Telling]:
    """Who reported it, and who reported the same and was joined to it, each with a link to their own."""
    rows = database.connection().execute(
        sa.select(*_ABOUT, (_issues.id != event.issue_id).label("joined"))
        .join_from(Issue, Place, _places.id == _issues.building_id)
        .where(
            sa.or_(_issues.id == event.issue_id, _issues.duplicate_of_id == event.issue_id),
            _issues.reporter_id.is_not(None),
        )
        .order_by(_issues.id)
    )
    return [
        Telling(
            row.reporter_id,
            MessageKind.RESOLVED,
            *words.resolved_message(row.category, joined=row.joined),
            f"/api/v1/my/issues/{row.public_id}",
            f"issue-event:{event.id}",
            _facts(row, event.level),
        )
        for row in rows
        if row.reporter_id != event.actor_id
    ]


def _facts(row: Any, level: Level) -> dict[str, str]:
    return {"building": row.building, "category": row.category.zh, "level": level.zh, "case": row.public_id}


def tell_overdue_soon(now: datetime) -> int:
    """Tell whoever has an open issue in hand that is due within a day, once for each deadline. Returns how many."""
    due = (
        sa.select(*_ABOUT, _issues.due_at, _issues.level, _posts.person_id)
        .join_from(Issue, Place, _places.id == _issues.building_id)
        .where(
            _issues.due_at > now,
            _issues.due_at <= now + SOON,
            _issues.ended_at.is_(None),
            _issues.state.in_(OPEN_STATES),
        )
    )
    rows = database.connection().execute(_with_people_at(_issues.level, due, now))
    tellings = [
        Telling(
            row.person_id,
            MessageKind.OVERDUE_SOON,
            *words.overdue_soon_message(row.building, row.category, row.due_at),
            f"/api/v1/issues/{row.public_id}",
            f"due:{row.public_id}:{row.due_at:%Y%m%d%H%M}",
            {**_facts(row, row.level), "deadline": row.due_at.isoformat()},
        )
        for row in rows
    ]
    return notices.tell_many(tellings, now)
