"""What follows when an issue has moved: telling whoever has it in hand now, or whoever reported it.

A complaint about a head never tells a head of that building anything, whatever other post she holds. Nobody is told of
what they did themselves.
"""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from models import Issue, IssueEvent, Place
from models.enums import IssueState, Level, MessageKind, Move
from server.core import database
from server.core.outbox import Done, End, Entry
from server.issues.service import audience, indexing
from server.moderation import service as moderation
from server.notices import service as notices
from server.notices.service import Telling
from server.rules import notices as words
from server.rules.levels import LEVEL_OF, superior
from wechat.gateway import Gateway, WeChatError

STALE = timedelta(days=7)  # what happened longer ago is history (a demonstration, a relay that stood still): no news

_issues, _events, _places = Issue.__table__.c, IssueEvent.__table__.c, Place.__table__.c


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
                    _events.actor_role,
                    _issues.assignee_id,
                    _issues.grid_id,
                    *audience.ABOUT,
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
    return _of_work(event, now) if event.move in _WORK else []


_WORK = {
    Move.ASSIGN: (MessageKind.NEW_ISSUE, words.assigned_message),
    Move.PUSH_BACK: (MessageKind.PASSED_UP, words.pushed_back_message),
    Move.URGE: (MessageKind.URGED, words.urged_message),
    Move.ASK_EXTENSION: (MessageKind.PROGRESS, words.extension_asked_message),
    Move.GRANT_EXTENSION: (MessageKind.PROGRESS, words.extension_granted_message),
    Move.REFUSE_EXTENSION: (MessageKind.PROGRESS, words.extension_refused_message),
}


def _of_work(event: sa.Row[Any], now: datetime) -> list[Telling]:
    """What those who work on it tell each other: handed down, sent back, urged, more time asked for and decided."""
    kind, words_of = _WORK[event.move]
    text = words_of(event.building, event.category)
    if event.move is Move.ASK_EXTENSION:
        asked = LEVEL_OF.get(event.actor_role, event.level)
        return _to_those_in_hand(event, kind, text, now, level=superior(asked, has_grid=event.grid_id is not None))
    only = event.assignee_id if event.move is Move.ASSIGN else None
    return _to_those_in_hand(event, kind, text, now, only=only)


def _to_those_in_hand(
    event: sa.Row[Any],
    kind: MessageKind,
    text: words.MessageText,
    now: datetime,
    *,
    level: Level | None = None,
    only: int | None = None,
) -> list[Telling]:
    """Whoever stands on the level that has it now (or on `level`), but for who did it; `only`: the one it was given to."""
    at = level or event.level
    link, facts = f"/api/v1/issues/{event.public_id}", audience.facts(event, event.level)
    return [
        Telling(person_id, kind, *text, link, f"issue-event:{event.id}", facts)
        for person_id in audience.at_level(event.issue_id, at, now)
        if person_id not in {event.actor_id, event.reporter_id} and (only is None or person_id == only)
    ]


def _to_reporters(event: sa.Row[Any]) -> list[Telling]:
    """Who reported it, and who reported the same and was joined to it, each with a link to their own."""
    rows = database.connection().execute(
        sa.select(*audience.ABOUT, (_issues.id != event.issue_id).label("joined"))
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
            audience.facts(row, event.level),
        )
        for row in rows
        if row.reporter_id != event.actor_id
    ]
