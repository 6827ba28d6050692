"""The Flask application: one transaction a request, repeated POSTs answered once."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError
from werkzeug.exceptions import HTTPException

from server.core import database, limits, traces
from server.core.errors import not_found
from server.core.idempotency import Attempt, key_of_request

F = TypeVar("F", bound=Callable[..., Any])

READING = frozenset({"GET", "HEAD", "OPTIONS"})
MEGABYTE = 1024 * 1024


def takes_up_to(megabytes: int) -> Callable[[F], F]:
    """Let a view's request be larger than usual: photos and tables."""

    def mark(view: F) -> F:
        view.__takes_up_to__ = megabytes * MEGABYTE  # type: ignore[attr-defined]
        return view

    return mark


def leaves_a_trace(view: F) -> F:
    """Mark a GET view that writes: an export is noted in the audit trail, so its transaction is a writing one."""
    view.__leaves_a_trace__ = True  # type: ignore[attr-defined]
    return view


class Application(Flask):
    """Flask that commits after the view returned and before the answer is sent; any exception rolls back.

    A client that saw 201 therefore never loses its report, and a failed commit is still answered as a problem.
    """

    def dispatch_request(self) -> ResponseReturnValue:
        """Run the view inside its transaction."""
        if any("\0" in value for value in (request.view_args or {}).values() if isinstance(value, str)):
            raise not_found()  # nothing is named so, and PostgreSQL refuses to look for it
        view: Any = self.view_functions.get(request.endpoint or "")
        limits.at_the_door(view)
        database.expect_reads_only(request.method in READING and not hasattr(view, "__leaves_a_trace__"))
        if hasattr(view, "__takes_up_to__"):  # before anything reads the body
            request.max_content_length = view.__takes_up_to__
        attempt = self._attempt()
        # Nearly every request comes once, so the work is done first and a repetition shows by its key at the end (or by
        # being refused). Only where the work is heavy, re-encoding photos, is it worth looking first.
        if attempt is not None and request.mimetype == "multipart/form-data" and (known := attempt.replay()):
            return known
        try:
            answered: Any = super().dispatch_request()
            if attempt is not None:
                answered = self.make_response(answered)
                attempt.remember(answered)
        except (HTTPException, IntegrityError) as error:
            # Whoever may no longer do this is not shown again what came of it when they might.
            ended = isinstance(error, HTTPException) and error.code in (401, 403)
            if not ended and (twin := self._twin(attempt)):
                return twin
            if isinstance(error, HTTPException) and error.code == 404:
                limits.not_found(view)
            raise
        if self._refused(answered):
            if answered.status_code == 404:
                limits.not_found(view)
            if twin := self._twin(attempt):
                return twin
            database.rollback()
            traces.write()  # a refused form may still have shown what it was about
            return answered  # type: ignore[no-any-return]
        database.commit()
        traces.write()
        return answered  # type: ignore[no-any-return]

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """No view here is a coroutine; Flask and flask-smorest ask nine times a request."""
        return func

    @staticmethod
    def _twin(attempt: Attempt | None) -> Response | None:
        """The answer of the same request, when it arrived twice at once and the other one won while this one waited.

        A double tap in a browser shows only the second answer: it must not be "already done".
        """
        if attempt is None:
            return None
        database.rollback()
        return attempt.replay()

    def _attempt(self) -> Attempt | None:
        view = self.view_functions.get(request.endpoint or "")
        if request.method != "POST" or not getattr(view, "__idempotent__", False):
            return None
        key = key_of_request()
        return Attempt(key) if key else None

    @staticmethod
    def _refused(answered: Any) -> bool:
        """A view that answers an error page itself instead of raising has changed nothing; nothing is committed."""
        return isinstance(answered, Response) and answered.status_code >= 400
