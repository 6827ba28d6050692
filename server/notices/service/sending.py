"""Sending a message through WeChat, one grant for one message. The inbox has it already, whatever happens here."""

import json
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import quote

import sqlalchemy as sa
from flask import current_app

from models import Appointment, Message, Person, WeChatAccount
from models.base import PUBLIC_ID_ALPHABET
from models.enums import MessageKind
from server.core import crypto, database
from server.core.outbox import Dead, Done, End, Entry, Later, end_of
from server.notices.service import consent
from server.notices.templates import configured
from server.rules import subscribe
from wechat.gateway import Gateway, NotSubscribed, TemplateRefused, UnknownRecipient, WeChatError

OLDEST = timedelta(hours=72)  # news of last week is no news
# WeChat knows no idempotency key: what crashed while sending, or got no answer, may have arrived. A one-time agreement
# makes WeChat itself refuse the next copy, so we ask until the answer is certain. Elsewhere we stop (docs/messages.md has
# the odds): after two crashes in the moment in which WeChat does it there may be two copies. An answer that does not
# come mostly means that the request did not arrive either: so many of those that no copy at all is next to impossible.
MOST_CRASHES = 2
MOST_UNSURE = 8
COPIES = 2

# What is told to whoever has it in hand, and is nobody's business who no longer has.
OF_A_POST = frozenset({MessageKind.NEW_ISSUE, MessageKind.PASSED_UP, MessageKind.OVERDUE_SOON, MessageKind.NOTICE})

_ID = re.compile(f"[{PUBLIC_ID_ALPHABET}]{{16}}")

_posts = Appointment.__table__.c
_messages, _persons, _accounts = Message.__table__.c, Person.__table__.c, WeChatAccount.__table__.c


@dataclass(frozen=True, slots=True)
class Letter:
    """A message ready to be sent. Its repr names nobody."""

    kind: MessageKind
    person_id: int
    grant_id: int
    long_term: bool
    loaded_at: datetime
    openid: str = field(repr=False)
    template: str
    data: dict[str, str] = field(repr=False)
    page: str


class SendMessage:
    """The Handler of OutboxKind.MESSAGE: subject is a row of `messages`."""

    def load(self, entry: Entry, now: datetime) -> Letter | End:
        """Set a grant aside and write the letter."""
        if now - entry.created_at >= OLDEST:
            return Dead("older than 72 hours: nobody was there to send it")
        row = database.connection().execute(_wanted(entry.subject)).one_or_none()
        if row is None or row.openid_sealed is None:
            return Done("no_account")
        if row.read_at is not None:
            return Done("already_read")
        if row.kind in OF_A_POST and _left_her_post(row.person_id, row.created_at, now):
            return Done("post_ended")
        template = configured().get(row.kind)
        if template is None:
            return Done("no_template")
        if consent.is_being_told(row.person_id, entry.id, now):
            return Later("another message to the same person is on its way", 0.3 + secrets.randbelow(700) / 1000)
        if (entry.crashed >= MOST_CRASHES or entry.unsure >= MOST_UNSURE) and (
            template.long_term or consent.live_grants(row.person_id, template.id) > COPIES
        ):
            return Done("unsure")
        grant_id = consent.take(row.person_id, template.id, entry.id)
        if grant_id is None:
            return Done("no_consent")
        about = row.link.partition("?")[0].rpartition("/")[2]
        about = about if _ID.fullmatch(about) else ""  # a list: which row is nobody's business here
        return Letter(
            kind=row.kind,
            person_id=row.person_id,
            grant_id=grant_id,
            long_term=template.long_term,
            loaded_at=now,
            openid=crypto.open_sealed(row.openid_sealed, "wechat_accounts.openid_sealed"),
            template=template.id,
            data=subscribe.render(template.fields, _values(row), row.created_at),
            page=template.page.replace("{id}", quote(about, safe="")),
        )

    def ask(self, gateway: Gateway, loaded: Letter) -> str:
        """Send it."""
        return gateway.send_message(loaded.openid, loaded.template, loaded.data, page=loaded.page)

    def settle(self, entry: Entry, loaded: Letter, answer: str | WeChatError, now: datetime) -> End:
        """Debit the grant by what WeChat said."""
        if not isinstance(answer, WeChatError):
            consent.spend(loaded.grant_id, now)
            return Done("sent", answer)
        if isinstance(answer, NotSubscribed):
            arrived = entry.unsure > 0 and not loaded.long_term
            if arrived:  # an earlier attempt, whose answer was lost, used the agreement up
                consent.spend(loaded.grant_id, now)
            consent.refused(loaded.person_id, loaded.template, loaded.loaded_at, now)
            return Done("sent") if arrived else Done("refused")
        if isinstance(answer, UnknownRecipient):
            consent.refused(loaded.person_id, None, loaded.loaded_at, now)
            return Done("unknown_recipient")
        if isinstance(answer, TemplateRefused):
            consent.give_back(loaded.grant_id)
            what = f"field {answer.field}" if answer.field else "template or page"
            return Dead(f"{loaded.kind}: {what} does not fit the template: {answer}")
        end = end_of(answer)
        if isinstance(end, Dead) and not entry.unsure:
            consent.give_back(loaded.grant_id)
        return end


def _left_her_post(person_id: int, told_at: datetime, now: datetime) -> bool:
    """Whether a post of hers ended since she was told, and none is left."""
    posts = database.connection().execute(
        sa.select(_posts.starts_at, _posts.ends_at).where(
            _posts.person_id == person_id, sa.or_(_posts.ends_at.is_(None), _posts.ends_at > told_at)
        )
    )
    held = posts.all()
    return bool(held) and not any(p.starts_at <= now and (p.ends_at is None or p.ends_at > now) for p in held)


def _wanted(message_id: int) -> sa.Select[tuple[object, ...]]:
    appid = current_app.extensions["settings"].wechat.appid
    return (
        sa.select(
            _messages.kind,
            _messages.person_id,
            _messages.title,
            _messages.body,
            _messages.link,
            _messages.facts,
            _messages.created_at,
            _messages.read_at,
            _accounts.openid_sealed,
        )
        .join_from(Message, Person, _persons.id == _messages.person_id)
        .outerjoin(
            WeChatAccount,
            sa.and_(
                _accounts.person_id == _messages.person_id, _accounts.appid == appid, _persons.disabled_at.is_(None)
            ),
        )
        .where(_messages.id == message_id)
        .order_by(_accounts.id.desc())
        .limit(1)
    )


def _values(row: sa.Row[tuple[object, ...]]) -> dict[str, subscribe.Value]:
    """What a template may show of a message."""
    values: dict[str, subscribe.Value] = json.loads(row.facts) if row.facts else {}
    for name, shape in subscribe.OWN[row.kind].items():
        if shape is subscribe.Shape.MOMENT and name in values:
            values[name] = datetime.fromisoformat(str(values[name]))
    return {
        **values,
        "title": row.title,
        "text": row.body,
        "kind": row.kind.zh,
        "status": subscribe.STATUS[row.kind],
        "hint": subscribe.HINT,
        "time": row.created_at,
    }
