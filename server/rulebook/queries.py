"""Which book holds where, its versions, and what it would say about a text. Parsed books are kept: a version never changes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.engine import Engine, Row

from models import Appointment, Place, RuleBook
from models.enums import IssueCategory, PlaceKind, Role
from server.core import access, database, paging, workdays
from server.core.access import Actor
from server.core.errors import not_found
from server.core.paging import Page
from server.places import queries as places
from server.rules import book_json, routing
from server.rules.book import RuleBook as Book
from server.rules.book_standard import STANDARD
from server.rules.permissions import Permission
from server.rules.routing import PlaceFacts, Suggestion

BOOK_PLACES = (PlaceKind.COMMUNITY, PlaceKind.STREET, PlaceKind.DISTRICT)  # the nearest one's book holds
_books, _places = RuleBook.__table__, Place.__table__
_kept: WeakKeyDictionary[Engine, dict[int, Book]] = WeakKeyDictionary()  # parsed books, for each database


@dataclass(frozen=True, slots=True)
class InForce:
    """The book that holds somewhere. Without an id it is the shipped one."""

    id: int | None
    book: Book


@dataclass(frozen=True, slots=True)
class Version:
    """One published version of a place's book. Tells the role of who made it, never the name."""

    id: str
    version: int
    note: str
    created_at: datetime
    created_role: Role | None


@dataclass(frozen=True, slots=True)
class BookView:
    """The book that holds at a place: whose it is, which version, and whether it is the place's own."""

    place: str
    place_name: str
    kind: PlaceKind
    version: int  # of the place's own book; 0: it has none and follows `of`
    of: str | None  # public id of the place whose book holds; None: the shipped one
    of_name: str
    may_edit: bool
    latest: Version | None
    book: Book

    @property
    def content(self) -> dict[str, Any]:
        """The book as JSON's own types."""
        return book_json.to_content(self.book)


def latest_id(columns: Any) -> sa.ColumnElement[int | None]:
    """The id of the book that holds at a place, as a column of a query over `places`: community's, street's, district's."""
    newest = [
        sa.select(RuleBook.id)
        .where(RuleBook.place_id == columns[Place.ANCESTOR[kind]])
        .order_by(RuleBook.version.desc())
        .limit(1)
        .scalar_subquery()
        for kind in BOOK_PLACES
    ]
    return sa.func.coalesce(*newest).label("rule_book_id")


def book_of(rule_book_id: int | None) -> Book:
    """The book an issue was filed under (`issues.rule_book_id`); None: the shipped one. Parsed once a process."""
    if rule_book_id is None:
        return STANDARD
    connection = database.connection()
    kept = _kept.setdefault(connection.engine, {})
    book = kept.get(rule_book_id)
    if book is None:
        content = connection.execute(sa.select(_books.c.content).where(_books.c.id == rule_book_id)).scalar()
        if content is None:
            raise LookupError(f"no rule book {rule_book_id}")
        book = kept[rule_book_id] = book_json.from_content(content)
    return book


def book_for_building(building_id: int) -> InForce:
    """The book that holds for reports from a building (or any other place, by its internal id)."""
    found = database.connection().execute(sa.select(latest_id(_places.c)).where(_places.c.id == building_id)).scalar()
    return InForce(found, book_of(found))


def book_for_code(code: str) -> Book:
    """The book of whoever stands before a stairwell code. Raises 404 and 410 as the code's page does."""
    return book_for_building(places.open_building(code).building_id).book


def book_for_report(actor: Actor, building: str) -> Book:
    """The book for a report taken by the actor: the building's, or while none is chosen their own place's."""
    posts = actor.posts_granting(Permission.ISSUE_LIST)
    place = sa.select(_places.c.id).where(_places.c.public_id == building) if building.isalnum() else None
    found = database.connection().execute(place).scalar() if place is not None else None
    return book_for_building(found or posts[0].place_id).book


def view(actor: Actor, place: str) -> BookView:
    """The book that holds at one of the actor's places, for reading. Raises 404 outside them."""
    return _view(actor, _place(actor, place))


def _place(actor: Actor, place: str) -> Row[Any]:
    return access.fetch_place(actor, Permission.BOOK_READ, place, see=Permission.BOOK_READ)


def _view(actor: Actor, row: Row[Any]) -> BookView:
    found = database.connection().execute(sa.select(latest_id(_places.c)).where(_places.c.id == row.id)).scalar()
    latest = None if found is None else _of_version(_books.c.id == found)
    own = latest is not None and latest.place_id == row.id
    return BookView(
        place=row.public_id,
        place_name=row.name,
        kind=row.kind,
        version=latest.version if latest and own else 0,
        of=latest.of if latest else None,
        of_name=latest.of_name if latest else "",
        may_edit=may_edit(actor, row),
        latest=_told(latest) if latest else None,
        # Read anew and not kept: it may have been published in this very transaction.
        book=STANDARD if latest is None else book_json.from_content(latest.content),
    )


