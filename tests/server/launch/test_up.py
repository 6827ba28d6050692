"""`python3 -m server up` as a person starts it: ready to click, data kept, nothing left behind."""

import base64
import os
import signal
import sqlite3
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

import pytest

from server.launch import ports, prepare
from tests.conftest import KEY
from tests.server.launch.processes import SECONDS, alive, clean_env, members, read_until, running, soon

_opener = build_opener(ProxyHandler({}))


def get(address: str) -> int:
    """The status of a page, redirects followed."""
    try:
        with _opener.open(address, timeout=SECONDS) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


def free_port() -> int:
    """A port whose next one is free too."""
    port = ports.beside(65535)
    while ports.beside(port) != port + 1:
        port = ports.beside(65535)
    return port


def settings(instance: Path) -> dict[str, str]:
    return {"LOUZHANG_INSTANCE": str(instance), "LOUZHANG_KEYS": base64.urlsafe_b64encode(KEY).decode()}


def test_up_serves_pages_survives_no_kill_and_leaves_no_orphan(tmp_path: Path) -> None:
    port = free_port()
    env = clean_env(PORT=str(port), LOUZHANG_NO_BOOTSTRAP="1", **settings(tmp_path))
    base = f"http://127.0.0.1:{port}"
    with running("-m", "server", "up", env=env) as up:
        told = "".join(read_until(up, "WeChat sandbox"))
        assert f"{base}/console" in told
        assert f"{base}/q/" in told
        assert f"http://127.0.0.1:{port + 1}/\n" in told
        assert [get(base + page) for page in ("/healthz", "/readyz", "/docs", "/console")] == [200, 200, 200, 200]
        assert get(f"http://127.0.0.1:{port + 1}/") == 200
        group = members(up.pid)
        assert len(group) >= 6  # itself, gunicorn and two workers, the jobs, the sandbox
        os.killpg(up.pid, signal.SIGINT)  # what Ctrl-C in a terminal does
        assert up.wait(SECONDS) == 0
        # On a busy machine a worker may outlive gunicorn's master by the second it takes to notice.
        assert soon(lambda: not any(map(alive, group)))

    with running("-m", "server", "up", env=env) as up:  # the same port at once, and killed in the middle of its start
        read_until(up, "Preparing")
        assert soon(lambda: len(members(up.pid)) > 1)
        group = members(up.pid)
        up.kill()
        up.wait()
        assert soon(lambda: not any(map(alive, group)))


def test_preparing_again_keeps_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {
        **settings(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path}/louzhang.db",
        "PORT": "8123",
    }.items():
        monkeypatch.setenv(name, value)
    told, places = [], []
    for _ in range(2):
        assert prepare.main() == 0
        told.append(capsys.readouterr().out)
        with sqlite3.connect(tmp_path / "louzhang.db") as connection:
            places.append(connection.execute("SELECT public_id FROM places ORDER BY id").fetchall())
        connection.close()
    assert places[0] == places[1] != []
    assert all("http://127.0.0.1:8123/q/" in text for text in told)


def test_in_production_no_demo_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    production = {
        "LOUZHANG_ENV": "production", "DATABASE_URL": f"sqlite:///{tmp_path}/louzhang.db",
        "PUBLIC_URL": "https://louzhang.test", "WECHAT_APPID": "wx1", "WECHAT_SECRET": "s",
    }  # fmt: skip
    for name, value in {**settings(tmp_path), **production}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("WECHAT_BASE_URL", raising=False)
    assert prepare.main() == 0
    assert capsys.readouterr().out == ""
    with sqlite3.connect(tmp_path / "louzhang.db") as connection:
        assert connection.execute("SELECT count(*) FROM places").fetchone() == (0,)
    connection.close()


def test_a_database_that_cannot_be_opened_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {**settings(tmp_path), "DATABASE_URL": f"sqlite:///{tmp_path}/no/where.db"}.items():
        monkeypatch.setenv(name, value)
    assert prepare.main() == 1
    assert capsys.readouterr().out == "数据库不可用：unable to open database file\n"
