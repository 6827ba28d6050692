"""How WeChat signs and seals what it pushes, written from its pages with `cryptography`.

Independent of whatever the product reads pushes with, on purpose: two readings of one page catch each other's mistakes.
"""

import base64
import hashlib

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_BLOCK = 32


def signature(*parts: str) -> str:
    """SHA-1 over the sorted parts, joined."""
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()  # noqa: S324 -- WeChat's choice


def key_of(encoding_aes_key: str) -> bytes:
    """The 32 bytes behind the 43 characters of the console. ValueError when they are none."""
    key = base64.b64decode(encoding_aes_key + "=", validate=False)
    if len(encoding_aes_key) != 43 or len(key) != 32:
        raise ValueError("the EncodingAESKey has 43 letters and digits")
    return key


def seal(message: str, receiver: str, encoding_aes_key: str, noise: bytes) -> str:
    """`Encrypt`: 16 random bytes, the length, the message and whom it is for, padded to 32 and encrypted."""
    key, body = key_of(encoding_aes_key), message.encode()
    plain = noise + len(body).to_bytes(4, "big") + body + receiver.encode()
    padding = _BLOCK - len(plain) % _BLOCK
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()).decode()
