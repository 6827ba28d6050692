"""What follows when an issue has moved: telling whoever has it in hand now, or whoever reported it.

A complaint about a head never tells a head of that building anything, whatever other post she holds. Nobody is told of
what they did themselves.
"""

from datetime import datetime, timedelta
from typing import Any, Protocol

import sqlalchemy as sa

from models import Issue, IssueEvent, Place
from models.enums import IssueCategory, IssueState, Level, MessageKind, Move
from server.core import database
from server.core.outbox import Done, End, Entry
from server.issues.service import audience, hushed, indexing, recurrence, whistle_telling
from server.moderation import service as moderation
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
                    _events.text,
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
        _have_checked(event, now)
        if event.move is Move.REPORT:
            recurrence.link(event.issue_id, event.at)
        if event.move in indexing.TELLING:
            indexing.index_issues([event.issue_id])
        if now - event.at > STALE:
            return Done("stale")
        found = _tellings(event, now) + whistle_telling.taken_back(event, now)
        return Done(f"told {hushed.tell(found, now, happened_at=event.at)}")

    def ask(self, gateway: Gateway, loaded: Any) -> Any:
        """Never called: `load` always gives an end, so the relay asks and settles nothing."""
        raise NotImplementedError

    def settle(self, entry: Entry, loaded: Any, answer: Any | WeChatError, now: datetime) -> End:
        """Never called: `load` always gives an end, so the relay asks and settles nothing."""
        raise NotImplementedError


def _have_checked(event: sa.Row[Any], now: datetime) -> None:
    """Have what was written checked. A joined report is shown to no neighbour: its turn comes when it goes on alone."""
    joined = IssueState.DUPLICATE
    if event.move is Move.REPORT and event.to_state is joined:
        return
    moderation.ask_for_event(event.id, now)
    if event.from_state is joined and event.to_state is not joined:
        first = sa.select(_events.id).where(_events.issue_id == event.issue_id, _events.move == Move.REPORT)
        if (report := database.connection().execute(first).scalar()) is not None:
            moderation.ask_for_event(report, now)


def _tellings(event: sa.Row[Any], now: datetime) -> list[Telling]:
    if event.move is Move.IMPORT:
        return []
    if event.move is Move.REPORT and event.to_state is IssueState.DUPLICATE:
        return []  # a neighbour joined: whoever has the other one in hand sees it there
    taken_out = event.move is Move.SPLIT and event.from_state is IssueState.DUPLICATE
    if event.move is Move.REPORT or taken_out:
        text = words.new_issue_message(event.building, event.category, event.level)
        in_hand = _to_those_in_hand(event, MessageKind.NEW_ISSUE, text, now)
        return [*in_hand, *_of_progress(event)] if taken_out else in_hand
    if whistle_telling.is_about_whistles(event):
        return whistle_telling.tellings(event, now)
    reopened = event.to_state is IssueState.REOPENED and event.from_state is not IssueState.REOPENED
    if event.move is Move.PASS_UP or reopened:
        text = words.passed_up_message(event.building, event.category, event.level, reopened=reopened)
        return [*_to_those_in_hand(event, MessageKind.PASSED_UP, text, now), *_of_progress(event)]
    if event.move is Move.RESOLVE:
        return _to_reporters(event, MessageKind.RESOLVED, words.resolved_message)
    return _of_work(event, now) if event.move in _WORK else _of_progress(event)


def _of_progress(event: sa.Row[Any]) -> list[Telling]:
    """What the reporter, and whoever reported the same, hears on the way: who has it now, why it waits, how it ended."""
    reopened = event.to_state is IssueState.REOPENED
    what = words.progress_sentence(event.move, event.level, reopened=reopened)
    if event.move is Move.DECLINE:
        what = event.text.partition("\n")[0]  # the law's sentence: it names who is responsible
    if not what:
        return []

    def text(category: IssueCategory, *, joined: bool) -> words.MessageText:
        return words.progress_message(category, what, joined=joined)

    return _to_reporters(event, MessageKind.PROGRESS, text, but=_whose_word(event) if reopened else frozenset())


def _whose_word(event: sa.Row[Any]) -> frozenset[int]:
    """The issues of those who said 还没好 just then: of whoever was joined to this one, else this one itself."""
    said = (
        sa.select(_issues.id)
        .join_from(Issue, IssueEvent, _events.issue_id == _issues.id)
        .where(
            _issues.duplicate_of_id == event.issue_id,
            _events.at == event.at,
            _events.move.in_((Move.REOPEN, Move.RATE)),
        )
    )
    return frozenset(database.connection().execute(said).scalars()) or frozenset({event.issue_id})


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


class _Text(Protocol):
    def __call__(self, category: IssueCategory, *, joined: bool) -> words.MessageText: ...


def _to_reporters(
    event: sa.Row[Any], kind: MessageKind, text: _Text, *, but: frozenset[int] = frozenset()
) -> list[Telling]:
    """Who reported it, and who reported the same and was joined to it, each with a link to their own. `but`: not of these issues."""
    rows = database.connection().execute(
        sa.select(_issues.id, *audience.ABOUT, (_issues.id != event.issue_id).label("joined"))
        .join_from(Issue, Place, _places.id == _issues.building_id)
        .where(
            sa.or_(_issues.id == event.issue_id, _issues.duplicate_of_id == event.issue_id),
            sa.or_(_issues.reporter_id.is_not(None), _issues.reporter_sealed.is_not(None)),
        )
        .order_by(_issues.id)
    )
    tellings = [
        hushed.to_reporter(
            row,
            kind,
            text(row.category, joined=row.joined),
            f"/api/v1/my/issues/{row.public_id}",
            f"issue-event:{event.id}",
            audience.facts(row, event.level),
        )
        for row in rows
        if row.id not in but
    ]
    return [telling for telling in tellings if telling is not None and telling.person_id != event.actor_id]
