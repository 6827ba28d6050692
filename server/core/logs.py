"""JSON logs with a request id and nothing personal.

A request line names the route's pattern, never the address: addresses hold claim codes. Exceptions are logged by class and
place; their messages may repeat what a person typed, so they are left out.
"""

import json
import logging
import re
import secrets
import sys
import time
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, g, request

request_id: ContextVar[str] = ContextVar("request_id", default="")
_SHAPE = re.compile(r"[A-Za-z0-9-]{8,64}")
_EXTRA = ("method", "route", "status", "ms", "error", "job", "slot", "count", "role")


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, request id, and the few fields we name."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id.get():
            line["request_id"] = request_id.get()
        line.update({name: getattr(record, name) for name in _EXTRA if hasattr(record, name)})
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            line["where"] = [
                f"{frame.filename}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(record.exc_info[2])[-12:]
            ]
        return json.dumps(line, ensure_ascii=False, default=str)


def configure(level: str) -> None:
    """Send every log line of this process to standard error as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("urllib3").setLevel(logging.WARNING)  # its debug lines hold addresses with secrets
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of every plugin it sets up


_log = logging.getLogger("louzhang.request")


def init_app(app: Flask) -> None:
    """Give each request its id and one line in the log."""

    @app.before_request
    def _begin() -> None:
        given = request.headers.get("X-Request-Id", "")
        g.request_id = given if _SHAPE.fullmatch(given) else secrets.token_hex(8)
        g.began = time.perf_counter()
        request_id.set(g.request_id)

    @app.after_request
    def _end(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.get("request_id", "")
        if _log.isEnabledFor(logging.INFO) and request.path != "/healthz":
            _log.info(
                "request",
                extra={
                    "method": request.method,
                    "route": request.url_rule.rule if request.url_rule else "-",
                    "status": response.status_code,
                    "ms": round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000, 1),
                },
            )
        return response
