"""flask-smorest, taught our manners: problems as RFC 9457, unknown query fields refused, rights shown in the contract."""

from copy import deepcopy
from dataclasses import fields
from datetime import datetime
from functools import cache, wraps
from http import HTTPStatus
from types import NoneType
from typing import Any

import flask_smorest
import marshmallow as ma
from flask import Flask, Request, Response, current_app
from flask_smorest.utils import prepare_response
from webargs.flaskparser import FlaskParser
from werkzeug.datastructures import CombinedMultiDict
from werkzeug.exceptions import BadRequest

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
        "multipart": None,
    }
    __location_map__ = {**FlaskParser.__location_map__, "multipart": "load_multipart"}  # noqa: RUF012 -- the same

    def _raw_load_json(self, req: Request) -> Any:
        try:
            return super()._raw_load_json(req)
        except RecursionError:  # a megabyte of opening brackets is no JSON of ours
            raise BadRequest from None

    def load_querystring(self, req: Request, schema: ma.Schema) -> Any:
        """The query's values. Asking werkzeug for each that is not there costs more than the list of issues does."""
        if any(isinstance(field, ma.fields.List | ma.fields.Tuple) for field in schema.load_fields.values()):
            return super().load_querystring(req, schema)
        return req.args.to_dict()

    def load_multipart(self, req: Request, schema: ma.Schema) -> Any:
        """Fields and files of one form, so that the contract shows them as the one body they are."""
        return self._makeproxy(CombinedMultiDict([req.form, req.files]), schema)


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


_READY = frozenset({str, int, bool, NoneType})


def plain(value: Any) -> Any:
    """Frozen dataclasses, named tuples and what they hold, as JSON's own types; moments as RFC 3339 in UTC."""
    if isinstance(value, str | int | NoneType):  # words are strings too
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list | tuple):
        if hasattr(value, "_fields"):  # a row with names
            pairs = zip(value._fields, value, strict=True)
            return {name: inner if inner.__class__ in _READY else plain(inner) for name, inner in pairs}
        return [plain(inner) for inner in value]
    return {name: plain(getattr(value, name)) for name in _names(value.__class__)}


class Blueprint(flask_smorest.Blueprint):
    """A room's routes. The contract says of each what right it needs and whether it may be repeated."""

    ARGUMENTS_PARSER = _Parser()
    DEFAULT_LOCATION_CONTENT_TYPE_MAPPING = {  # noqa: RUF012 -- flask-smorest declares it so
        **flask_smorest.Blueprint.DEFAULT_LOCATION_CONTENT_TYPE_MAPPING,
        "multipart": "multipart/form-data",
    }

    def arguments(self, schema: Any, **options: Any) -> Any:
        """As flask-smorest, but with one instance of the schema for all requests: building one costs more than using it."""
        return super().arguments(schema() if isinstance(schema, type) else schema, **options)

    def response(self, status_code: int, schema: Any = None, *, ready: bool = False, **options: Any) -> Any:
        """As flask-smorest. `ready`: what the view returns already has the schema's shape (a frozen dataclass with its
        field names) and is written as it is; for hot routes, whose tests load the answer with the schema.
        """
        documented = super().response(status_code, schema, **options)
        if not ready:
            return documented

        def decorate(view: Any) -> Any:
            @wraps(view)
            def answered(*args: Any, **kwargs: Any) -> Response:
                text = current_app.json.dumps(plain(view(*args, **kwargs)))
                return current_app.response_class(text, status_code, content_type="application/json")

            return documented(answered)

        return decorate

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
        if getattr(view_func, "__slowed__", None):
            manual["responses"] = {"429": HTTPStatus.TOO_MANY_REQUESTS.name}
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
            if status == HTTPStatus.TOO_MANY_REQUESTS:
                told = {"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 1}}
                response["headers"] = {"Retry-After": told}
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
