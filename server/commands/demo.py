"""`flask demo …`: a community to click through. Development only."""

import click
from flask import current_app
from flask.cli import AppGroup

from server.commands import says_one_line
from server.core import clock, database
from server.demo.load import Demo, addresses
from server.places import queries as places

group = AppGroup("demo", help="The demonstration community (development only).")


@group.command("load")
@click.option("--if-empty", is_flag=True, help="Do nothing when the database already holds places.")
@says_one_line
def load(*, if_empty: bool) -> None:
    """Load the demonstration into an empty database."""
    if current_app.extensions["settings"].is_production:
        raise click.ClickException("演示数据只能在开发环境使用。")
    with database.transaction(reads_only=True):
        filled = places.any_place()
    if filled and if_empty:
        return
    if filled:
        raise click.ClickException("数据库里已经有地点，演示数据只装进空的数据库。")
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # the app itself, not the proxy
    Demo(app, clock.now()).load()
    click.echo("演示社区已就绪。")


@group.command("show")
@says_one_line
def show() -> None:
    """Print where to click and the demo sign-ins."""
    with database.transaction(reads_only=True):
        for line in addresses(current_app.extensions["settings"].public_url):
            click.echo(line)
