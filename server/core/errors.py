"""One shape for everything that goes wrong: RFC 9457 problems for programs, a plain page for people.

Raise `Problem` with a stable `code` and a Chinese `detail` that says what to do next. Details never repeat what the user
typed and never tell whether something outside the user's places exists.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, current_app, g, has_request_context, render_template, request
from sqlalchemy.exc import IntegrityError
from werkzeug.exceptions import HTTPException, InternalServerError, RequestEntityTooLarge

from server.core import database

log = logging.getLogger("louzhang.errors")

PROBLEM_JSON = "application/problem+json"


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field: `field` is a dotted path, `message` a Chinese sentence."""

    field: str
    message: str


class Problem(HTTPException):
    """An expected refusal. `status` is the HTTP status, `code` a stable word for programs, `detail` a sentence for people."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: tuple[FieldError, ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = status
        self.slug = code
        self.detail = detail
        self.errors = errors
        self.extra_headers = dict(headers or {})


def not_found() -> Problem:
    """The one answer for what does not exist and for what is outside the actor's places."""
    return Problem(404, "not_found", "没有找到，或者不在您的管理范围内。")


def forbidden(reason: str = "您的任职不包含这项权限。") -> Problem:
    """In scope but not allowed."""
    return Problem(403, "forbidden", reason)


def invalid(field: str, message: str) -> Problem:
    """One field is wrong."""
    return Problem(422, "invalid", message, errors=(FieldError(field, message),))


def conflict(code: str, detail: str) -> Problem:
    """The thing is not in a state that allows this."""
    return Problem(409, code, detail)


GENERAL: dict[int, tuple[str, str]] = {
    400: ("bad_request", "请求的格式不对，请检查后重试。"),
    401: ("unauthenticated", "请先登录。"),
    403: ("forbidden", "您没有权限做这件事。"),
    404: ("not_found", "没有找到这个页面。"),
    405: ("method_not_allowed", "这个地址不支持这种操作。"),
    406: ("not_acceptable", "无法提供所要求的格式。"),
    409: ("conflict", "内容已经存在或刚被别人改过，请刷新后重试。"),
    412: ("version_changed", "内容刚被别人改过，请刷新后重试。"),
    413: ("too_large", "上传的内容太大了。"),
    414: ("address_too_long", "地址太长了。"),
    415: ("unsupported_type", "不支持这种格式。"),
    422: ("invalid", "有些内容填得不对，请看下面的提示。"),
    428: ("version_needed", "请带上 If-Match，说明您改的是哪一版。"),
    429: ("too_many", "操作太频繁了，请稍后再试。"),
    431: ("headers_too_large", "请求头太大了。"),
    500: ("internal", "系统出了问题，已经记录下来，请稍后再试。"),
    503: ("busy", "系统正忙，请稍后再发一次，不会重复提交。"),
}


def is_api(path: str) -> bool:
    """Whether a path is answered to programs."""
    return path.startswith(("/api/", "/healthz", "/readyz"))


def flatten(messages: Any, path: str = "") -> Iterator[FieldError]:
    """Turn marshmallow's nested messages into dotted field paths."""
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            here = path if name == "_schema" else f"{path}.{name}" if path else str(name)
            yield from flatten(inner, here)
    elif isinstance(messages, list | tuple):
        for inner in messages:
            yield from flatten(inner, path)
    else:
        yield FieldError(path, str(messages))


def from_http(error: HTTPException) -> Problem:
    """Express any werkzeug or webargs refusal as a Problem, keeping its own headers (Allow, Retry-After …)."""
    if isinstance(error, Problem):
        return error
    status = error.code or 500
    code, detail = GENERAL.get(status, (HTTPStatus(status).name.lower(), "请求无法完成。"))
    data = getattr(error, "data", None) or {}
    messages = data.get("messages") or {}
    if status == 422 and set(messages) <= {"json", "query", "form", "files", "headers"} and messages:
        messages = {name: inner for part in messages.values() for name, inner in _as_mapping(part).items()}
    headers = {n: v for n, v in error.get_headers() if n not in ("Content-Type", "Content-Length")}
    headers.update(data.get("headers") or {})
    return Problem(status, code, detail, errors=tuple(flatten(messages)), headers=headers)


def _as_mapping(part: Any) -> Mapping[str, Any]:
    return part if isinstance(part, Mapping) else {"_schema": part}


def answer(problem: Problem) -> Response:
    """The response for a problem, as JSON or as a page."""
    status = problem.code or 500
    request_id = g.get("request_id", "")
    for beginning, face in current_app.extensions.get("faces", {}).items():
        if request.path.startswith(beginning):
            told: Response = face(problem, status)  # a door for others speaks as their standard says
            return told
    if is_api(request.path):
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "code": problem.slug,
            "detail": problem.detail,
            "request_id": request_id,
        }
        if problem.errors:
            body["errors"] = [{"field": e.field, "message": e.message} for e in problem.errors]
        response = current_app.response_class(current_app.json.dumps(body))
        response.content_type = PROBLEM_JSON
    else:
        page = render_template("problem.html", problem=problem, status=status, request_id=request_id)
        response = current_app.response_class(page, content_type="text/html; charset=utf-8")
    response.status_code = status
    response.headers.update(problem.extra_headers)
    if status == 401 and is_api(request.path):
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def init_app(app: Flask) -> None:
    """Register the handlers: refusals, the database's troubles, broken constraints, and our own faults."""

    @app.errorhandler(HTTPException)
    def _refused(error: HTTPException) -> Response:
        _forget()
        return answer(from_http(error))

    @app.errorhandler(Exception)
    def _failed(error: Exception) -> Response:
        _forget()
        if database.is_trouble_of_the_database(error):
            log.warning("database trouble", extra={"error": type(error).__name__})
            code, detail = GENERAL[503]
            return answer(Problem(503, code, detail, headers={"Retry-After": "2"}))
        if isinstance(error, IntegrityError):
            log.info("constraint refused a write", extra={"error": type(error.orig).__name__})
            code, detail = GENERAL[409]
            return answer(Problem(409, code, detail))
        log.error("unexpected failure", exc_info=error)
        if current_app.testing and not isinstance(error, InternalServerError):
            raise error
        code, detail = GENERAL[500]
        return answer(Problem(500, code, detail))

    @app.errorhandler(RequestEntityTooLarge)
    def _too_large(error: RequestEntityTooLarge) -> Response:
        _forget()
        return answer(from_http(error))


def _forget() -> None:
    """Nothing of a refused request is kept; a dead connection must not hide the answer."""
    if has_request_context():
        try:
            database.rollback()
        except Exception as error:
            log.warning("rollback failed", extra={"error": type(error).__name__})
