"""Statements that run on every report and every list: written in SQLAlchemy, compiled once, sent straight to the driver.

SQLAlchemy's own execution costs more CPU than the database does for a row by its key (measured by `python3 -m server
bench`). Only the few statements of hot routes are worth this; everything else uses `database.connection()`. The types'
own converters are kept, so a naive moment or an unknown word is refused here as anywhere.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.exc import DBAPIError

from models import Base
from models.types import UTCDateTime
from server.core import database

Converter = Callable[[Any], Any]
Row = tuple[Any, ...]


class Hot:
    """One statement. `columns` names what an INSERT is given; every column without a database default must be there."""

    def __init__(self, statement: "sa.Select[*tuple[Any, ...]] | sa.Insert", columns: tuple[str, ...] = ()) -> None:
        self._statement, self._columns = statement, columns
        self._plans: dict[str, _Plan] = {}

    def all(self, values: Mapping[str, Any]) -> list[Row]:
        """Every row, as tuples in the order of the selected columns."""
        connection = database.connection()
        plan = self._plan(connection.dialect)
        return plan.read(self.send(connection, plan.sql, plan.bind(values)).fetchall())

    def one(self, values: Mapping[str, Any]) -> Row | None:
        """The one row, or None. A hot statement asks by a unique key, so there is never a second."""
        rows = self.all(values)
        return rows[0] if rows else None

    def run(self, values: Mapping[str, Any]) -> None:
        """Send it, expecting nothing back."""
        connection = database.connection()
        plan = self._plan(connection.dialect)
        self.send(connection, plan.sql, plan.bind(values))

    @staticmethod
    def send(connection: Connection, sql: str, bound: Any) -> Any:
        """Hand SQL and parameters to the driver inside the request's transaction. Returns its cursor."""
        if not connection.in_transaction():
            connection.begin()
        driver: Any = connection.connection.driver_connection
        api: Any = connection.dialect.loaded_dbapi
        try:
            return driver.execute(sql, bound)
        except api.Error as error:
            # As SQLAlchemy would raise it: the same constraint, the same lost connection, whichever way it was sent.
            lost = connection.dialect.is_disconnect(error, driver, None)
            if lost:
                connection.invalidate(error)
            raise DBAPIError.instance(
                sql,
                None,
                error,
                api.Error,
                hide_parameters=True,
                connection_invalidated=lost,
                dialect=connection.dialect,
            ) from error

    def _plan(self, dialect: Dialect) -> "_Plan":
        plan = self._plans.get(dialect.name)
        if plan is None:
            plan = self._plans[dialect.name] = _Plan(self._statement, self._columns, dialect)
        return plan


class Link(NamedTuple):
    """One INSERT of a chain. `follows` names the column that takes the id of the row before it."""

    model: type[Base]
    columns: tuple[str, ...]
    follows: str = ""


class Chain:
    """Rows that follow from one another: one statement on PostgreSQL, one after the other on SQLite.

    Each statement is a journey to PostgreSQL and back, and costs more CPU than the row itself; SQLite is in the process.
    """

    def __init__(self, *links: Link) -> None:
        self._links = links
        self._one_by_one = [Hot(sa.insert(link.model).returning(_id_of(link)), _given(link)) for link in links]
        self._at_once = Hot(_at_once(links))

    def run(self, *rows: Mapping[str, Any]) -> int:
        """Insert one row a link, in order. Returns the id of the first."""
        if database.connection().dialect.name == "postgresql":
            values = {f"{place}_{name}": value for place, row in enumerate(rows) for name, value in row.items()}
            (first,) = _only(self._at_once.one(values))
            return int(first)
        ids: list[int] = []
        for link, hot, row in zip(self._links, self._one_by_one, rows, strict=True):
            (new,) = _only(hot.one({**row, link.follows: ids[-1]} if link.follows else row))
            ids.append(new)
        return ids[0]


def _given(link: Link) -> tuple[str, ...]:
    return (*link.columns, link.follows) if link.follows else link.columns


def _id_of(link: Link) -> sa.ColumnElement[Any]:
    return link.model.__table__.c["id"]


def _only(row: Row | None) -> Row:
    if row is None:
        raise LookupError("an INSERT gave no id back")
    return row


