"""Closing a month of the whole district, over the bare SQL that reads the same facts and writes the same rows.

The floor is four statements: the facts with the community's means by window functions, then INSERT … SELECT into the very
tables the product writes, in one transaction with a durable commit. It explains nothing and would be unreadable as law;
it shows what the database alone costs.
"""

import time
from datetime import UTC, datetime

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.engine import Connection

from models import db
from server.scores import service as scores
from tests.bench.hot_routes import Figure

MONTH = 202610
CLOSED_AT = datetime(2026, 11, 1, 1, tzinfo=UTC)

# The reporter's answers, the inspection's stars and the deductions of every building, scored as standard-1 would.
_SETTLED = """
CREATE TEMPORARY TABLE settled AS
WITH visits AS (
  SELECT building_id, count(*) AS n, count(*) FILTER (WHERE contacted) AS c, count(contacted) AS nc,
         count(*) FILTER (WHERE solved) AS s, count(solved) AS ns,
         count(*) FILTER (WHERE satisfaction = 'satisfied') AS f2, count(*) FILTER (WHERE satisfaction = 'fairly') AS f1,
         count(satisfaction) AS nf
  FROM return_visits WHERE month = {month} AND counts GROUP BY building_id
), stars AS (
  SELECT building_id, stairwell + safety + care + neighbours AS got FROM inspections WHERE month = {month}
), done_duties AS (
  SELECT building_id, count(*) AS done FROM duty_records WHERE month = {month} AND state = 'accepted' GROUP BY building_id
), taken_off AS (
  SELECT building_id, sum(points) AS off FROM deductions WHERE month = {month} AND cancelled_at IS NULL GROUP BY building_id
), rework AS (
  SELECT i.building_id, count(*) AS times FROM issue_events e JOIN issues i ON i.id = e.issue_id
  WHERE e.move = 'reopen' AND e.at >= '{start}' AND e.at < '{end}' GROUP BY i.building_id
), facts AS (
  SELECT p.id, p.community_id, coalesce(n, 0) AS n, coalesce(c, 0) AS c, coalesce(s, 0) AS s, coalesce(f2, 0) AS f2,
         coalesce(f1, 0) AS f1, coalesce(got, 0) AS got, coalesce(done, 0) AS done, coalesce(off, 0) AS off,
         coalesce(times, 0) AS times
  FROM places p LEFT JOIN visits v ON v.building_id = p.id LEFT JOIN stars ON stars.building_id = p.id
  LEFT JOIN done_duties d ON d.building_id = p.id LEFT JOIN taken_off t ON t.building_id = p.id
  LEFT JOIN rework ON rework.building_id = p.id WHERE p.kind = 'building'
), means AS (
  SELECT facts.*, sum(n) OVER w AS wn, sum(100 * c + 500 * s + 400 * f2 + 360 * f1) OVER w AS m
  FROM facts WINDOW w AS (PARTITION BY community_id)
), points AS (
  SELECT means.*, CASE WHEN wn = 0 THEN 0 ELSE 50 * ((100 * c + 500 * s + 400 * f2 + 360 * f1) * wn + 10 * m)
         / (wn * (n + 10)) END AS cases, 50000 * got / 20 AS star FROM means
)
SELECT points.*, cases + star - off AS total, rank() OVER (PARTITION BY community_id ORDER BY cases + star - off DESC) AS place
FROM points
"""
_MONTHS = """
INSERT INTO community_months (public_id, community_id, month, version, state, rule_set_id, drafted_at, manifest_hash)
SELECT CAST(2000000000000000 + id AS VARCHAR(16)), id, {month}, 1, 'draft', (SELECT min(id) FROM rule_sets), '{end}', ''
FROM places WHERE kind = 'community' AND id IN (SELECT community_id FROM settled)
"""
_STANDINGS = """
INSERT INTO standings (community_month_id, building_id, total, state, rank, tied, red_flag, reason)
SELECT m.id, s.id, s.total, 'ranked', s.place, {no}, s.place <= 2, '数据充足，参与本社区本月排名。'
FROM settled s JOIN community_months m ON m.community_id = s.community_id AND m.month = {month} ORDER BY m.id, s.id
"""
_LINES = """
INSERT INTO score_lines (community_month_id, building_id, component, rule_id, rule_version, points, weight, thin, facts)
SELECT m.id, s.id, c.word, 'standard-1/' || c.word, 1,
       CASE c.word WHEN 'case_handling' THEN s.cases WHEN 'star_book' THEN s.star ELSE 0 END, c.weight, c.thin,
       '[' || s.n || ', ' || s.c || ', ' || s.s || ', ' || s.f2 || ', ' || s.f1 || ', ' || s.wn || ', ' || s.m || ', ' || s.got || ', '
       || s.times || ']'
FROM settled s JOIN community_months m ON m.community_id = s.community_id AND m.month = {month}
CROSS JOIN (SELECT 'survey' AS word, 0 AS weight, {yes} AS thin UNION ALL SELECT 'star_book', 50000, {no}
            UNION ALL SELECT 'case_handling', 50000, {no} UNION ALL SELECT 'duties', 0, {yes}) c
ORDER BY m.id, s.id, c.word
"""


def _words(connection: Connection) -> dict[str, object]:
    sqlite = connection.dialect.name == "sqlite"
    return {
        "month": MONTH,
        "start": "2026-09-30 16:00:00" + ("" if sqlite else "+00"),
        "end": "2026-10-31 16:00:00" + ("" if sqlite else "+00"),
        "yes": 1 if sqlite else "TRUE",
        "no": 0 if sqlite else "FALSE",
    }


def _bare_sql(app: Flask) -> float:
    """Seconds the bare SQL takes, commit included; its rows are removed again."""
    with app.app_context(), db.engine.connect() as connection:
        words = _words(connection)
        if connection.dialect.name == "postgresql":
            cast = _LINES.replace("|| ']'", "|| ']')::json").replace("'[' ||", "('[' ||")
        else:
            cast = _LINES
        began = time.perf_counter()
        for statement in (_SETTLED, _MONTHS, _STANDINGS, cast):
            connection.exec_driver_sql(statement.format(**words))
        connection.commit()
        took = time.perf_counter() - began
        connection.execute(sa.text("DROP TABLE settled"))
        connection.commit()
        _remove(connection)
    return took


def _ours(app: Flask) -> float:
    with app.app_context():
        began = time.perf_counter()
        closed = scores.close_month_everywhere(MONTH, CLOSED_AT)
        took = time.perf_counter() - began
        if not closed.buildings:
            raise RuntimeError("nothing was closed")
        with db.engine.connect() as connection:
            _remove(connection)
    return took


def _remove(connection: Connection) -> None:
    for table in ("score_lines", "standings", "community_months"):
        connection.execute(sa.text(f"DELETE FROM {table}"))
    connection.commit()
    if connection.dialect.name == "postgresql":
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(
            sa.text("VACUUM score_lines, standings, community_months")
        )


def settle(app: Flask, *, rounds: int = 5) -> Figure:
    """Wall seconds of both, in turn; the least of the rounds (as microseconds, like every figure)."""
    floor = ours = float("inf")
    for _ in range(rounds):
        floor = min(floor, _bare_sql(app))
        ours = min(ours, _ours(app))
    return Figure("close a month of the whole district", floor * 1e6, ours * 1e6, 3.0, 1.2)
