"""Settlement reads the month's own indexes: its cost does not grow with the years. The databases' own plans say so."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from models import db
from server.rules.calendar import bounds
from server.scores import facts
from tests.queries import plan
from tests.world import World

STATEMENTS: list[tuple[str, sa.Select[Any], str]] = [
    ("return_visits", facts.VISITS, "ix_return_visits_month"),
    ("inspections", facts.INSPECTIONS, "uq_inspections_month_building_id"),
    ("duty_records", facts.DUTIES, "ix_duty_records_month"),
    ("deductions", facts.DEDUCTIONS, "ix_deductions_month"),
    ("issue_events", facts.REWORK, "ix_issue_events_reopened"),
]


def _grown(connection: Connection) -> None:
    """Two years of rows for the planner to look at: from a handful PostgreSQL rightly reads the whole table."""
    if connection.dialect.name == "sqlite":
        return  # SQLite plans by the indexes there are, not by how many rows it has
    connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
    at = "timestamptz '2024-11-15' + (mod(i, 24)) * interval '30 days'"
    month = "(2024 + (mod(i, 24) + 10) / 12) * 100 + mod(mod(i, 24) + 10, 12) + 1"
    rows = "FROM generate_series(1, 12000) AS s(i)"
    place = "mod(i, 40), 1"
    for statement in (
        "INSERT INTO return_visits (issue_id, month, contacted, solved, satisfaction, answered_at, counts, building_id,"
        f" community_id) SELECT i, {month}, true, true, 'satisfied', {at}, true, {place} {rows}",
        "INSERT INTO inspections (public_id, month, stairwell, safety, care, neighbours, note, inspector_id,"
        " inspected_at, version, building_id, community_id)"
        f" SELECT i, {month}, 1, 1, 1, 1, '', 1, {at}, 1, i, 1 {rows}",
        "INSERT INTO duty_records (public_id, item_id, person_id, month, done_on, text, state, decision, created_at,"
        " version, building_id, community_id)"
        f" SELECT i, 1, 1, {month}, {at}, '', 'accepted', '', {at}, 1, {place} {rows}",
        "INSERT INTO deductions (public_id, month, points, reason, evidence, entered_by_id, entered_at, cancel_reason,"
        f" building_id, community_id) SELECT i, {month}, 1, 'x', 'x', 1, {at}, '', {place} {rows}",
        "INSERT INTO issue_events (issue_id, at, move, from_state, to_state, level, text) SELECT i, "
        f"{at}, 'reopen', CASE WHEN mod(i, 5) = 0 THEN 'resolved' ELSE 'reopened' END, 'reopened', 'grid', '' {rows}",
        "INSERT INTO issues (id, public_id, category, text, spot, channel, state, level, about_head, reported_at,"
        " outcome, responsible, rework, source, version, building_id, community_id)"
        f" SELECT i, i, 'leak', 'x', '', 'scan', 'reopened', 'grid', false, {at}, '', '', 1, '', 1, {place} {rows}",
    ):
        connection.exec_driver_sql(statement)
    for table in ("return_visits", "inspections", "duty_records", "deductions", "issue_events", "issues"):
        connection.exec_driver_sql(f"ANALYZE {table}")


def test_facts_come_from_the_months_own_indexes(world: World) -> None:
    start, end = bounds(202610)
    with world.writing() as connection:
        _grown(connection)
        for table, statement, index in STATEMENTS:
            told = plan(connection, statement.params(month=202610, start=start, end=end))
            _walks(told, table, index)
            if table == "issue_events":  # the issues behind the reopened ones, one by one
                _walks(told, "issues", "PRIMARY KEY" if connection.dialect.name == "sqlite" else "pk_issues")
            else:  # one community's building by building
                narrowed = statement.where(statement.selected_columns[0].in_(facts.inside([1])))
                _walks(plan(connection, narrowed.params(month=202610, start=start, end=end)), table, index)
        connection.rollback()


def _walks(told: str, table: str, index: str) -> None:
    told = told.replace("sqlite_autoindex_inspections_1", "uq_inspections_month_building_id")  # its name there
    assert index in told, told
    assert f"Seq Scan on {table}" not in told, told
    assert f"SCAN {table}" not in told, told


def test_return_visits_are_read_from_the_index_alone(world: World) -> None:
    with world.writing() as connection:
        _grown(connection)
        is_sqlite = connection.dialect.name == "sqlite"
    if not is_sqlite:  # PostgreSQL trusts an index alone once VACUUM has been there, as it is every night
        with world.app.app_context(), db.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM ANALYZE return_visits")
    with world.reading() as connection:
        told = plan(connection, facts.VISITS.params(month=202610))
    assert ("COVERING INDEX" if is_sqlite else "Index Only Scan") in told, told
