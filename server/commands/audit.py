"""`flask audit verify`."""

import click
from flask.cli import AppGroup

from server.commands import says_one_line
from server.core import audit, database

group = AppGroup("audit", help="The audit trail.")


@group.command("verify")
@says_one_line
def verify() -> None:
    """Walk the hash chain; name the first bad row and exit with 1 if there is one."""
    with database.transaction(reads_only=True):
        count, broken = audit.verify()
    if broken:
        raise click.ClickException(f"audit row {broken.event_id}: {broken.what}")
    click.echo(f"{count} rows, the chain holds")
