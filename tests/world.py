"""A small world to test in: a district with a street, its communities, grids and buildings, and people with posts.

world.building(community)      a building (new community and grid unless given)
world.head(building).get(...)  a signed-in head's client: `.get/.post/.patch/.put/.delete` with her token
with world.reading() as c:     a connection to look at rows
"""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.engine import Connection
from werkzeug.test import TestResponse

from models import Appointment, Department, Person, Place, SignInSession, StairwellCode, new_public_id
from models.enums import PlaceKind, Role, SessionKind
from server.core import auth, database
from server.core.clock import SetClock


@dataclass(frozen=True)
class Spot:
    """A place made for a test."""

    id: int
    public_id: str
    kind: PlaceKind
    name: str
    code: str
    row: Any
    stairwell_code: str = ""


class Caller:
    """Somebody signed in (or not): a test client that carries the token."""

    def __init__(self, app: Flask, token: str | None, person_id: int = 0, public_id: str = "") -> None:
        self._client = app.test_client()
        self.token, self.person_id, self.public_id = token, person_id, public_id

    def open(self, method: str, path: str, **kwargs: Any) -> TestResponse:
        headers = dict(kwargs.pop("headers", {}))
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        return self._client.open(path, method=method, headers=headers, **kwargs)

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        return self.open("GET", path, **kwargs)

    def post(self, path: str, **kwargs: Any) -> TestResponse:
        return self.open("POST", path, **kwargs)

    def put(self, path: str, **kwargs: Any) -> TestResponse:
        return self.open("PUT", path, **kwargs)

    def patch(self, path: str, **kwargs: Any) -> TestResponse:
        return self.open("PATCH", path, **kwargs)

    def delete(self, path: str, **kwargs: Any) -> TestResponse:
        return self.open("DELETE", path, **kwargs)


class World:
    """Makes places and people directly in the database, as if they had been there for a year."""

    def __init__(self, app: Flask, clock: SetClock) -> None:
        self.app, self.clock = app, clock
        self._count = itertools.count(1)
        self._trunk: dict[PlaceKind, Spot] = {}

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A committed transaction inside an app context."""
        with self.app.app_context(), database.transaction() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to look at rows with."""
        with self.app.app_context(), database.transaction(reads_only=True) as connection:
            yield connection

    def place(self, kind: PlaceKind, parent: Spot | None, name: str = "") -> Spot:
        """A place under `parent`; a building gets a stairwell code too."""
        number = next(self._count)
        long_ago = self.clock.now() - timedelta(days=365)
        name = name or f"{kind.zh.split('/')[0]}{number}"
        values: dict[str, Any] = {
            "public_id": new_public_id(),
            "kind": kind,
            "code": f"{kind.value}-{number}",
            "name": name,
            "parent_id": parent.id if parent else None,
            "created_at": long_ago,
        }
        for ancestor in ("district_id", "street_id", "community_id", "grid_id", "estate_id"):
            values[ancestor] = getattr(parent.row, ancestor) if parent else None
        stairwell_code = ""
        with self.writing() as connection:
            place_id = connection.execute(sa.insert(Place).values(**values).returning(Place.id)).scalar_one()
            if kind is PlaceKind.BUILDING:
                stairwell_code = f"c{new_public_id()[:9]}"
                connection.execute(
                    sa.insert(StairwellCode).values(
                        public_id=new_public_id(), code=stairwell_code, building_id=place_id, created_at=long_ago
                    )
                )
            else:
                own = Place.ANCESTOR[kind]
                connection.execute(sa.update(Place).where(Place.id == place_id).values(**{own: place_id}))
            row = connection.execute(sa.select(Place.__table__).where(Place.id == place_id)).one()
        return Spot(place_id, row.public_id, kind, name, row.code, row, stairwell_code)

    def _once(self, kind: PlaceKind, parent: Spot | None) -> Spot:
        if kind not in self._trunk:
            self._trunk[kind] = self.place(kind, parent)
        return self._trunk[kind]

    def district(self) -> Spot:
        """The one district."""
        return self._once(PlaceKind.DISTRICT, None)

    def street(self) -> Spot:
        """The one street."""
        return self._once(PlaceKind.STREET, self.district())

    def community(self, name: str = "") -> Spot:
        """A new community on the street."""
        return self.place(PlaceKind.COMMUNITY, self.street(), name)

    def grid(self, community: Spot | None = None) -> Spot:
        """A new grid."""
        return self.place(PlaceKind.GRID, community or self.community())

    def building(self, parent: Spot | None = None, name: str = "") -> Spot:
        """A new building with a stairwell code, under a community, grid or estate (a new grid unless given)."""
        return self.place(PlaceKind.BUILDING, parent or self.grid(), name)

    def place_of(self, building: Spot, column: str) -> Spot:
        """An ancestor of a building: `world.place_of(building, "grid_id")`."""
        with self.reading() as connection:
            row = connection.execute(sa.select(Place.__table__).where(Place.id == getattr(building.row, column))).one()
        return Spot(row.id, row.public_id, row.kind, row.name, row.code, row)

    def department(self, name: str = "住房和城乡建设局") -> int:
        """The district's department of that name, made when it is first asked for. Returns its internal id."""
        with self.writing() as connection:
            there = sa.select(Department.id).where(Department.name == name)
            return (
                connection.execute(there).scalar()
                or connection.execute(
                    sa.insert(Department)
                    .values(
                        public_id=new_public_id(),
                        district_id=self.district().id,
                        name=name,
                        created_at=self.clock.now(),
                    )
                    .returning(Department.id)
                ).scalar_one()
            )

    def person(self, *posts: tuple[Role, Spot], name: str = "王秀英", department: str = "住房和城乡建设局") -> Caller:
        """A signed-in person with the given posts (none: a resident). `department`: of a department's post."""
        now = self.clock.now()
        of_department = self.department(department) if Role.DEPARTMENT in dict(posts) else None
        with self.writing() as connection:
            public_id = new_public_id()
            person_id = connection.execute(
                sa.insert(Person).values(public_id=public_id, name=name, created_at=now).returning(Person.id)
            ).scalar_one()
            for role, spot in posts:
                connection.execute(
                    sa.insert(Appointment).values(
                        public_id=new_public_id(),
                        person_id=person_id,
                        role=role,
                        place_id=spot.id,
                        department_id=of_department if role is Role.DEPARTMENT else None,
                        starts_at=now - timedelta(days=300),
                        created_at=now - timedelta(days=300),
                    )
                )
            token, _ = auth.open_session(person_id, SessionKind.MINIPROGRAM, now)
            # A session far longer than real ones, so that journeys of months need not sign in again and again.
            forever = datetime(2099, 1, 1, tzinfo=UTC)
            connection.execute(
                sa.update(SignInSession).where(SignInSession.person_id == person_id).values(expires_at=forever)
            )
        return Caller(self.app, token, person_id, public_id)

    def resident(self) -> Caller:
        """Somebody signed in without any post."""
        return self.person(name="")

    def head(self, building: Spot) -> Caller:
        """The head of a building."""
        return self.person((Role.HEAD, building))

    def staff(self, role: Role, spot: Spot) -> Caller:
        """Somebody of the office."""
        return self.person((role, spot), name=f"{role.zh}工作人员")

    def anyone(self) -> Caller:
        """Nobody signed in."""
        return Caller(self.app, None)
