"""Asking WeChat about one text or photo, for the relay: read, ask with nothing open, write down what came of it.

The openid is opened here and nowhere else in this room, and nothing personal reaches a log or an outbox row.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import ContentCheck, Issue, IssueEvent, Photo
from models.enums import CheckState, HeldFor
from server.core import crypto, database
from server.core.outbox import Dead, Done, End, Entry, Later
from server.moderation import words
from server.moderation.queries import source
from server.moderation.service.asking import whole_text
from server.moderation.service.verdicts import settle
from server.photos import queries as photos
from server.rules import moderation as rule
from wechat.gateway import Gateway, UserAway, Verdict, WeChatBusy, WeChatError, WeChatMisconfigured

_checks, _issues = ContentCheck.__table__, Issue.__table__
_events, _photos = IssueEvent.__table__, Photo.__table__

ADDRESS_LIVES = timedelta(minutes=40)  # WeChat fetches and judges within thirty
PAUSE = timedelta(minutes=1)  # the least the relay rests between tries

_CHECK: sa.Select[Any] = (
    sa.select(
        _checks.c.id,
        _checks.c.state,
        _checks.c.trace,
        _checks.c.due_at,
        _events.c.move,
        _events.c.text.label("event_text"),
        _issues.c.text.label("issue_text"),
        _issues.c.spot,
        _photos.c.public_id.label("photo"),
        source.seen_at(_issues.c.reporter_id).label("seen_at"),
        source.openid_sealed(_issues.c.reporter_id).label("openid_sealed"),
    )
    .join_from(_checks, _issues, _issues.c.id == _checks.c.issue_id)
    .outerjoin(_events, _events.c.id == _checks.c.event_id)
    .outerjoin(_photos, _photos.c.id == _checks.c.photo_id)
    .where(_checks.c.id == sa.bindparam("check"))
)
_HELD: sa.Select[Any] = sa.select(_checks.c.id, _checks.c.state, _checks.c.due_at).where(
    _checks.c.id == sa.bindparam("check")
)


@dataclass(frozen=True, slots=True)
class Question:
    """What WeChat is asked: a text, or the address of a photo. Its repr is empty."""

    openid: str = field(repr=False)
    text: str = field(default="", repr=False)
    url: str = field(default="", repr=False)
    hits: tuple[HeldFor, ...] = field(default=(), repr=False)


class ContentCheckHandler:
    """Entries of kind CONTENT_CHECK: `subject` is a row of content_checks."""

    def load(self, entry: Entry, now: datetime) -> Question | End:
        """What to ask; or the end, when the check is settled, overdue, ordered before, or its author has left."""
        row = database.connection().execute(_CHECK, {"check": entry.subject, **source.ours()}).one_or_none()
        if row is None or row.state is not CheckState.WAITING:
            return Done("settled")
        if row.trace is not None:
            return Done("ordered", receipt=row.trace)
        if now >= row.due_at:
            return _to_a_person(row, HeldFor.LATE, now)
        if row.openid_sealed is None or not rule.is_active(row.seen_at, now):
            return _to_a_person(row, HeldFor.AWAY, now)
        return _question(row, now)

    def ask(self, gateway: Gateway, loaded: Question) -> Verdict | str:
        """A verdict on a text, or the trace under which the verdict on a photo will come."""
        if loaded.url:
            return gateway.check_photo(loaded.url, loaded.openid)
        return gateway.check_text(loaded.text, loaded.openid)

    def settle(self, entry: Entry, loaded: Question, answer: Verdict | str | WeChatError, now: datetime) -> End:
        """Write the verdict down. A check somebody decided meanwhile stays as it was decided."""
        row = database.connection().execute(_HELD.with_for_update(), {"check": entry.subject}).one_or_none()
        if row is None or row.state is not CheckState.WAITING:
            return Done("settled")
        match answer:
            case Verdict():
                outcome = rule.after_verdict(answer.suggestion, answer.label, loaded.hits)
                settle(row.id, outcome, now)
                return Done(str(outcome.state), receipt=answer.trace[:80])
            case str():
                trace = answer[:80]
                database.connection().execute(
                    sa.update(ContentCheck).where(ContentCheck.id == row.id).values(trace=trace)
                )
                return Done("ordered", receipt=trace)
            case UserAway():
                return _to_a_person(row, HeldFor.AWAY, now)
            case WeChatBusy() | WeChatMisconfigured():
                return _later(row, answer, now)
            case _:
                _to_a_person(row, HeldFor.FAILED, now)
                return Dead(answer.code)


def _question(row: Row[Any], now: datetime) -> Question:
    openid = crypto.open_sealed(row.openid_sealed, "wechat_accounts.openid_sealed")
    if row.photo is not None:
        return Question(openid, url=photos.public_address(row.photo, min(now + ADDRESS_LIVES, row.due_at)))
    text = whole_text(row.move, row.event_text, row.issue_text, row.spot)
    return Question(openid, text=text, hits=words.in_use().hits(text))


def _later(row: Row[Any], error: WeChatError, now: datetime) -> End:
    """Another try while there is time for one; then a person looks."""
    pause = max(error.retry_after or 0, 0)
    if now + max(timedelta(seconds=pause), PAUSE) < row.due_at:
        return Later(error.code, error.retry_after)
    _to_a_person(row, HeldFor.LATE, now)
    return Done("queued") if isinstance(error, WeChatBusy) else Dead(error.code)


def _to_a_person(row: Row[Any], label: HeldFor, now: datetime) -> End:
    settle(row.id, rule.unanswered(label), now)
    return Done("queued")
