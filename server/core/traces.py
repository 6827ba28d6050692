"""Traces that reading leaves: who opened something, written after it was read and before the answer is sent.

Reading must not wait for a writer, nor fail with one: the row has a short transaction of its own. If the database is busy,
it waits in this process and is written with the next one; a process that is killed meanwhile forgets it.
"""

import logging
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from flask import g
from sqlalchemy.exc import IntegrityError

from models import Base
from server.core import database

PATIENCE = 0.25  # seconds a reader waits for the write lock, if somebody holds it
MOST_WAITING = 1000

Trace = tuple[type[Base], dict[str, Any]]

_waiting: deque[Trace] = deque(maxlen=MOST_WAITING)
log = logging.getLogger("louzhang.traces")


def leave(model: type[Base], values: dict[str, Any]) -> None:
    """Have a row inserted once this request has been read; one that is there already stays as it is."""
    g.setdefault("traces", []).append((model, values))


def write() -> None:
    """Write what this request left, and what waited from others. Never raises what is the database's trouble."""
    left: list[Trace] = g.pop("traces", [])
    if not left:
        return
    late = _taken()
    try:
        with _impatient():
            for trace in left:
                _insert(trace)
            for trace in late:
                _insert_late(trace)
    except Exception as error:
        if not database.is_trouble_of_the_database(error):
            raise
        _waiting.extend([*late, *left])
        log.warning("the database is busy: traces of reading wait", extra={"count": len(_waiting)})


def _taken() -> list[Trace]:
    """What waits, once: other threads take too."""
    taken: list[Trace] = []
    with suppress(IndexError):
        while True:
            taken.append(_waiting.popleft())
    return taken


def _insert(trace: Trace) -> None:
    model, values = trace
    database.connection().execute(database.insert_unless_there(model).values(values))


def _insert_late(trace: Trace) -> None:
    """What the row points at may be gone by now, which is no fault of who reads today."""
    try:
        with database.connection().begin_nested():
            _insert(trace)
    except IntegrityError:
        log.warning("a trace of reading came too late")


@contextmanager
def _impatient() -> Iterator[None]:
    """A writing transaction that soon gives up waiting."""
    conn = database.connection()
    on_sqlite = conn.dialect.name == "sqlite"
    try:
        if on_sqlite:
            conn.connection.driver_connection.execute(f"PRAGMA busy_timeout={int(PATIENCE * 1000)}")  # type: ignore[union-attr]
        with database.transaction():
            if not on_sqlite:
                conn.exec_driver_sql(f"SET LOCAL lock_timeout = '{int(PATIENCE * 1000)}ms'")
            yield
    finally:
        if on_sqlite:
            conn.connection.driver_connection.execute(f"PRAGMA busy_timeout={database.BUSY_SECONDS * 1000}")  # type: ignore[union-attr]
