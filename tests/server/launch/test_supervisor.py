"""Processes that live and end together, whatever ends one of them."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.server.launch.processes import SECONDS, alive, clean_env, members, read_until, running, soon

HOUSE = """
import os, signal, sys
from server.launch import supervisor
from server.launch.refusal import Refusal

supervisor.STOPPING = ((signal.SIGTERM, 0.5), (signal.SIGINT, 0.2), (signal.SIGKILL, 5.0))
calm = "import os, time; os.write(1, b'calm' + bytes([10])); time.sleep(600)"  # one write: lines must not mix
stubborn = "import signal; [signal.signal(s, signal.SIG_IGN) for s in (2, 15)]; " + calm
brief = "import sys; sys.stdin.read(); sys.exit(3)"
try:
    with supervisor.Supervisor() as house:
        for name, code in (("First", calm), ("Second", {"stubborn": stubborn, "brief": brief}.get(sys.argv[1], calm))):
            house.start(name, [sys.executable, "-c", code], os.environ)
        print("pids", *(child.pid for child in house._children.values()), house._watchdog.pid, flush=True)
        house.watch()
except Refusal as refusal:
    print(refusal)
    sys.exit(1)
"""


def ready(house: subprocess.Popen[str], calm: int = 2) -> list[int]:
    """Wait for the children. Returns their ids and the watchdog's."""
    lines = read_until(house, "pids" if not calm else "calm")
    while sum(line == "calm\n" for line in lines) < calm or not any(line.startswith("pids") for line in lines):
        lines += read_until(house, "\n")
    return [int(word) for line in lines if line.startswith("pids") for word in line.split()[1:]]


@pytest.mark.parametrize("ask", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_asked_to_stop_it_ends_everything(ask: signal.Signals) -> None:
    with running("-c", HOUSE, "calm", env=clean_env()) as house:
        pids = ready(house)
        assert set(members(house.pid)) == {house.pid, *pids[:2]}  # one process group
        house.send_signal(ask)
        assert house.wait(SECONDS) == 0
        assert not [pid for pid in pids if alive(pid)]


def test_killed_without_a_goodbye_it_leaves_no_orphan() -> None:
    with running("-c", HOUSE, "calm", env=clean_env()) as house:
        pids = ready(house)
        house.kill()
        house.wait()
        assert soon(lambda: not any(map(alive, pids)))


def test_a_child_that_will_not_end_is_made_to() -> None:
    with running("-c", HOUSE, "stubborn", env=clean_env()) as house:
        pids = ready(house)
        house.terminate()
        assert house.wait(SECONDS) == 0
        assert not [pid for pid in pids if alive(pid)]


def test_when_one_child_ends_the_others_are_stopped_and_one_line_says_which() -> None:
    with running("-c", HOUSE, "brief", env=clean_env()) as house:
        line = read_until(house, "ended by itself")[-1]
        assert line == "Second ended by itself (with exit status 3); everything else was stopped too.\n"
        assert house.wait(SECONDS) == 1
        assert soon(lambda: not members(house.pid))


def test_the_watchdog_outlives_only_the_launcher(tmp_path: Path) -> None:
    with running("-c", HOUSE, "calm", env=clean_env()) as house:
        *children, watchdog = ready(house)
        os.kill(watchdog, signal.SIGKILL)
        house.terminate()
        assert house.wait(SECONDS) == 0
        assert not [pid for pid in children if alive(pid)]
