"""The floors: what the least honest program needs. Flask, plain DB-API, hand validation, no framework of ours.

The floor of a write: one indexed token SELECT, hand validation, one INSERT, durable COMMIT. The floor of a list: token
SELECT, the latest 20 by keyset, jsonify.
"""

import hashlib
import sqlite3
import threading
from typing import Any

import psycopg
from flask import Flask, Response, jsonify, request

INSERT = "INSERT INTO floor_reports (building_id, category, text, reported_at) VALUES ({0}, {0}, {0}, {0}) RETURNING id"
TABLES = (
    "CREATE TABLE floor_tokens (token_hash {bytes} PRIMARY KEY, person_id BIGINT NOT NULL, community_id BIGINT NOT NULL)",
    "CREATE TABLE floor_reports (id {id}, building_id BIGINT NOT NULL, category VARCHAR(24) NOT NULL, "
    "text VARCHAR(4000) NOT NULL, reported_at TIMESTAMP NOT NULL)",
)
LIST = (
    "SELECT id, public_id, category, state, level, substr(text, 1, 60), spot, reported_at, rework FROM issues "
    "WHERE community_id = {0} AND id < {0} ORDER BY id DESC LIMIT 20"
)


class Connections(threading.local):
    """One DB-API connection a thread, as durable as the product's."""

    def __init__(self, url: str) -> None:
        self.mark = "?" if url.startswith("sqlite") else "%s"
        if self.mark == "?":
            self.connection: Any = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
                self.connection.execute(f"PRAGMA {pragma}")
        else:
            self.connection = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
        self.begin = "BEGIN IMMEDIATE" if self.mark == "?" else "BEGIN"


def prepare(url: str, token: str, community_id: int) -> None:
    """Make the floor's own two tables."""
    words = {"bytes": "BLOB", "id": "INTEGER PRIMARY KEY"}
    if not url.startswith("sqlite"):
        words = {"bytes": "BYTEA", "id": "BIGSERIAL PRIMARY KEY"}
    database = Connections(url)
    for statement in TABLES:
        database.connection.execute(statement.format(**words))
    mark = database.mark
    database.connection.execute(
        f"INSERT INTO floor_tokens VALUES ({mark}, 1, {mark})", (hashlib.sha256(token.encode()).digest(), community_id)
    )
    database.connection.close()


def app(url: str) -> Flask:
    """The floor's application with its two routes."""
    made = Flask("floor")
    database = Connections(url)
    mark = database.mark
    who = f"SELECT person_id, community_id FROM floor_tokens WHERE token_hash = {mark}"
    insert, latest = INSERT.format(mark), LIST.format(mark)

    def community(connection: Any) -> int | None:
        token = request.headers.get("Authorization", "")[7:]
        row = connection.execute(who, (hashlib.sha256(token.encode()).digest(),)).fetchone()
        return None if row is None else row[1]

    @made.post("/report")
    def report() -> tuple[Response, int]:
        connection = database.connection
        connection.execute(database.begin)
        if community(connection) is None:
            connection.execute("ROLLBACK")
            return jsonify(error="unauthenticated"), 401
        body = request.get_json()
        text, category = body.get("text"), body.get("category")
        if not isinstance(text, str) or not 0 < len(text) <= 4000 or not isinstance(category, str):
            connection.execute("ROLLBACK")
            return jsonify(error="invalid"), 422
        (made_id,) = connection.execute(insert, (1, category, text, "2026-10-12 01:00:00")).fetchone()
        connection.execute("COMMIT")
        return jsonify(id=made_id), 201

    @made.get("/list")
    def latest_issues() -> Response:
        connection = database.connection
        rows = connection.execute(latest, (community(connection), 2**62)).fetchall()
        names = ("id", "public_id", "category", "state", "level", "excerpt", "spot", "reported_at", "rework")
        return jsonify(items=[dict(zip(names, row, strict=True)) for row in rows])

    return made
