"""The deadline over TLS, as production speaks it: the same reader stands before an encrypted socket."""

import datetime
import ipaddress
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from wechat.gateway import WeChatBusy, WeChatMisconfigured
from wechat.live import MiniProgramClient, Timeouts

IDENTITY = {"openid": "oSample-openid_0000000000001", "session_key": "c2Vzc2lvbi1rZXktMDAwMQ=="}
ANSWER = json.dumps(IDENTITY).encode()
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(ANSWER), ANSWER)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@contextmanager
def peer(certificate: Path, said: bytes, *, then_drip: bool = False) -> Iterator[str]:
    """Answers one request over TLS with these bytes, and then perhaps a byte at a time for ever."""
    context, stop = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), threading.Event()
    context.load_cert_chain(certificate)

    def answer() -> None:
        plain, _ = server.accept()
        with suppress(OSError), context.wrap_socket(plain, server_side=True) as connection:
            connection.recv(65536)
            connection.sendall(said)
            while then_drip and not stop.wait(0.1):
                connection.sendall(b"X")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer)
        thread.start()
        yield f"https://127.0.0.1:{server.getsockname()[1]}"
        stop.set()
        thread.join()


def ask(base_url: str, trusted: Path | None) -> object:
    timeouts = Timeouts(connect=0.5, read=0.4, whole=0.7)
    with MiniProgramClient("wx1", "s", base_url=base_url, timeouts=timeouts) as client:
        if trusted is not None:
            client._http.verify = str(trusted)
        return client.ask_with_secret("sns/jscode2session", {"js_code": "code"})


def test_an_answer_comes_through(certificate: Path) -> None:
    with peer(certificate, WHOLE) as base_url:
        assert ask(base_url, certificate) == IDENTITY


def test_a_certificate_nobody_vouches_for_is_not_spoken_to(certificate: Path) -> None:
    with peer(certificate, WHOLE) as base_url, pytest.raises(WeChatMisconfigured, match="certificate"):
        ask(base_url, None)


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nX-Never-Ending: ", WHOLE[:-5] + b" "])
def test_a_dripping_answer_ends_in_time(certificate: Path, said: bytes) -> None:
    with peer(certificate, said[:60], then_drip=True) as base_url:
        started = time.monotonic()
        with pytest.raises(WeChatBusy) as caught:
            ask(base_url, certificate)
        assert time.monotonic() - started < 1.6
    assert caught.value.unsure
