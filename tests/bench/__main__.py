"""`python3 -m server bench [--quick] [--months N] [--database sqlite|postgresql|both]`: design §7 against its own floors.

Everything is made in a throw-away folder (and a throw-away PostgreSQL cluster). The full run builds seven million issues.
"""

import argparse
import logging
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import psycopg
import sqlalchemy as sa
from flask import Flask

from models import Appointment, Person, StairwellCode, db, migrations, new_public_id
from models.enums import Role, SessionKind
from server.app import create_app
from server.config import Settings
from server.core import auth, database, limits
from server.issues import service as issues
from tests import databases
from tests.bench import city, floors, hot_routes, settling
from tests.bench.city import Size
from tests.bench.hot_routes import Figure

CODE = "benchcode0"
FULL = Size()
QUICK = Size(communities=15, buildings=2_000, issues=60_000)


def say(text: str = "") -> None:
    """A line for whoever watches."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def show(figure: Figure) -> None:
    """One ratio, in the unit that reads best."""
    unit, scale = ("s ", 1e6) if figure.floor > 100_000 else ("µs", 1)
    verdict = "aim" if figure.ratio <= figure.aim else "good" if figure.ratio <= figure.good else "FALLS SHORT"
    say(
        f"  {figure.what:<52} floor {figure.floor / scale:8.2f} {unit}  ours {figure.ours / scale:8.2f} {unit}  "
        f"ratio {figure.ratio:5.2f}  (good ≤ {figure.good}, aim ≤ {figure.aim}: {verdict})"
    )


@contextmanager
def a_database(kind: str, folder: Path) -> Iterator[str | None]:
    """The address of an empty database; None where there is no PostgreSQL."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'bench.db'}"
        return
    # As durable as production: the test cluster's fsync=off would flatter every write.
    with databases.postgres(durable=True) as server:
        if isinstance(server, databases.Missing):
            say(f"  postgresql: not measured, {server.why}")
            yield None
            return
        name = f"louzhang_bench_{os.getpid()}"
        with psycopg.connect(server.replace("+psycopg", "") + "/postgres", autocommit=True) as admin:
            admin.execute(f'CREATE DATABASE "{name}"')
        try:
            yield f"{server}/{name}"
        finally:
            with psycopg.connect(server.replace("+psycopg", "") + "/postgres", autocommit=True) as admin:
                admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def build(url: str, size: Size) -> None:
    """Places, one month of issues, and its inspections."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        migrations.upgrade(connection)
    with engine.begin() as connection:
        city.places(connection, size)
        city.month(connection, size, 0, settling.MONTH)
        city.inspections(connection, size, settling.MONTH)
        city.settle_sequences(connection)
    engine.dispose()


def staff(app: Flask, size: Size) -> str:
    """Somebody of the first community with a token, and a live code on the first building. Returns the token."""
    now = datetime.now(UTC)
    with app.app_context(), database.transaction() as connection:
        person = connection.execute(
            sa.insert(Person).values(id=2, public_id=new_public_id(), name="", created_at=now).returning(Person.id)
        ).scalar_one()
        connection.execute(
            sa.insert(Appointment).values(
                public_id=new_public_id(),
                person_id=person,
                role=Role.COMMUNITY,
                place_id=city.first_community(),
                starts_at=now - timedelta(days=1),
                created_at=now,
            )
        )
        connection.execute(
            sa.insert(StairwellCode).values(
                public_id=new_public_id(), code=CODE, building_id=city.first_building(size), created_at=now
            )
        )
        return auth.open_session(person, SessionKind.MINIPROGRAM, now)[0]


def flatness(app: Flask, token: str, label: str) -> None:
    """What page 1 and page 850 of a community's list cost now."""
    first, deep = hot_routes.pages(app, token, 850)
    say(f"  list of 20 over {label:<14} page 1 {first:7.0f} µs   page 850 {deep:7.0f} µs   ratio {deep / first:5.2f}")


