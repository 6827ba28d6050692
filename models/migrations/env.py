"""Alembic runs this: always online, always in the connection `models.migrations` hands over."""

from typing import Any

import sqlalchemy as sa
from alembic import context

from models import Base
from models.types import UTCDateTime


def render_item(kind: str, item: Any, _autogen: Any) -> Any:
    """Write our column types into migrations as the plain types they stand for."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def compare_type(_context: Any, _inspected: Any, _column: Any, inspected_type: Any, model_type: Any) -> bool | None:
    """SQLite reports DATETIME without a zone for what is a moment with one; that is no difference."""
    if isinstance(model_type, UTCDateTime) and isinstance(inspected_type, sa.DateTime):
        return False
    return None


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_item=render_item,
    compare_type=compare_type,
    render_as_batch=connection.dialect.name == "sqlite",
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
