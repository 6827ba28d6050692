"""Pages for people without the mini-program: residents at the stairwell code, offices at the console."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Register the pages."""
    from server.web import docs  # noqa: PLC0415

    app.register_blueprint(docs.blueprint)
