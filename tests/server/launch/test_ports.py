"""PORT is checked before anything else happens."""

import socket
from collections.abc import Iterator

import pytest

from server.launch import ports
from server.launch.refusal import Refusal


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        yield listener.getsockname()[1]


@pytest.mark.parametrize(
    ("env", "port"), [({}, 8000), ({"PORT": ""}, 8000), ({"PORT": "8010"}, 8010), ({"PORT": "65535"}, 65535)]
)
def test_the_port_is_read(env: dict[str, str], port: int) -> None:
    assert ports.wanted(env) == port


@pytest.mark.parametrize("text", ["0", "65536", "-1", "http", "80 ", "８０００", "1e3", "99999999999999999999"])
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match="PORT must be a number from 1 to 65535"):
        ports.wanted({"PORT": text})


def test_a_taken_port_is_refused_with_another_to_try(taken: int) -> None:
    with pytest.raises(Refusal, match=rf"^Port {taken} is taken .* PORT=\d+ python3 -m server up$"):
        ports.refuse_taken(taken)


def test_a_free_port_is_fine(taken: int) -> None:
    ports.refuse_taken(ports.beside(taken))


def test_the_companion_takes_the_next_port_or_another_free_one(taken: int) -> None:
    other = ports.beside(taken - 1)
    assert other not in (taken - 1, taken)
    ports.refuse_taken(other)
    assert ports.beside(other - 1) == other
    assert ports.beside(65535) < 65535