def may_edit(actor: Actor, place: Row[Any]) -> bool:
    """Whether the book is the actor's own place's: nobody rewrites it from above or below."""
    posts = actor.posts_granting(Permission.BOOK_WRITE)
    return place.kind in BOOK_PLACES and any(post.place_id == place.id for post in posts)


def own_places(actor: Actor) -> list[tuple[str, str]]:
    """The places of the actor's posts (id, name), those first whose book the actor may edit."""
    posts = sorted(actor.posts_granting(Permission.BOOK_READ), key=lambda post: post.kind not in BOOK_PLACES)
    return list(dict.fromkeys((post.place, post.place_name) for post in posts))


def versions(actor: Actor, place: str, cursor: str | None = None, limit: int = 20) -> Page[Version]:
    """The versions of the book that holds at a place, newest first."""
    row = _place(actor, place)
    found = database.connection().execute(sa.select(latest_id(_places.c)).where(_places.c.id == row.id)).scalar()
    of = sa.select(_books.c.place_id).where(_books.c.id == found).scalar_subquery()
    query = sa.select(_books).where(_books.c.place_id == of)
    if (after := paging.decode(cursor)) is not None:
        query = query.where(_books.c.version < after)
    rows = database.connection().execute(query.order_by(_books.c.version.desc()).limit(limit + 1)).all()
    return paging.page(rows, limit, _told, lambda r: r.version)


def one_version(actor: Actor, place: str, version: int) -> tuple[Version, Book, Book]:
    """One version of the book that holds at a place, and the book before it. Raises 404."""
    row = _place(actor, place)
    found = database.connection().execute(sa.select(latest_id(_places.c)).where(_places.c.id == row.id)).scalar()
    of = sa.select(_books.c.place_id).where(_books.c.id == found).scalar_subquery()
    asked = _of_version(sa.and_(_books.c.place_id == of, _books.c.version == version))
    if asked is None:
        raise not_found()
    before = (
        sa.select(_books.c.id)
        .where(_books.c.place_id == asked.place_id, _books.c.version < version)
        .order_by(_books.c.version.desc())
        .limit(1)
    )
    earlier = database.connection().execute(before).scalar()
    if earlier is None:  # what held before its first own version: nearest above, as it is today
        earlier = _above(asked.place_id)
    return _told(asked), book_of(asked.id), book_of(earlier)


def _above(place_id: int) -> int | None:
    parent = sa.select(_places.c.parent_id).where(_places.c.id == place_id).scalar_subquery()
    return database.connection().execute(sa.select(latest_id(_places.c)).where(_places.c.id == parent)).scalar()


def _of_version(condition: sa.ColumnElement[bool]) -> Row[Any] | None:
    query = (
        sa.select(_books, _places.c.public_id.label("of"), _places.c.name.label("of_name"))
        .join_from(_books, _places, _places.c.id == _books.c.place_id)
        .where(condition)
    )
    return database.connection().execute(query).one_or_none()


def _told(row: Row[Any]) -> Version:
    return Version(row.public_id, row.version, row.note, row.created_at, row.created_role)


@dataclass(frozen=True, slots=True)
class Tried:
    """What would become of a report, in words; nothing was filed."""

    suggestion: Suggestion
    why: list[str]


def would_go(
    actor: Actor,
    building: str,
    text: str,
    category: IssueCategory | None,
    topic: str,
    about_head: bool,
    now: datetime,
    book: Book | None = None,
) -> Tried:
    """Where a report of this text from this building would go. `book`: another than the one that holds there."""
    row = access.fetch_place(
        actor, Permission.BOOK_READ, building, kinds=(PlaceKind.BUILDING,), see=Permission.BOOK_READ
    )
    book = book or book_for_building(row.id).book
    facts = PlaceFacts(_has_head(row.id, now), row.grid_id is not None, about_head)
    suggestion = routing.suggest(book, text, category, topic, facts, now, workdays.calendar())
    return Tried(suggestion, routing.explain(book, suggestion))


def _has_head(building_id: int, now: datetime) -> bool:
    live = sa.select(Appointment.id).where(
        Appointment.place_id == building_id,
        Appointment.role == Role.HEAD,
        Appointment.starts_at <= now,
        sa.or_(Appointment.ends_at.is_(None), Appointment.ends_at > now),
    )
    return bool(database.connection().execute(sa.select(live.exists())).scalar())


def names_of(book: Book) -> Iterable[tuple[str, str]]:
    """Keys and names of all topics of a book, for filters and figures."""
    return ((topic.key, topic.name) for topic in book.topics)
