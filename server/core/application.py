"""The Flask application: one transaction a request, repeated POSTs answered once."""

from typing import Any

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue

from server.core import database
from server.core.idempotency import Attempt, key_of_request

READING = frozenset({"GET", "HEAD", "OPTIONS"})


class Application(Flask):
    """Flask that commits after the view returned and before the answer is sent; any exception rolls back.

    A client that saw 201 therefore never loses its report, and a failed commit is still answered as a problem.
    """

    def dispatch_request(self) -> ResponseReturnValue:
        """Run the view inside its transaction."""
        database.expect_reads_only(request.method in READING)
        attempt = self._attempt()
        if attempt is not None:
            replayed = attempt.replay()
            if replayed is not None:
                return replayed
        answered: Any = super().dispatch_request()
        if attempt is not None:
            answered = self.make_response(answered)
            attempt.remember(answered)
        if not self._refused(answered):
            database.commit()
        return answered  # type: ignore[no-any-return]

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