FILTERS = {
    "without a filter": "",
    "overdue": "overdue=true",
    "open": "family=open",
    "reworked (there is none)": "reworked=true",
    "an old month": "since=2026-08-01&until=2026-08-31",
}
SEARCHES = {
    "words in every issue": "q=" + quote("水管漏水"),
    "words in one of a thousand": "q=" + quote("消防栓锈死"),
    "words in none": "q=" + quote("电梯停运"),
}


def ledger(app: Flask, token: str) -> None:
    """What the filters and the search of a community's ledger cost now."""
    for what, query in FILTERS.items():
        say(f"  ledger, {what:<28} {hot_routes.wait(app, token, query):9.2f} ms")
    began = time.perf_counter()
    with app.app_context():
        with db.engine.begin() as connection:
            city.index(connection)
        last, count = 0, 0
        while True:
            with database.transaction(reads_only=True):
                missing = issues.missing_from_index(last)
            if not missing:
                break
            with database.transaction():
                issues.index_issues(missing)
            last, count = missing[-1], count + len(missing)
        with db.engine.begin() as connection:
            city.settle_sequences(connection)
    took = time.perf_counter() - began
    say(f"  search index of {count:,} issues made in {took:.0f} s ({count / max(took, 0.001):,.0f} a second)")
    for what, query in SEARCHES.items():
        say(f"  ledger, {what:<28} {hot_routes.wait(app, token, query):9.2f} ms")


def measure(kind: str, size: Size, months: int, folder: Path) -> None:
    """All figures on one database."""
    with a_database(kind, folder) as url:
        if url is None:
            return
        began = time.perf_counter()
        build(url, size)
        # As each is used: PostgreSQL in production, where floods are counted; SQLite at home, where they are not.
        at_home = Settings.from_env({"LOUZHANG_INSTANCE": str(folder)})
        settings = replace(at_home, database_url=url, log_level="WARNING", limits=kind == "postgresql")
        app = create_app(settings)
        # All of the bench's requests come from one phone.
        app.extensions["limits"] = limits.Limits(settings, app.extensions["keyring"], generosity=10**6)
        token = staff(app, size)
        floors.prepare(url, token, city.first_community())
        say(
            f"{kind}: {size.issues:,} issues, {size.buildings:,} buildings, made in {time.perf_counter() - began:.0f} s"
        )
        sqlite = kind == "sqlite"
        show(hot_routes.report(app, url, token, CODE, sqlite=sqlite))
        show(hot_routes.latest(app, url, token, sqlite=sqlite))
        show(hot_routes.bare(app, url, token))
        flatness(app, token, f"{size.issues:,}")
        show(settling.settle(app))
        began = time.perf_counter()
        with app.app_context(), db.engine.begin() as connection:
            for number in range(1, months):
                year, month = divmod(2026 * 12 + 9 - number, 12)
                city.month(connection, size, number, year * 100 + month + 1)
            city.settle_sequences(connection)
        say(f"{kind}: {months} months, {size.issues * months:,} issues, made in {time.perf_counter() - began:.0f} s")
        flatness(app, token, f"{size.issues * months:,}")
        show(hot_routes.bare(app, url, token))
        show(settling.settle(app))
        ledger(app, token)
        with app.app_context():
            db.engine.dispose()


def main() -> None:
    """Read the words of the command line and measure."""
    parser = argparse.ArgumentParser(prog="python3 -m server bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the size, three months: a look, not a figure")
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--months", type=int, help="months of history to end with (default: 12; 3 when quick)")
    asked = parser.parse_args()
    logging.disable(logging.WARNING)
    size, months = (QUICK, 3) if asked.quick else (FULL, 12)
    months = asked.months or months
    for kind in ("sqlite", "postgresql") if asked.database == "both" else (asked.database,):
        with tempfile.TemporaryDirectory(prefix="louzhang-bench-") as folder:
            measure(kind, size, months, Path(folder))


if __name__ == "__main__":
    main()
