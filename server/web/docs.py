"""`/docs`: the API's contract, browsable, with local assets only."""

from pathlib import Path

import flask_swagger_ui
from flask import Blueprint, Response, render_template, send_from_directory

from server.core.access import open_to_all

DIST = Path(flask_swagger_ui.__file__).parent / "dist"
blueprint = Blueprint("docs", __name__)


@blueprint.get("/docs")
@open_to_all("the contract is public; calling it needs a token")
def page() -> Response:
    """Swagger UI."""
    response = Response(render_template("docs.html"))
    # Swagger UI sets style attributes; nothing else on this page does anything.
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'"
    )
    return response


@blueprint.get("/docs/assets/<path:name>")
@open_to_all("static files of the contract's page")
def assets(name: str) -> Response:
    """Swagger UI's own files."""
    return send_from_directory(DIST, name, max_age=86400)
