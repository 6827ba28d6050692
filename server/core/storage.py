"""Where pictures are kept: a small interface, and a folder that keeps what it acknowledged.

A key is `folder/name`. Rooms choose the folder; one folder a day keeps directories small, lets a backup copy only the
newest, and lets leftovers be looked for without walking years.
"""

import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from flask import current_app

_FOLDER = re.compile(r"[0-9a-z]{1,32}")
_NAME = re.compile(r"[0-9a-z]{1,64}")
_synced: set[Path] = set()  # folders this process knows to be on disk; one a day


class PhotoStore(Protocol):
    """Anything that can keep bytes under a key. Another store (S3) has these four words too."""

    def put(self, key: str, data: bytes) -> None:
        """Keep `data`. When this returns, the data survives a crash of the process and of the machine."""
        ...

    def open(self, key: str) -> BinaryIO:
        """What is kept. Raises FileNotFoundError."""
        ...

    def delete(self, key: str) -> None:
        """Keep it no longer. Does nothing when it is not there."""
        ...

    def keys(self, folder: str) -> Iterator[str]:
        """What is in a folder, with what a crash left half-written."""
        ...


class FolderStore:
    """A local folder. Written beside, synced, then renamed: a key holds all of its bytes or does not exist."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, key: str, data: bytes) -> None:
        """See PhotoStore."""
        path = self._path(key)
        self._make(path.parent)
        beside = path.with_name(f"{path.name}part{secrets.token_hex(4)}")
        try:
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
        _sync(path.parent)

    def open(self, key: str) -> BinaryIO:
        """See PhotoStore."""
        return self._path(key).open("rb")

    def delete(self, key: str) -> None:
        """See PhotoStore."""
        self._path(key).unlink(missing_ok=True)

    def keys(self, folder: str) -> Iterator[str]:
        """See PhotoStore. A half-written file has a name of its own, which nothing else ever asks for."""
        if not _FOLDER.fullmatch(folder):
            raise ValueError(f"not a folder: {folder!r}")
        try:
            names = os.listdir(self._root / folder)
        except FileNotFoundError:
            return
        yield from (f"{folder}/{name}" for name in names if _NAME.fullmatch(name))

    def _path(self, key: str) -> Path:
        folder, _, name = key.partition("/")
        if not _FOLDER.fullmatch(folder) or not _NAME.fullmatch(name):
            raise ValueError(f"not a key: {key!r}")
        return self._root / folder / name

    def _make(self, folder: Path) -> None:
        """The folder, synced into its parent: a file in a lost folder is a lost file, whoever of us made the folder."""
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder not in _synced:
            _sync(self._root.parent)
            _sync(self._root)
            _synced.add(folder)


def _sync(folder: Path) -> None:
    """Write a directory's own entries to disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def photo_store() -> PhotoStore:
    """The store of the current app."""
    return FolderStore(current_app.extensions["settings"].photo_dir)
