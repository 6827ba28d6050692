"""Inviting: the community hands a future head a code; whoever signs in and types it is appointed."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import Appointment, Invitation, Person, Place, new_public_id
from models.enums import Role
from server.core import access, audit, auth, crypto, database
from server.core.access import Actor
from server.core.audit import Action
from server.core.errors import Problem, conflict, forbidden, invalid, not_found
from server.heads import queries as appointments
from server.heads.service.appointing import Term, make, refuse_place, roles_over
from server.rules.permissions import Permission, may_appoint

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # no 0 O 1 I L: it is read aloud and typed on a phone
CODE_LENGTH = 8
VALID = timedelta(days=7)

_i = Invitation.__table__.c
_place = Place.__table__


@dataclass(frozen=True, slots=True)
class Invited:
    """A new invitation: its public id, and the code that is shown this once."""

    id: str
    code: str


def invite(actor: Actor, place: str, name: str, role: Role, term_ends_at: datetime | None, now: datetime) -> Invited:
    """Invite somebody to a post at a place of the actor's. Only the code's hash is kept."""
    where = access.fetch_place(actor, Permission.INVITATION_WRITE, place)
    decision = may_appoint(roles_over(actor, where), role)
    if not decision:
        raise forbidden(decision.reason)
    refuse_place(role, where)
    if term_ends_at is not None and term_ends_at <= now + VALID:
        raise invalid("term_ends_at", "任期结束时间要晚于邀请的有效期（7 天）。")
    code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    public_id = new_public_id()
    database.connection().execute(
        sa.insert(Invitation).values(
            public_id=public_id,
            code_hash=_hash(code),
            role=role,
            place_id=where.id,
            name=name,
            term_ends_at=term_ends_at,
            created_at=now,
            created_by_id=actor.person_id,
            expires_at=now + VALID,
        )
    )
    audit.record(
        Action.INVITATION_MAKE,
        now,
        actor=actor,
        role=actor.role_for(Permission.INVITATION_WRITE),
        subject=f"invitation:{public_id}",
        place_id=where.id,
        detail={"role": str(role)},
    )
    return Invited(public_id, f"{code[:4]}-{code[4:]}")


def revoke(actor: Actor, invitation: str, now: datetime) -> None:
    """Take an invitation back; doing it twice changes nothing. Raises 409 when it was accepted already."""
    inside = access.within(actor, Permission.INVITATION_WRITE, _place)
    row = (
        database.connection()
        .execute(
            sa.select(_i.id, _i.place_id, _i.accepted_at, _i.revoked_at)
            .join_from(Invitation, _place, _place.c.id == _i.place_id)
            .where(_i.public_id == invitation, inside)
            .with_for_update(of=Invitation.__table__)
        )
        .one_or_none()
    )
    if row is None:
        raise not_found()
    if row.accepted_at is not None:
        raise conflict("invitation_used", "这份邀请已经被接受，不能撤回；需要时请结束任职。")
    if row.revoked_at is not None:
        return
    database.connection().execute(sa.update(Invitation).where(_i.id == row.id).values(revoked_at=now))
    audit.record(
        Action.INVITATION_REVOKE,
        now,
        actor=actor,
        role=actor.role_for(Permission.INVITATION_WRITE),
        subject=f"invitation:{invitation}",
        place_id=row.place_id,
    )


def accept(actor: Actor, code: str, now: datetime) -> str:
    """Take an invitation up: the signed-in person is appointed. Returns the appointment's public id.

    Raises 404 for an unknown code (and 429 after five of them), 409 for a used one, 410 for one revoked or expired.
    """
    guesser = f"invitation {actor.public_id}"
    auth.refuse_when_guessing(guesser, now, what="邀请码输错次数太多")
    connection = database.connection()
    row = connection.execute(
        sa.select(
            _i.id,
            _i.public_id,
            _i.role,
            _i.place_id,
            _i.name,
            _i.term_ends_at,
            _i.expires_at,
            _i.accepted_at,
            _i.accepted_by_id,
            _i.revoked_at,
            _i.created_by_id,
        )
        .where(_i.code_hash == _hash(_plain(code)))
        .with_for_update()
    ).one_or_none()
    if row is None:
        unknown = Problem(404, "invitation_unknown", "邀请码不对，请核对后再输；还不行请联系社区。")
        raise auth.refuse_guess(guesser, now, unknown)
    if row.accepted_by_id == actor.person_id:
        raise conflict("invitation_used", "您已经接受过这份邀请了。")
    if row.accepted_at is not None:
        raise conflict("invitation_used", "这份邀请已经被人接受，请联系社区重新邀请。")
    if row.revoked_at is not None:
        raise Problem(410, "invitation_revoked", "这份邀请已经撤回，请联系社区。")
    if row.expires_at <= now or (row.term_ends_at is not None and row.term_ends_at <= now):
        raise Problem(410, "invitation_expired", "这份邀请已经过期，请联系社区重新邀请。")
    where = connection.execute(sa.select(_place).where(_place.c.id == row.place_id)).one()
    if not _may_still_invite(row.created_by_id, row.role, where, now):
        raise Problem(410, "invitation_revoked", "发出邀请的人已经不再负责这里，请联系社区重新邀请。")
    connection.execute(
        sa.update(Invitation).where(_i.id == row.id).values(accepted_at=now, accepted_by_id=actor.person_id)
    )
    connection.execute(sa.update(Person).where(Person.id == actor.person_id, Person.name == "").values(name=row.name))
    audit.record(
        Action.INVITATION_ACCEPT, now, actor=actor, subject=f"invitation:{row.public_id}", place_id=row.place_id
    )
    term = Term(now, row.term_ends_at)
    return make(actor.person_id, row.role, where, term, now, by=actor, appointed_by_id=row.created_by_id)


def _may_still_invite(person_id: int, role: Role, where: Row[Any], now: datetime) -> bool:
    """Whether who made an invitation could make it now: codes put by before a post ended are dark with it."""
    above = [place for column in Place.ANCESTOR.values() if (place := where._mapping[column]) is not None]
    held = (
        sa.select(Appointment.role)
        .join_from(Appointment, Person, Person.id == Appointment.person_id)
        .where(
            Person.id == person_id,
            Person.disabled_at.is_(None),
            Appointment.place_id.in_(above),
            appointments.live(now),
        )
    )
    return may_appoint(database.connection().execute(held).scalars(), role).allowed


def _plain(code: str) -> str:
    """A code as it was made, however it was typed."""
    return "".join(sign for sign in code.upper() if sign.isalnum())


def _hash(code: str) -> bytes:
    """Keyed: a code is short, and a plain hash of it could be tried out by whoever holds a copy of the database."""
    return crypto.blind_index(code, "invitations.code")
