"""The folder of pictures: what it acknowledged is there whole, whatever happened after."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from server.core.storage import FolderStore

KEY = "20261012/0123456789abcdef"


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "photos")


def test_what_was_put_is_read_back_and_only_by_its_owner(store: FolderStore, tmp_path: Path) -> None:
    store.put(KEY, b"picture")
    with store.open(KEY) as file:
        assert file.read() == b"picture"
    path = tmp_path / "photos" / KEY
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_putting_again_replaces_the_whole(store: FolderStore) -> None:
    store.put(KEY, b"a long first picture")
    store.put(KEY, b"second")
    with store.open(KEY) as file:
        assert file.read() == b"second"
    assert list(store.keys("20261012")) == [KEY]


def test_what_is_deleted_is_gone_and_may_be_deleted_again(store: FolderStore) -> None:
    store.put(KEY, b"picture")
    store.delete(KEY)
    store.delete(KEY)
    store.delete("19990101/nothing")
    with pytest.raises(FileNotFoundError):
        store.open(KEY)
    assert list(store.keys("20261012")) == list(store.keys("19990101")) == []


@pytest.mark.parametrize(
    "key", ["../etc/passwd", "a/../b", "/etc/passwd", "a/b/c", "a", "", "a/B", "a/b.jpg", "a/b\n", "a/"]
)
def test_no_key_leads_out_of_the_folder(store: FolderStore, key: str) -> None:
    for use in (store.open, store.delete, lambda k: store.put(k, b"x")):
        with pytest.raises(ValueError, match="not a key"):
            use(key)


def test_no_folder_leads_out_either(store: FolderStore) -> None:
    with pytest.raises(ValueError, match="not a folder"):
        list(store.keys(".."))


def test_a_full_disk_leaves_nothing_half_written(store: FolderStore, tmp_path: Path) -> None:
    """A folder that cannot be written to stands for the full disk; for root it is a file where a folder should be."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "20261012").write_text("in the way")
    with pytest.raises(OSError, match="20261012"):
        store.put(KEY, b"picture")


WRITER = """
import sys
from pathlib import Path
from server.core.storage import FolderStore
store = FolderStore(Path(sys.argv[1]))
number = 0
while True:
    key = f"20261012/{number:016d}"
    store.put(key, key.encode() * 5000)
    print(key, flush=True)
    number += 1
"""


def test_what_was_acknowledged_survives_being_killed(store: FolderStore, tmp_path: Path) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path / "photos")], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    acknowledged = [writer.stdout.readline().strip() for _ in range(20)]
    os.kill(writer.pid, signal.SIGKILL)
    acknowledged += writer.stdout.read().split()
    writer.stdout.close()
    writer.wait()
    whole = {key for key in store.keys("20261012") if "part" not in key}
    assert set(acknowledged) <= whole
    for key in whole:
        with store.open(key) as file:
            assert file.read() == key.encode() * 5000
    for key in list(store.keys("20261012")):  # the half-written one too
        store.delete(key)
    assert list((tmp_path / "photos" / "20261012").iterdir()) == []
