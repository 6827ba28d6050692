"""Migrations: up, agreed with the models, down to nothing, and up again; several servers starting at once."""

import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from models import Base, migrations


@pytest.fixture
def engine(empty_database: str) -> Iterator[Engine]:
    made = sa.create_engine(empty_database)
    yield made
    made.dispose()


def test_up_agrees_with_the_models_and_down_leaves_nothing(engine: Engine) -> None:
    with engine.begin() as connection:
        migrations.upgrade(connection)
    with engine.begin() as connection:
        assert migrations.differences(connection) == []
        assert set(Base.metadata.tables) <= set(sa.inspect(connection).get_table_names())
    with engine.begin() as connection:
        migrations.downgrade(connection, "base")
    with engine.begin() as connection:
        assert set(sa.inspect(connection).get_table_names()) <= {"alembic_version"}
    with engine.begin() as connection:
        migrations.upgrade(connection)
        migrations.upgrade(connection)


def test_a_difference_is_noticed(engine: Engine) -> None:
    with engine.begin() as connection:
        migrations.upgrade(connection)
        connection.execute(sa.text("DROP INDEX ix_issues_community"))
    with engine.begin() as connection:
        (difference,) = migrations.differences(connection)
    assert "ix_issues_community" in difference


def test_servers_that_start_together_migrate_once(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("one SQLite file is migrated by one command before the server starts")
    failures: list[Exception] = []

    def start() -> None:
        try:
            with engine.begin() as connection:
                migrations.upgrade(connection)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_files_are_numbered_in_order() -> None:
    found = sorted(path.name for path in (migrations.HERE / "versions").glob("*.py") if path.name != "__init__.py")
    assert [name.split("_")[0] for name in found] == [f"{n:04d}" for n in range(1, len(found) + 1)]
    assert migrations.head() == found[-1].split("_")[0]
