"""What every test may ask for. The whole suite runs on SQLite, and again on PostgreSQL with `--database postgresql`.

app      an application on a fresh migrated database, with a set clock and the WeChat sandbox
client   its test client
world    makes places, people and issues: `world.community()`, `world.head(building)` …
clock    the set clock: Monday 12 October 2026, 09:00 in Shanghai
"""

import itertools
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from models import db, migrations
from server.app import create_app, wechat_gateway
from server.config import Settings, WeChatSettings
from server.core import database, limits, wechat_tokens
from server.core.clock import SetClock
from tests import databases
from tests.world import World
from wechat.sandbox.server import RunningSandbox, running_sandbox

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 10, 12, 9, 0, tzinfo=SHANGHAI)
KEY = b"k" * 32

_stack = ExitStack()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=("sqlite", "postgresql"), default="sqlite", help="which database to test on")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--database") != "postgresql" or os.environ.get(databases.ENV):
        return
    found = _stack.enter_context(databases.postgres())
    if isinstance(found, databases.Missing):
        raise pytest.UsageError(f"--database postgresql: {found.why}")
    os.environ[databases.ENV] = found  # xdist's workers read it


def pytest_unconfigure() -> None:
    _stack.close()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL only what touches a database runs: the rest passed on the SQLite run."""
    if config.getoption("--database") != "postgresql":
        return
    touching = {"app", "fresh_database", "empty_database"}
    kept = [i for i in items if touching & set(getattr(i, "fixturenames", ())) and not i.get_closest_marker("browser")]
    dropped = [i for i in items if i not in set(kept)]
    items[:] = kept
    config.hook.pytest_deselected(items=dropped)


@dataclass
class Template:
    """A migrated database to copy."""

    kind: str
    address: str  # SQLite: the file's path. PostgreSQL: the server's address.
    name: str = ""


@pytest.fixture(scope="session")
def template(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Template]:
    """The database every test's own is copied from: migrated once per process."""
    if request.config.getoption("--database") == "sqlite":
        path = tmp_path_factory.mktemp("template") / "template.db"
        engine = sa.create_engine(f"sqlite:///{path}")
        with engine.begin() as connection:
            migrations.upgrade(connection)
        engine.dispose()
        yield Template("sqlite", str(path))
        return
    server = os.environ[databases.ENV]
    name = f"louzhang_template_{os.getpid()}"
    with _admin(server) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
    engine = sa.create_engine(f"{server}/{name}")
    with engine.begin() as connection:
        migrations.upgrade(connection)
    engine.dispose()
    yield Template("postgresql", server, name)
    with _admin(server) as admin:
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _admin(server: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(server.replace("+psycopg", "") + "/postgres", autocommit=True)


class Supply:
    """Copies of the template on PostgreSQL: the next one is made, and the last one thrown away, while a test runs."""

    def __init__(self, template: Template) -> None:
        self._template = template
        self._worker = ThreadPoolExecutor(1)
        self._names = (f"louzhang_{os.getpid()}_{number}" for number in itertools.count())
        self._next = self._worker.submit(self._make)

    def _make(self) -> str:
        name = next(self._names)
        with _admin(self._template.address) as admin:
            admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{self._template.name}"')
        return name

    def _throw_away(self, name: str) -> None:
        with _admin(self._template.address) as admin:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def take(self) -> str:
        name = self._next.result()
        self._next = self._worker.submit(self._make)
        return name

    def give_back(self, name: str) -> None:
        self._worker.submit(self._throw_away, name)

    def close(self) -> None:
        self.give_back(self._next.result())
        self._worker.shutdown()


@pytest.fixture(scope="session")
def supply(template: Template) -> Iterator[Supply | None]:
    if template.kind == "sqlite":
        yield None
        return
    made = Supply(template)
    yield made
    made.close()


@pytest.fixture
def fresh_database(template: Template, supply: Supply | None, tmp_path: Path) -> Iterator[str]:
    """The address of a migrated, otherwise empty database of this test's own."""
    if supply is None:
        path = tmp_path / "louzhang.db"
        path.write_bytes(Path(template.address).read_bytes())
        yield f"sqlite:///{path}"
        return
    name = supply.take()
    yield f"{template.address}/{name}"
    supply.give_back(name)


@pytest.fixture
def empty_database(template: Template, tmp_path: Path) -> Iterator[str]:
    """The address of a database without any table, for the migrations' own tests."""
    if template.kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    name = f"louzhang_empty_{os.getpid()}"
    with _admin(template.address) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{name}"')
    yield f"{template.address}/{name}"


@pytest.fixture(scope="session")
def sandbox() -> Iterator[RunningSandbox]:
    """WeChat's sandbox on a loopback port, shared by the process: tests use their own user names."""
    with running_sandbox() as running:
        yield running


@pytest.fixture
def clock() -> SetClock:
    return SetClock(MONDAY)


@pytest.fixture
def settings(fresh_database: str, tmp_path: Path, sandbox: RunningSandbox) -> Settings:
    return _settings(fresh_database, tmp_path, sandbox)


def _settings(database_url: str, instance: Path, sandbox: RunningSandbox) -> Settings:
    return Settings(
        environment="development",
        instance=instance,
        database_url=database_url,
        keys=(KEY,),
        public_url="http://louzhang.test",
        photo_dir=instance / "photos",
        wechat=WeChatSettings(sandbox.appid, sandbox.secret, sandbox.base_url),
        log_level="INFO",
        trusted_proxies=0,
        database_pool=8,
        limits=False,  # tests ask faster than any household; those of the limits turn them on
    )


@pytest.fixture(scope="session")
def made_once(sandbox: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application, made once a process: registering its routes takes longer than most tests."""
    place = tmp_path_factory.mktemp("made")
    made = create_app(_settings(f"sqlite:///{place / 'nothing.db'}", place, sandbox))
    made.testing = True
    return made


@pytest.fixture
def app(made_once: Flask, settings: Settings, clock: SetClock) -> Iterator[Flask]:
    """The application on this test's own database, settings and clock."""
    engine = sa.create_engine(settings.database_url, **database.engine_options(settings))
    database.prepare(engine)
    made_once.extensions["settings"] = settings
    made_once.extensions["clock"] = clock
    made_once.extensions["limits"] = limits.Limits(settings, made_once.extensions["keyring"])
    made_once.extensions["wechat_tokens"] = store = wechat_tokens.build(settings, made_once.extensions["keyring"])
    made_once.extensions["wechat"] = wechat_gateway(settings, store)
    db._app_engines[made_once][None] = engine  # Flask-SQLAlchemy offers no other way to give an app another database
    yield made_once
    with made_once.app_context():
        db.session.remove()
    engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def world(app: Flask, clock: SetClock) -> World:
    return World(app, clock)
