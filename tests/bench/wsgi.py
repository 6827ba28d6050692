"""Calling a WSGI application in process, with nothing between us and it, and counting its CPU time."""

import io
import json
import time
from collections.abc import Callable
from typing import Any

Answer = tuple[str, bytes]


def environ(
    method: str, path: str, *, token: str = "", body: Any = None, query: str = "", **headers: str
) -> dict[str, Any]:
    """A fresh WSGI environment for one request."""
    raw = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    made: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(raw)),
        "CONTENT_TYPE": "application/json" if raw else "",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(raw),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "HTTP_HOST": "127.0.0.1",
    }
    if token:
        made["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    for name, value in headers.items():
        made["HTTP_" + name.upper()] = value
    return made


def call(app: Any, env: dict[str, Any]) -> Answer:
    """Status line and body."""
    status = ""

    def start(line: str, _headers: Any, _info: Any = None) -> Any:
        nonlocal status
        status = line
        return lambda _data: None

    parts = app(env, start)
    try:
        return status, b"".join(parts)
    finally:
        if hasattr(parts, "close"):
            parts.close()


def cpu(run: Callable[[], None]) -> float:
    """CPU seconds of this process while `run` runs (user and system, all threads)."""
    began = time.process_time()
    run()
    return time.process_time() - began


def paired(
    floor: Callable[[int], None], ours: Callable[[int], None], *, rounds: int, calls: int
) -> tuple[float, float]:
    """CPU seconds a call of floor and of ours: the least of `rounds` rounds, taken in turn so that both see the same machine."""
    floor(50)
    ours(50)
    best_floor = best_ours = float("inf")
    for _ in range(rounds):
        best_floor = min(best_floor, cpu(lambda: floor(calls)) / calls)
        best_ours = min(best_ours, cpu(lambda: ours(calls)) / calls)
    return best_floor, best_ours
