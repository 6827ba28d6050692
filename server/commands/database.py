"""`flask database …`: bring the schema up, compare it with the models, write a revision."""

import click
from flask.cli import AppGroup

from models import migrations
from server.commands import says_one_line
from server.core import database

group = AppGroup("database", help="Schema of the database.")


@group.command("upgrade")
@says_one_line
def upgrade() -> None:
    """Migrate to the newest schema. Safe to call from several starting servers."""
    with database.transaction() as connection:
        migrations.upgrade(connection)
    click.echo(f"database is at {migrations.head()}")


@group.command("downgrade")
@click.argument("revision")
@says_one_line
def downgrade(revision: str) -> None:
    """Take the schema down to a revision ("base" empties it)."""
    with database.transaction() as connection:
        migrations.downgrade(connection, revision)
    click.echo(f"database is at {revision}")


@group.command("check")
@says_one_line
def check() -> None:
    """Fail when the models say something that no migration says."""
    with database.transaction() as connection:
        differences = migrations.differences(connection)
    if differences:
        raise click.ClickException("models and migrations differ: " + "; ".join(differences))
    click.echo("models and migrations agree")


@group.command("revision")
@click.argument("message")
@says_one_line
def revision(message: str) -> None:
    """Write a new migration from the difference between models and database. Read it before you keep it."""
    from alembic import command

    with database.transaction() as connection:
        known = len(list((migrations.HERE / "versions").glob("0*.py")))
        command.revision(migrations.config(connection), message, autogenerate=True, rev_id=f"{known + 1:04d}")
