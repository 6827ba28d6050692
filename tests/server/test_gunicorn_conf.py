"""gunicorn under our settings: wrong ones are one line, and its own log tells nothing personal."""

import json
import subprocess
import sys
from pathlib import Path

from tests.server.launch.processes import ROOT, SECONDS, clean_env

SAY = """
from gunicorn.config import Config
from server.gunicorn_conf import JsonLogger, loglevel
cfg = Config()
cfg.set("loglevel", loglevel)
log = JsonLogger(cfg)
log.info("Listening at: %s", "http://127.0.0.1:8000")
try:
    raise ValueError("13800000000")
except ValueError:
    log.exception("Error handling request %s %s", "GET", "/q/abcdef/claim-code")
log.warning("Invalid request from ip=10.1.2.3: Invalid HTTP request line: 'GET /claim-code'")
log.warning("Worker with pid %s was terminated due to signal %s", 7, 9)
"""


def python(*words: str, tmp_path: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=clean_env(LOUZHANG_INSTANCE=str(tmp_path), **env),
        text=True, capture_output=True, timeout=SECONDS,
    )  # fmt: skip


def test_a_wrong_setting_is_one_line(tmp_path: Path) -> None:
    words = ("-m", "gunicorn", "-c", "python:server.gunicorn_conf", "wsgi:app")
    done = python(*words, tmp_path=tmp_path, LOUZHANG_ENV="production")
    assert (done.returncode, done.stderr) == (1, "LOUZHANG_KEYS must be set in production\n")


def test_its_log_is_json_without_people_and_addresses(tmp_path: Path) -> None:
    done = python("-c", SAY, tmp_path=tmp_path)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["message"] for line in lines] == [
        "Listening at: http://127.0.0.1:8000",
        "Error handling request",
        "Invalid request",
        "Worker with pid 7 was terminated due to signal 9",
    ]
    assert lines[1]["error"] == "ValueError"
    for secret in ("claim-code", "13800000000", "10.1.2.3"):
        assert secret not in done.stderr
