"""Which ports to listen on, checked before anything else is done."""

import errno
import socket
from collections.abc import Mapping

from server.launch.refusal import Refusal, why

HOST = "127.0.0.1"
DEFAULT = 8000


def wanted(env: Mapping[str, str]) -> int:
    """The port `PORT` asks for. Refuses what is no port."""
    text = env.get("PORT", "") or str(DEFAULT)
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 65535):
        raise Refusal(f"PORT must be a number from 1 to 65535, not {text!r}.")
    return int(text)


def refuse_taken(port: int) -> None:
    """Refuse when we could not listen on the port."""
    error = _trouble(port)
    if error is None:
        return
    if error.errno == errno.EADDRINUSE:
        other = port + 10 if port <= 65000 else DEFAULT
        raise Refusal(f"Port {port} is taken by another program (another up?). Try: PORT={other} python3 -m server up")
    raise Refusal(f"Port {port} cannot be used: {why(error)}. Try: PORT={DEFAULT} python3 -m server up")


def beside(port: int) -> int:
    """The next port for a companion of ours, or any free one when that is taken."""
    if port < 65535 and _trouble(port + 1) is None:
        return port + 1
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _trouble(port: int) -> OSError | None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as gunicorn does: a closed port is free at once
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError as error:
            return error
    return None
