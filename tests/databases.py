"""Databases for tests: a SQLite file, or a PostgreSQL cluster of our own, each test starting from a fresh copy.

PostgreSQL is looked for in this order: `LOUZHANG_TEST_POSTGRES` (an address of a server where we may create databases), the
server programs on this machine (a private cluster is started on a free loopback port and thrown away), a server on the
usual local port. Where none is found, `find_postgres` says why.
"""

import glob
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

ENV = "LOUZHANG_TEST_POSTGRES"


@dataclass
class Missing:
    """Why there is no PostgreSQL here."""

    why: str


def _programs() -> Path | None:
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
    on_path = shutil.which("initdb")
    candidates = [*found, *([on_path] if on_path else [])]
    return Path(candidates[-1 if not found else len(found) - 1]).parent if candidates else None


def _memory() -> str | None:
    """A folder in memory where there is room for one: every test copies a database, and a disk is slow at that."""
    shm = Path("/dev/shm")
    return str(shm) if os.access(shm, os.W_OK) and shutil.disk_usage(shm).free > 2 * 2**30 else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def postgres(*, durable: bool = False) -> Iterator[str | Missing]:
    """The address of a server for tests while the block runs, without a database name; or why there is none.

    `durable`: a cluster we start writes to the disk as production would (benchmarks); tests need not.
    """
    given = os.environ.get(ENV)
    if given:
        yield given
        return
    programs = _programs()
    if programs is None:
        yield _running() or Missing("no PostgreSQL server programs and none on 127.0.0.1:5432")
        return
    # PostgreSQL refuses to run as root; as root we become its user.
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        try:
            pwd.getpwnam(user)
        except KeyError:
            yield _running() or Missing("running as root, and there is no user `postgres` to start a server as")
            return
    folder = Path(tempfile.mkdtemp(prefix="louzhang-pg-", dir=None if durable else _memory()))
    if user:
        shutil.chown(folder, user)
    port = _free_port()
    options = f"-p {port} -k {folder} -h 127.0.0.1 -c max_connections=200"
    if not durable:
        options += " -c fsync=off -c full_page_writes=off"

    def run(*command: str) -> None:
        subprocess.run(command, check=True, user=user, cwd=folder, capture_output=True, timeout=60)

    started = False
    try:
        try:
            run(
                str(programs / "initdb"),
                "-D",
                str(folder / "data"),
                "-U",
                "louzhang",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-sync",
            )
            run(
                str(programs / "pg_ctl"),
                "-D",
                str(folder / "data"),
                "-l",
                str(folder / "log"),
                "-w",
                "-o",
                options,
                "start",
            )
            started = True
        except (subprocess.SubprocessError, OSError) as error:
            yield _running() or Missing(f"a server could not be started: {type(error).__name__}")
            return
        yield f"postgresql+psycopg://louzhang@127.0.0.1:{port}"
    finally:
        if started:
            run(str(programs / "pg_ctl"), "-D", str(folder / "data"), "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _running() -> str | None:
    user = pwd.getpwuid(os.geteuid()).pw_name
    try:
        psycopg.connect(f"postgresql://{user}@127.0.0.1:5432/postgres", connect_timeout=2).close()
    except psycopg.Error:
        return None
    return f"postgresql+psycopg://{user}@127.0.0.1:5432"
