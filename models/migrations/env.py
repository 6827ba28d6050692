"""Alembic runs this: always online, always in the connection `models.migrations` hands over."""

from typing import Any

import sqlalchemy as sa
from alembic import context

from models import Base, search
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


def include_name(name: str | None, kind: str, _parents: Any) -> bool:
    """The search index is each database's own affair (with SQLite's shadow tables); no model describes it."""
    return not (kind == "table" and name is not None and name.startswith(search.NAME))


def include_object(item: Any, _name: str | None, _kind: str, _reflected: bool, _compared: Any) -> bool:
    """An index of one database only is no difference on the other."""
    only = item.info.get("dialect")
    return only is None or bool(only == connection.dialect.name)


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_item=render_item,
    compare_type=compare_type,
    include_name=include_name,
    include_object=include_object,
    render_as_batch=connection.dialect.name == "sqlite",
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
