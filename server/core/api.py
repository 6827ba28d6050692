"""flask-smorest, taught our manners: problems as RFC 9457, unknown query fields refused, rights shown in the contract."""

from copy import deepcopy
from http import HTTPStatus
from typing import Any

import flask_smorest
import marshmallow as ma
from flask import Flask
from flask_smorest.utils import prepare_response
from webargs.flaskparser import FlaskParser

from server.core.errors import PROBLEM_JSON
from server.core.schemas import ProblemSchema

PREFIX = "/api/v1"


class _Parser(FlaskParser):
    DEFAULT_UNKNOWN_BY_LOCATION = {  # noqa: RUF012 -- webargs declares it so
        "json": None,
        "query": ma.RAISE,
        "form": ma.RAISE,
        "json_or_form": None,
        "headers": ma.EXCLUDE,
        "files": ma.RAISE,
    }


class Blueprint(flask_smorest.Blueprint):
    """A room's routes. The contract says of each what right it needs and whether it may be repeated."""

    ARGUMENTS_PARSER = _Parser()

    def add_url_rule(self, rule: str, endpoint: Any = None, view_func: Any = None, *args: Any, **options: Any) -> None:
        """Register a route and write its rights into the contract."""
        manual: dict[str, Any] = {}
        needs = getattr(view_func, "__needs__", None)
        if needs is not None:
            manual = {"security": [{"bearer": []}], "x-permission": str(needs)}
        elif hasattr(view_func, "__open_to_all__"):
            manual = {"security": [], "x-open-to-all": view_func.__open_to_all__}
        if getattr(view_func, "__idempotent__", False):
            manual["parameters"] = [
                {
                    "in": "header",
                    "name": "Idempotency-Key",
                    "required": False,
                    "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{16,80}$"},
                    "description": "Kept 7 days: the same key and body get the same answer; another body gets 422.",
                }
            ]
        if manual and view_func is not None:
            view_func._apidoc = deepcopy(getattr(view_func, "_apidoc", {}))
            view_func._apidoc.setdefault("manual_doc", {}).update(manual)
        super().add_url_rule(rule, endpoint, view_func, *args, **options)


class Api(flask_smorest.Api):
    """The API and its contract."""

    ERROR_SCHEMA = ProblemSchema

    def _register_error_handlers(self) -> None:
        """Errors are answered by `server.core.errors` alone."""

    def _register_responses(self) -> None:
        for status in HTTPStatus:
            response: dict[str, Any] = {"description": status.phrase}
            if status >= 400:
                response["schema"] = self.ERROR_SCHEMA
            prepare_response(response, self.spec, PROBLEM_JSON)
            self.spec.components.response(status.name, response, lazy=True)
        response = {"description": "Problem", "schema": self.ERROR_SCHEMA}
        prepare_response(response, self.spec, PROBLEM_JSON)
        self.spec.components.response("DEFAULT_ERROR", response, lazy=True)


def init_app(app: Flask) -> Api:
    """Create the API with its contract at `/api/v1/openapi.json`."""
    app.config.update(
        API_TITLE="楼长 Louzhang",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=PREFIX,
        API_SPEC_OPTIONS={
            "info": {"description": "The neighbourhood ledger. Errors are RFC 9457 problems with a Chinese `detail`."},
            "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
        },
    )
    api = Api()
    api.init_app(app)
    return api
