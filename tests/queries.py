"""Counting the statements a block sends, and reading the plan of one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine import Connection

from models import db
from server.core.hot import Hot


@contextmanager
def count_queries(app: Flask) -> Iterator[list[str]]:
    """The SQL statements sent while the block runs, BEGIN and COMMIT left out."""
    sent: list[str] = []

    def listen(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("BEGIN"):
            sent.append(statement)

    with app.app_context():
        engine = db.engine
    straight = Hot.send

    def send(connection: Connection, sql: str, bound: Any) -> Any:
        sent.append(sql)
        return straight(connection, sql, bound)

    event.listen(engine, "before_cursor_execute", listen)
    Hot.send = staticmethod(send)  # type: ignore[method-assign] -- listening only: SQLAlchemy does not see these
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", listen)
        Hot.send = staticmethod(straight)  # type: ignore[method-assign]


def plan(connection: Connection, statement: sa.Executable) -> str:
    """How the database would run a statement, as text: EXPLAIN (PostgreSQL) or EXPLAIN QUERY PLAN (SQLite)."""
    sql = str(statement.compile(connection, compile_kwargs={"literal_binds": True}))  # type: ignore[attr-defined]
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}")
        return "\n".join(row[3] for row in rows)
    return "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {sql}".replace("%", "%%")))


def many_issues(connection: Connection, building: Any, count: int = 4000) -> None:
    """A history for plans to be made over: so many ended issues of a building (and as many of its neighbours'), ANALYZEd."""
    for community in (building.community_id, building.street_id):  # any other place will do as a neighbour
        connection.execute(
            sa.text(
                f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) "
                "INSERT INTO issues (public_id, building_id, grid_id, community_id, category, text, spot, channel, state, "
                "level, about_head, reported_at, outcome, responsible, rework, source, version) "
                f"SELECT 'many' || {community} || '-' || i, {building.id}, {building.grid_id or 'NULL'}, {community}, 'lift', "
                "'电梯停了，' || i, '', 'scan', 'confirmed', 'head', FALSE, '2026-01-01 00:00:00+00:00', '', '', 0, '', 1 FROM n"
            )
        )
    connection.execute(
        sa.text(
            "INSERT INTO return_visits (issue_id, month, building_id, community_id, solved, answered_at, counts) "
            "SELECT id, 202601 + id % 9, building_id, community_id, TRUE, '2026-01-02 00:00:00+00:00', TRUE FROM issues "
            "WHERE state = 'confirmed'"
        )
    )
    connection.execute(sa.text("ANALYZE"))
