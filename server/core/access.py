"""The guarded doors: who is asking, what they may do, and where.

Rights come from live appointments, read with the session in one query on every request. Rows are fetched only through
`within`/`fetch`: outside the actor's places the answer is 404, inside but not allowed 403.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import Any, NamedTuple, ParamSpec, TypeVar

import sqlalchemy as sa
from flask import g
from sqlalchemy import ColumnElement
from sqlalchemy.engine import Row

from models import Appointment, Person, Place, SignInSession
from models.enums import PlaceKind, Role, SessionKind
from models.types import UTCDateTime
from server.core import auth, clock, database
from server.core.errors import Problem, forbidden, not_found
from server.core.hot import Hot
from server.rules.permissions import EVERYONE, GRANTS, Permission, may

P = ParamSpec("P")
R = TypeVar("R")


class Post(NamedTuple):
    """A live appointment and the place it covers."""

    role: Role
    place_id: int
    kind: PlaceKind
    place: str  # public id
    place_name: str
    community_id: int | None
    street_id: int | None
    district_id: int | None
    department_id: int | None = None  # of a department's post: which one


def in_force(appointment: Any, now: datetime) -> ColumnElement[bool]:
    """Whether an appointment is in force at a moment. `appointment`: the columns of the table or of an alias."""
    ended = sa.or_(appointment.ends_at.is_(None), appointment.ends_at > now)
    return sa.and_(appointment.starts_at <= now, ended)


def covers(post: Post, row: Any) -> bool:
    """Whether a post's place contains a row that names its building and all that building's ancestors."""
    match post.kind:
        case PlaceKind.BUILDING:
            return bool(row.building_id == post.place_id)
        case _:
            return bool(getattr(row, Place.ANCESTOR[post.kind]) == post.place_id)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is asking. Without posts: a resident."""

    person_id: int
    public_id: str
    name: str
    session_id: int
    session_kind: SessionKind
    posts: tuple[Post, ...]
    phone_sealed: bytes | None = field(default=None, repr=False)  # `persons.phone_sealed`, read with the rest

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(post.role for post in self.posts)

    def posts_granting(self, permission: Permission) -> tuple[Post, ...]:
        """The posts whose role includes the permission."""
        return tuple(post for post in self.posts if permission in GRANTS[post.role])

    def heads(self, building_id: int) -> bool:
        """Whether the actor is a head of the building: whatever other post she has, she does not judge it."""
        return any(post.role is Role.HEAD and post.place_id == building_id for post in self.posts)

    def role_for(self, permission: Permission) -> Role | None:
        """The role in which the actor does this (the first granting post), for timelines and the audit trail."""
        posts = self.posts_granting(permission)
        return posts[0].role if posts else None


_place = Place.__table__.c
# Built once: SQLAlchemy keeps its compiled form, and every request asks it.
_WHO = Hot(
    sa.select(
        SignInSession.id,
        SignInSession.kind,
        Person.id,
        Person.public_id,
        Person.name,
        Person.phone_sealed,
        Appointment.role,
        _place.id,
        _place.kind,
        _place.public_id,
        _place.name,
        _place.community_id,
        _place.street_id,
        _place.district_id,
        Appointment.department_id,
    )
    .select_from(SignInSession)
    .join(Person, Person.id == SignInSession.person_id)
    .outerjoin(
        Appointment,
        sa.and_(
            Appointment.person_id == Person.id,
            Appointment.starts_at <= sa.bindparam("now", type_=UTCDateTime),
            sa.or_(Appointment.ends_at.is_(None), Appointment.ends_at > sa.bindparam("now", type_=UTCDateTime)),
        ),
    )
    .outerjoin(Place, Place.id == Appointment.place_id)
    .where(
        SignInSession.token_hash == sa.bindparam("token_hash"),
        SignInSession.revoked_at.is_(None),
        SignInSession.expires_at > sa.bindparam("now", type_=UTCDateTime),
        Person.disabled_at.is_(None),
    )
    .order_by(Appointment.id)
)


