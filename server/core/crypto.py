"""Sealing personal fields, and finding them again.

AES-256-GCM (NIST SP 800-38D) with a key that is never in the database; the table and column are bound in as associated
data, so a sealed value copied to another column does not open. Equality search uses a keyed blind index: keyed BLAKE2b
(RFC 7693), 16 bytes, a tenth of the cost of HMAC through OpenSSL, and every report needs three. The index key never
rotates with the sealing key.
"""

import hashlib
import os
from functools import cached_property
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app

NONCE = 12
KEY_ID = 4


class CannotOpen(Exception):
    """A sealed value was tampered with, belongs to another column, or its key is not configured."""


class Keyring:
    """Keys derived from the configured master keys (HKDF-SHA-256), one for each purpose."""

    def __init__(self, masters: tuple[bytes, ...]) -> None:
        self._masters = masters
        self._ciphers = {self._id(m): AESGCM(_derive(m, b"seal")) for m in masters}
        self._current = self._id(masters[0])

    @staticmethod
    def _id(master: bytes) -> bytes:
        return hashlib.sha256(b"key-id" + master).digest()[:KEY_ID]

    @cached_property
    def _index_key(self) -> bytes:
        # The oldest key: an index must stay findable after the sealing key was replaced.
        return _derive(self._masters[-1], b"index")

    @cached_property
    def cookie_key(self) -> bytes:
        """Signs Flask's cookie and CSRF tokens."""
        return _derive(self._masters[0], b"cookie")

    def seal(self, text: str, field: str) -> bytes:
        """Encrypt `text` for `field` ("table.column"): key id ‖ nonce ‖ ciphertext."""
        nonce = os.urandom(NONCE)
        return self._current + nonce + self._ciphers[self._current].encrypt(nonce, text.encode(), field.encode())

    def open(self, sealed: bytes, field: str) -> str:
        """Decrypt what `seal` made for the same field. Raises CannotOpen."""
        cipher = self._ciphers.get(sealed[:KEY_ID])
        if cipher is None:
            raise CannotOpen(field)
        nonce, body = sealed[KEY_ID : KEY_ID + NONCE], sealed[KEY_ID + NONCE :]
        try:
            return cipher.decrypt(nonce, body, field.encode()).decode()
        except InvalidTag:
            raise CannotOpen(field) from None

    def index(self, text: str, field: str) -> bytes:
        """16 bytes by which equal values of `field` find each other, and nobody without the key finds anything."""
        told = field.encode() + b"\0" + text.encode()
        return hashlib.blake2b(told, key=self._index_key, digest_size=16).digest()


def _derive(master: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"louzhang/" + purpose).derive(master)


def keyring() -> Keyring:
    """The current app's keys."""
    ring: Keyring = current_app.extensions["keyring"]
    return ring


def seal(text: str, field: str) -> bytes:
    """Encrypt with the current app's key; see `Keyring.seal`."""
    return keyring().seal(text, field)


def open_sealed(sealed: bytes, field: str) -> str:
    """Decrypt with the current app's keys; see `Keyring.open`."""
    return keyring().open(sealed, field)


def blind_index(text: str, field: str) -> bytes:
    """See `Keyring.index`."""
    return keyring().index(text, field)


def digest(stream: IO[bytes]) -> str:
    """SHA-256 of a seekable stream, hex; leaves the stream at its start."""
    stream.seek(0)
    found = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
    stream.seek(0)
    return found
