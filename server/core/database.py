"""How we talk to the database: SQLite's manners, one transaction a request, and clear words when it is locked or gone."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice
from typing import Any, TypeVar

import psycopg
import sqlalchemy as sa
from flask import Flask, g
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from models import Base, db
from server.config import Settings

T = TypeVar("T")

BUSY_SECONDS = 5  # how long a writer waits for SQLite's write lock before the request is refused with 503

# A transaction that will only read takes no write lock on SQLite. Writers take it at once (BEGIN IMMEDIATE):
# taking it later lost concurrent updates without an error, or failed half-way.
_reads_only: ContextVar[bool] = ContextVar("reads_only", default=False)


def engine_options(settings: Settings) -> dict[str, Any]:
    """Options for `create_engine`."""
    if settings.is_sqlite:
        return {"connect_args": {"timeout": BUSY_SECONDS}}
    return {
        "pool_size": settings.database_pool,
        "max_overflow": 0,
        "pool_timeout": 5,
        "connect_args": {"connect_timeout": 3, "options": "-c lock_timeout=5000 -c timezone=UTC"},
    }


def prepare(engine: Engine) -> None:
    """Teach an engine SQLite's manners. Does nothing for PostgreSQL."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_SECONDS * 1000}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # Straight to the driver: this runs once a request, and SQLAlchemy's own way costs as much as a query.
        driver: Any = connection.connection.driver_connection
        driver.execute("BEGIN" if _reads_only.get() else "BEGIN IMMEDIATE")


def expect_reads_only(reads_only: bool) -> None:
    """Say whether the transactions of this thread's current request will only read."""
    _reads_only.set(reads_only)


def connection() -> Connection:
    """The connection of the current request or command, in its one transaction. It speaks Core, not ORM.

    Not `db.session`: nothing here keeps objects to be flushed, and the session's bookkeeping costs more than our queries.
    """
    current: Connection | None = g.get("connection")
    if current is None:
        current = g.connection = db.engine.connect()
    return current


def commit() -> None:
    """End the current transaction well."""
    if "connection" in g:
        g.connection.commit()


def rollback() -> None:
    """Undo the current transaction."""
    if "connection" in g:
        g.connection.rollback()


def _give_back(_error: BaseException | None = None) -> None:
    """Return the connection to the pool when the request or command is over."""
    current = g.pop("connection", None)
    if current is not None:
        current.close()


@contextmanager
def transaction(*, reads_only: bool = False) -> Iterator[Connection]:
    """A whole transaction for commands and jobs: commits at the end, rolls back if anything is raised."""
    token = _reads_only.set(reads_only)
    try:
        yield connection()
        commit()
    except BaseException:
        rollback()
        raise
    finally:
        _reads_only.reset(token)


def advisory_lock(name: str, *, shared: bool = False) -> None:
    """Hold a named lock until the transaction ends; `shared` with others who share it. SQLite's single writer is that lock."""
    if db.engine.dialect.name == "postgresql":
        lock = sa.func.pg_advisory_xact_lock_shared if shared else sa.func.pg_advisory_xact_lock
        connection().execute(sa.select(lock(sa.func.hashtext(name))))


def insert_unless_there(model: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that passes over rows whose unique key already exists (`ON CONFLICT DO NOTHING`)."""
    if db.engine.dialect.name == "postgresql":
        return postgresql.insert(model).on_conflict_do_nothing()
    return sqlite.insert(model).on_conflict_do_nothing()


def load(model: type[Base], columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Store many rows of plain values as fast as the database takes them (COPY on PostgreSQL). Nothing is converted."""
    if not rows:
        return
    table, named = model.__tablename__, ", ".join(f'"{column}"' for column in columns)
    conn = connection()
    if conn.dialect.name == "postgresql":
        statement = f"COPY {table} ({named}) FROM STDIN"
        if not conn.in_transaction():
            conn.begin()  # SQLAlchemy does not see what goes straight to the driver, and would not commit it
        driver: psycopg.Connection[Any] = conn.connection.driver_connection  # type: ignore[assignment]
        try:
            with driver.cursor() as cursor, cursor.copy(statement.encode()) as copy:
                for row in rows:
                    copy.write_row(row)
        except psycopg.Error as error:  # told like the errors of every other statement
            raise DBAPIError.instance(statement, None, error, psycopg.Error, dialect=conn.dialect) from error
        return
    marks = ", ".join("?" * len(columns))
    conn.exec_driver_sql(f"INSERT INTO {table} ({named}) VALUES ({marks})", list(rows))  # noqa: S608 -- our own names


def in_chunks(values: Iterable[T], size: int = 5000) -> Iterator[list[T]]:
    """Values in lists short enough for one `IN (…)`: databases limit the parameters of a statement."""
    waiting = iter(values)
    while chunk := list(islice(waiting, size)):
        yield chunk


def is_trouble_of_the_database(error: BaseException) -> bool:
    """True when the database is locked, full or gone: the same request may succeed later."""
    if isinstance(error, PoolTimeout | sqlite3.OperationalError):
        return True
    if isinstance(error, IntegrityError) or not isinstance(error, DBAPIError):
        return False
    return isinstance(error, OperationalError) or error.connection_invalidated


def init_app(app: Flask, settings: Settings) -> None:
    """Bind Flask-SQLAlchemy and prepare its engine."""
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(settings)
    db.init_app(app)
    app.teardown_appcontext(_give_back)
    with app.app_context():
        prepare(db.engine)
