"""How we talk to the database: SQLite's manners, one transaction a request, and clear words when it is locked or gone."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from models import db
from server.config import Settings

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
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_SECONDS * 1000}"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if _reads_only.get() else "BEGIN IMMEDIATE")


def expect_reads_only(reads_only: bool) -> None:
    """Say whether the transactions of this thread's current request will only read."""
    _reads_only.set(reads_only)


def connection() -> Connection:
    """The connection of the current transaction, for statements of named columns (no ORM)."""
    return db.session.connection()


def commit() -> None:
    """End the current transaction well."""
    db.session.commit()


def rollback() -> None:
    """Undo the current transaction."""
    db.session.rollback()


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


def advisory_lock(name: str) -> None:
    """Hold a named lock until the transaction ends. SQLite's single writer already is that lock."""
    if db.engine.dialect.name == "postgresql":
        connection().execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(name))))


def is_trouble_of_the_database(error: BaseException) -> bool:
    """True when the database is locked, full or gone: the same request may succeed later."""
    if isinstance(error, PoolTimeout):
        return True
    if isinstance(error, IntegrityError) or not isinstance(error, DBAPIError):
        return False
    return isinstance(error, OperationalError) or error.connection_invalidated


def init_app(app: Flask, settings: Settings) -> None:
    """Bind Flask-SQLAlchemy and prepare its engine."""
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(settings)
    db.init_app(app)
    with app.app_context():
        prepare(db.engine)
