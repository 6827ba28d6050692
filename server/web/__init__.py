"""Pages for people without the mini-program: residents at the stairwell code, offices at the console."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Register the pages."""
    from server.web import assets, console, docs
    from server.web.resident.mine import blueprint as mine
    from server.web.resident.pages import blueprint as resident

    assets.init_app(app)
    app.register_blueprint(docs.blueprint)
    app.register_blueprint(console.blueprint)
    app.register_blueprint(resident)
    app.register_blueprint(mine)