def _at_once(links: Sequence[Link]) -> sa.Select[Any]:
    """WITH a AS (INSERT … RETURNING id), b AS (INSERT … SELECT …, a.id FROM a RETURNING id) SELECT a.id FROM a."""
    parts: list[sa.CTE] = []
    for place, link in enumerate(links):
        columns = link.model.__table__.c
        given: list[Any] = [sa.bindparam(f"{place}_{name}", type_=columns[name].type) for name in link.columns]
        insert = sa.insert(link.model)
        if link.follows:
            insert = insert.from_select(_given(link), sa.select(*given, parts[-1].c["id"]), include_defaults=False)
        else:
            insert = insert.values(dict(zip(link.columns, given, strict=True)))
        parts.append(insert.returning(_id_of(link)).cte(f"link_{place}"))
    return sa.select(parts[0].c["id"]).add_cte(*parts)


class _Plan:
    """A statement for one dialect: its text, and how values go in and come out."""

    def __init__(self, statement: sa.Select[Any] | sa.Insert, columns: tuple[str, ...], dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=list(columns) or None)
        if compiled.prefetch or compiled.post_compile_params or compiled.literal_execute_params:
            raise TypeError(f"not a hot statement: give it all its columns, and no IN list: {compiled}")
        self.sql = str(compiled)
        self._names = list(compiled.positiontup or compiled.binds)
        binds = [compiled.binds[name] for name in self._names]
        self._keys = [bind.key for bind in binds]
        self._constants = {bind.key: bind.value for bind in binds}
        ins = [_converter(bind.type, dialect, "bind") for bind in binds]
        self._ins = [(n, convert) for n, convert in enumerate(ins) if convert is not None]
        self._positional = compiled.positional
        returned = statement.selected_columns if isinstance(statement, sa.Select) else statement.exported_columns
        outs = [_converter(column.type, dialect, "result") for column in returned]
        self._outs = [(n, convert) for n, convert in enumerate(outs) if convert is not None]

    def bind(self, values: Mapping[str, Any]) -> Any:
        """The driver's parameters. A parameter with a value of its own (a constant in the statement) need not be given."""
        given = {**self._constants, **values}
        bound = [given[key] for key in self._keys]
        for n, convert in self._ins:
            bound[n] = convert(bound[n])
        return bound if self._positional else dict(zip(self._names, bound, strict=True))

    def read(self, rows: list[Row]) -> list[Row]:
        """Rows with each column as its type gives it."""
        if not self._outs or not rows:
            return rows
        columns: list[Any] = list(zip(*rows, strict=True))  # a column at a time: most converters are then called from C
        for n, convert in self._outs:
            columns[n] = map(convert, columns[n])
        return list(zip(*columns, strict=True))


def _converter(kind: Any, dialect: Dialect, way: str) -> Converter | None:
    if way == "result" and isinstance(kind, sa.Enum) and kind.enum_class is not None:
        words: dict[Any, Any] = {None: None, **dict(zip(kind.enums, kind.enum_class, strict=True))}
        return words.__getitem__  # KeyError for what is no word, as SQLAlchemy's LookupError
    if way == "result" and isinstance(kind, UTCDateTime) and dialect.name == "sqlite":
        return _moment_of_text
    own = kind.dialect_impl(dialect)
    found: Converter | None = own.bind_processor(dialect) if way == "bind" else own.result_processor(dialect, None)
    if found is not None and way == "bind" and isinstance(kind, UTCDateTime):
        return _writers.setdefault(dialect.name, _same_moment_again(found))
    return found


def _moment_of_text(written: str | None) -> datetime | None:
    """What SQLite keeps of a moment ("2026-10-12 01:00:00.000000", in UTC). ValueError for what is none."""
    return None if written is None else datetime.fromisoformat(f"{written}+00:00")


_writers: dict[str, Converter] = {}  # one for all moments of a database, so that they share what was written last


def _same_moment_again(convert: Converter) -> Converter:
    """A request hands its one moment to every statement: writing it out once is enough."""
    last: tuple[Any, Any] = (None, convert(None))

    def converted(value: Any) -> Any:
        nonlocal last
        known, written = last  # taken at once: threads share this
        if value is not known:
            written = convert(value)
            last = (value, written)
        return written

    return converted
