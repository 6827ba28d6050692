"""`/healthz`: the process answers. `/readyz`: the database answers and its schema is the one this code was written for."""

import sqlalchemy as sa
from flask import Blueprint, Flask, Response, jsonify

from models import migrations
from server.core import database
from server.core.access import open_to_all
from server.core.errors import GENERAL, Problem

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@open_to_all("the load balancer asks it; it tells nothing")
def healthz() -> Response:
    """Alive."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
@open_to_all("the load balancer asks it; it tells nothing")
def readyz() -> Response:
    """Ready to work. 503 while the database is gone or not migrated."""
    found = database.connection().execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    if found != migrations.head():
        raise Problem(503, "not_migrated", GENERAL[503][1])
    return jsonify(status="ok")


def init_app(app: Flask) -> None:
    """Register both endpoints."""
    app.register_blueprint(blueprint)
