"""通知: what the office tells the heads of its places."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from models import Appointment, Person, Place, new_public_id
from models.enums import MessageKind, Role
from server.core import access, audit, database
from server.core.access import Actor
from server.core.audit import Action
from server.core.errors import conflict
from server.notices.service.telling import Telling, tell_many
from server.rules.notices import office_notice
from server.rules.permissions import Permission

_heads, _places, _persons = Appointment.__table__.c, Place.__table__.c, Person.__table__.c


@dataclass(frozen=True, slots=True)
class Sent:
    """A notice that was told. `id` names it in the audit trail."""

    id: str
    place_name: str
    told: int


def send_notice(actor: Actor, place: str, title: str, text: str, now: datetime) -> Sent:
    """Tell every head of the place's buildings. 404 outside the actor's places; 409 when there is no head to tell."""
    row = access.fetch_place(actor, Permission.NOTICE_WRITE, place)
    heads = database.connection().execute(
        sa.select(_heads.person_id)
        .join_from(Appointment, Place, _places.id == _heads.place_id)
        .join(Person, _persons.id == _heads.person_id)
        .where(
            _places[Place.ANCESTOR[row.kind]] == row.id,
            _heads.role == Role.HEAD,
            _heads.starts_at <= now,
            sa.or_(_heads.ends_at.is_(None), _heads.ends_at > now),
            _persons.disabled_at.is_(None),
        )
        .distinct()
        .order_by(_heads.person_id)
    )
    said, public_id = office_notice(row.name, title, text), new_public_id()
    tellings = [
        Telling(person_id, MessageKind.NOTICE, said.title, said.body, "", f"notice:{public_id}", {"sender": row.name})
        for person_id in heads.scalars()
    ]
    if not tellings:
        raise conflict("no_heads", "这里现在没有在任的楼栋长，通知没有人可以收。")
    told = tell_many(tellings, now)
    audit.record(
        Action.NOTICE_SEND,
        now,
        actor=actor,
        role=actor.role_for(Permission.NOTICE_WRITE),
        subject=f"notice:{public_id}",
        place_id=row.id,
        detail={"title": title, "told": told},
    )
    return Sent(public_id, row.name, told)
