"""Alembic's scripts, and the four things we ever do with them.

Old code must run on the new schema: rename in three steps (add, copy, drop), never in one.
"""

from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

HERE = Path(__file__).parent


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, bound to an open connection when there is one."""
    made = Config()
    made.set_main_option("script_location", str(HERE))
    made.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    made.attributes["connection"] = connection
    return made


@cache
def head() -> str:
    """The newest revision this code knows."""
    found = ScriptDirectory.from_config(config()).get_current_head()
    assert found is not None
    return found


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring the database up. Several starting servers may call it at once: one works, the others wait."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext('migrate'))"))
    command.upgrade(config(connection), revision)


def downgrade(connection: Connection, revision: str) -> None:
    """Take the database down to a revision."""
    command.downgrade(config(connection), revision)


def check(connection: Connection) -> None:
    """Raise alembic's error when the models say something the migrations do not."""
    command.check(config(connection))
