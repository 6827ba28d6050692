"""Who somebody is."""

from dataclasses import dataclass

import sqlalchemy as sa

from models import Person
from models.enums import PlaceKind, Role
from server.core import database
from server.core.access import Actor
from server.identity import phone
from server.identity.accounts import find as find
from server.identity.recognising import is_offered as is_offered
from server.identity.veil import veil as veil
from server.rules.permissions import EVERYONE, GRANTS


@dataclass(frozen=True, slots=True)
class PostView:
    """A live appointment as its holder sees it."""

    role: Role
    role_name: str
    place: str
    place_kind: PlaceKind
    place_name: str
    permissions: list[str]


@dataclass(frozen=True, slots=True)
class Me:
    """The signed-in person."""

    id: str
    name: str
    phone: str | None  # masked: the person knows the rest
    posts: list[PostView]
    permissions: list[str]


def me(actor: Actor) -> Me:
    """Who the actor is and what the actor may do where. Reads nothing: the actor was read with the request."""
    posts = [PostView(p.role, p.role.zh, p.place, p.kind, p.place_name, sorted(GRANTS[p.role])) for p in actor.posts]
    return Me(actor.public_id, actor.name, phone.shown(actor), posts, sorted(EVERYONE))


def name_and_phone(person_id: int) -> tuple[str, str]:
    """A person's name as the office knows it and the number they left with us, in full; empty where there is none."""
    name = database.connection().execute(sa.select(Person.name).where(Person.id == person_id)).scalar()
    return name or "", phone.of(person_id) or ""


def staff_id(username: str) -> str | None:
    """The public id of the person who signs in to the console with this user name; None for nobody or a closed account."""
    query = sa.select(Person.public_id).where(Person.username == username, Person.disabled_at.is_(None))
    found: str | None = database.connection().execute(query).scalar()
    return found
