"""The jobs as processes: two at once, asked to stop; and what is said when something is not there."""

import base64
import json
import logging
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import pytest
import sqlalchemy as sa
from flask import Flask

from models import JobRun, OutboxEntry
from models.enums import MessageKind, OutboxKind
from server.jobs import __main__ as process
from server.jobs.timetable import TIMETABLE
from server.launch.supervisor import STOPPING
from server.notices import service
from tests.conftest import KEY
from tests.server.notices import wechat
from tests.world import World
from wechat.sandbox.messages import SEND
from wechat.sandbox.server import RunningSandbox

ROOT = Path(__file__).parents[3]
SECONDS = 60.0  # far more than needed: the machine may be busy


def test_two_processes_share_the_work_and_end_well_when_asked(
    world: World, fresh_database: str, tmp_path: Path
) -> None:
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("LOUZHANG_", "WECHAT_"))},
        "DATABASE_URL": fresh_database,
        "LOUZHANG_INSTANCE": str(tmp_path),
        "LOUZHANG_KEYS": base64.urlsafe_b64encode(KEY).decode(),
        "LOG_LEVEL": "INFO",
    }
    logs = [tmp_path / "log0", tmp_path / "log1"]
    command = [sys.executable, "-m", "server.jobs"]
    started = []
    try:
        for log in logs:
            with log.open("w") as file:
                started.append(subprocess.Popen(command, cwd=ROOT, env=env, stderr=file))
        done = _wait_for_first_ticks(logs)
        for child, ask in zip(started, (signal.SIGTERM, signal.SIGINT), strict=True):
            child.send_signal(ask)
        assert [child.wait(SECONDS) for child in started] == [0, 0]
    finally:
        for child in started:
            child.kill()
            child.wait()
    assert sorted(done) == sorted(job.name for job in TIMETABLE)
    with world.reading() as connection:
        rows = connection.execute(sa.select(JobRun.name, JobRun.attempts, JobRun.done_at)).all()
    assert sorted((row.name, row.attempts) for row in rows) == [(name, 1) for name in sorted(done)]
    assert all(row.done_at for row in rows)


def test_asked_to_stop_while_wechat_is_silent_it_ends_what_it_began(
    app: Flask, world: World, sandbox: RunningSandbox, fresh_database: str, tmp_path: Path
) -> None:
    world.clock.set(datetime.now(UTC))
    with wechat.phones(app, world, sandbox) as phones:
        head = phones.person()
        head.accept(phones.notice)
        with world.writing():
            service.tell(head.caller.person_id, MessageKind.NOTICE, "题", "文", "", "k", world.clock.now())
        fields = {"thing1": "title", "phrase2": "status", "time3": "time", "thing4": "sender"}
        templates = tmp_path / "templates.json"
        templates.write_text(json.dumps({"notice": wechat.file_entry(phones.notice, fields, long_term=True)}))
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("LOUZHANG_", "WECHAT_"))},
        "DATABASE_URL": fresh_database,
        "LOUZHANG_INSTANCE": str(tmp_path),
        "LOUZHANG_KEYS": base64.urlsafe_b64encode(KEY).decode(),
        "WECHAT_APPID": sandbox.appid,
        "WECHAT_SECRET": sandbox.secret,
        "WECHAT_BASE_URL": sandbox.base_url,
        "WECHAT_TEMPLATES": str(templates),
    }
    sandbox.faults.add("hang", path=SEND, seconds=2.0)
    asked, pause, waited = sandbox.ledger.count(SEND), Event(), 0.0
    with subprocess.Popen([sys.executable, "-m", "server.jobs"], cwd=ROOT, env=env) as child:
        try:
            while sandbox.ledger.count(SEND) == asked:
                assert (waited := waited + 0.1) < SECONDS
                pause.wait(0.1)
            child.terminate()
            assert child.wait(STOPPING[0][1]) == 0  # before the launcher asks less kindly
        finally:
            child.kill()
            sandbox.faults.clear()
    with world.reading() as connection:
        (entry,) = connection.execute(sa.select(OutboxEntry.__table__).where(OutboxEntry.kind == OutboxKind.MESSAGE))
    assert (entry.done_at, entry.leased_until, entry.attempts, entry.unsure, entry.crashed) == (None, None, 1, 1, 0)
    assert sandbox.ledger.count(SEND) == asked + 1


def _wait_for_first_ticks(logs: list[Path]) -> list[str]:
    """Until the timetable was worked through by processes that all run; the names of the jobs that were done."""
    pause, waited = Event(), 0.0
    while waited < SECONDS:
        told = [[json.loads(line) for line in log.read_text().split("\n")[:-1]] for log in logs]
        lines = [line for log in told for line in log]
        assert [line for line in lines if line["level"] == "ERROR"] == []
        done = [line["job"] for line in lines if line["message"] == "job done"]
        if len(done) >= len(TIMETABLE) and all(told):
            return done
        pause.wait(0.1)
        waited += 0.1
    raise AssertionError(lines)


def test_a_database_that_is_not_there_is_told_and_waited_for(
    app: Flask, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with world.writing() as connection:
        connection.execute(sa.text("ALTER TABLE job_runs RENAME TO elsewhere"))
    process._tick_or_tell(app, Event())
    with world.writing() as connection:
        connection.execute(sa.text("ALTER TABLE elsewhere RENAME TO job_runs"))
    with caplog.at_level(logging.INFO):
        process._tick_or_tell(app, Event())
    assert next(record.message for record in caplog.records if record.levelno >= logging.WARNING) in (
        "database trouble",
        "tick failed",
    )
    assert "job done" in [record.message for record in caplog.records]


def test_a_wrong_setting_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://x")
    assert process.main() == 1
    assert capsys.readouterr().err == "DATABASE_URL must be a sqlite or postgresql address\n"