def current_actor() -> Actor | None:
    """Who this request's token belongs to, or None. Asked once a request."""
    if "actor" not in g:
        token = auth.presented_token()
        g.actor = None if token is None else _read_actor(token)
    actor: Actor | None = g.actor
    return actor


def _read_actor(token: str) -> Actor | None:
    rows = _WHO.all({"token_hash": auth.hash_token(token), "now": clock.now()})
    if not rows:
        return None
    if not auth.fits_the_door(rows[0][1]):
        return None
    return _actor(rows)


def _actor(rows: Sequence[tuple[Any, ...]]) -> Actor:
    session_id, kind, person_id, public_id, name, phone_sealed = rows[0][:6]
    if kind is SessionKind.PAGE:  # a resident's, whoever she is elsewhere
        return Actor(person_id, public_id, "", session_id, kind, ())
    posts = tuple(Post(*row[6:]) for row in rows if row[6] is not None)
    return Actor(person_id, public_id, name, session_id, kind, posts, phone_sealed)


def actor_for(person_id: int, now: datetime) -> Actor:
    """Somebody's rights at a moment, without a session: for commands that act in a person's name (the demo)."""
    token, _ = auth.open_session(person_id, SessionKind.CONSOLE, now)
    rows = _WHO.all({"token_hash": auth.hash_token(token), "now": now})
    actor = _actor(rows)
    auth.end_session(actor.session_id, now)
    return actor


def require_actor() -> Actor:
    """The signed-in person. Raises 401."""
    actor = current_actor()
    if actor is None:
        raise Problem(401, "unauthenticated", "请先登录。")
    return actor


def needs(permission: Permission) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Declare the permission a route needs. Whether it holds for the very row is checked where the row is fetched."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            actor = require_actor()
            if permission not in EVERYONE and not actor.posts_granting(permission):
                raise forbidden(may(actor.roles, permission).reason)
            return view(*args, **kwargs)

        guarded.__needs__ = permission  # type: ignore[attr-defined]
        return guarded

    return decorate


def open_to_all(why: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Declare that a route needs no sign-in, and why."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        view.__open_to_all__ = why  # type: ignore[attr-defined]
        return view

    return decorate


# How a post at a place of each kind selects rows of a table that has building_id, grid_id and community_id.
def _rows_of_buildings(post: Post, columns: Any) -> ColumnElement[bool]:
    match post.kind:
        case PlaceKind.BUILDING:
            return columns.building_id == post.place_id  # type: ignore[no-any-return]
        case PlaceKind.GRID:
            # The community is named too, so that lists keep to the community's keyset index.
            return sa.and_(columns.community_id == post.community_id, columns.grid_id == post.place_id)
        case PlaceKind.COMMUNITY:
            return columns.community_id == post.place_id  # type: ignore[no-any-return]
        case PlaceKind.ESTATE:
            inside = sa.select(_place.id).where(_place.estate_id == post.place_id)
            return columns.building_id.in_(inside)  # type: ignore[no-any-return]
        case _:
            inside = sa.select(_place.id).where(
                _place[Place.ANCESTOR[post.kind]] == post.place_id, _place.kind == PlaceKind.COMMUNITY
            )
            return columns.community_id.in_(inside)  # type: ignore[no-any-return]


def _rows_of_communities(post: Post, columns: Any) -> ColumnElement[bool]:
    """The same for tables of whole communities (months): a building or grid sees its own community's row."""
    if post.kind in (PlaceKind.STREET, PlaceKind.DISTRICT):
        return _rows_of_buildings(post, columns)
    return columns.community_id == post.community_id  # type: ignore[no-any-return]


def _rows_of_places(post: Post, columns: Any) -> ColumnElement[bool]:
    return columns[Place.ANCESTOR[post.kind]] == post.place_id  # type: ignore[no-any-return]


Narrowing = Callable[[Post, Any], ColumnElement[bool] | None]


def within(
    actor: Actor, permission: Permission, table: sa.FromClause, *, narrow: Narrowing | None = None
) -> ColumnElement[bool]:
    """The condition "this row lies in a place where the actor has this permission".

    `table` is `places`, or anything with `building_id`, `grid_id`, `community_id`, or with `community_id` alone. `narrow`
    may add a condition for a post (a department sees only what was passed to it).
    """
    return within_posts(actor.posts_granting(permission), table, narrow)


def within_posts(posts: Sequence[Post], table: sa.FromClause, narrow: Narrowing | None) -> ColumnElement[bool]:
    """The condition "this row lies in one of these posts' places"."""
    columns = table.c
    if table is Place.__table__:
        rows = _rows_of_places
    elif "building_id" in columns:
        rows = _rows_of_buildings
    else:
        rows = _rows_of_communities
    conditions = []
    for post in posts:
        condition = rows(post, columns)
        extra = narrow(post, columns) if narrow else None
        conditions.append(condition if extra is None else sa.and_(condition, extra))
    return sa.or_(*conditions) if conditions else sa.false()


Shape = tuple[tuple[Role, PlaceKind], ...]


def shape_of(posts: Sequence[Post]) -> Shape:
    """What a condition over these posts looks like, whatever the places: the key under which a hot statement is kept."""
    return tuple((post.role, post.kind) for post in posts)


def stand_ins(shape: Shape) -> tuple[Post, ...]:
    """Posts whose places are parameters, to build a hot statement once for everybody of this shape."""
    return tuple(
        Post(
            role,
            _id(f"place_{n}"),
            kind,
            "",
            "",
            _id(f"community_{n}"),
            _id(f"street_{n}"),
            _id(f"district_{n}"),
            _id(f"department_{n}"),
        )
        for n, (role, kind) in enumerate(shape)
    )


def places_of(posts: Sequence[Post]) -> dict[str, int | None]:
    """The parameters of a statement built over `stand_ins`."""
    return {
        name: value
        for n, post in enumerate(posts)
        for name, value in (
            (f"place_{n}", post.place_id),
            (f"community_{n}", post.community_id),
            (f"department_{n}", post.department_id),
        )
    }


def _id(name: str) -> Any:
    return sa.bindparam(name, type_=sa.BigInteger)


def fetch(
    actor: Actor,
    permission: Permission,
    public_id: str,
    columns: Iterable[ColumnElement[Any]],
    *,
    table: sa.FromClause,
    see: Permission,
    narrow: Narrowing | None = None,
    where: Iterable[ColumnElement[bool]] = (),
    lock: bool = False,
) -> Row[Any]:
    """One row by its public id: 404 unless the actor may `see` it, 403 unless the actor has `permission` there.

    `lock` holds the row until the transaction ends (on SQLite the whole database already is held by a writer).
    """
    if "\0" in public_id:
        raise not_found()  # nothing is named so, and PostgreSQL refuses to look for it
    allowed = within(actor, permission, table, narrow=narrow)
    query: sa.Select[Any] = sa.select(*columns, allowed.label("_allowed")).where(
        table.c.public_id == public_id, within(actor, see, table, narrow=narrow), *where
    )
    if lock:
        query = query.with_for_update(of=table)
    row: Row[Any] | None = database.connection().execute(query).one_or_none()
    if row is None:
        raise not_found()
    if not row._allowed:
        raise forbidden()
    return row


def fetch_place(
    actor: Actor,
    permission: Permission,
    public_id: str,
    *,
    kinds: Iterable[PlaceKind] = tuple(PlaceKind),
    see: Permission = Permission.PLACE_READ,
) -> Row[Any]:
    """A place in the actor's places, as a row of all its columns."""
    table = Place.__table__
    found: Row[Any] = fetch(
        actor, permission, public_id, tuple(table.c), table=table, see=see, where=(table.c.kind.in_(tuple(kinds)),)
    )
    return found
