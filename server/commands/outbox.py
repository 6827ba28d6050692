"""`flask outbox …`: what waits to be done after commits, what could not be done, and trying it again."""

import click
from flask import current_app
from flask.cli import AppGroup

from server.commands import says_one_line
from server.core import clock, database, outbox_ledger
from server.jobs import relay

group = AppGroup("outbox", help="Messages and other work after commits.")


@group.command("status")
@says_one_line
def status() -> None:
    """How many entries of each kind wait, are done, or could not be done."""
    with database.transaction(reads_only=True):
        standings = outbox_ledger.standings()
    for row in standings:
        since = f", oldest due {row.oldest_due.isoformat(timespec='seconds')}" if row.oldest_due else ""
        click.echo(f"{row.kind:<16}{row.waiting} waiting, {row.done} done, {row.dead} dead{since}")
    if not standings:
        click.echo("the outbox is empty")


@group.command("dead")
@says_one_line
def dead() -> None:
    """The newest entries that could not be done, each with its reason."""
    with database.transaction(reads_only=True):
        letters = outbox_ledger.dead_letters()
    for letter in letters:
        at = letter.dead_at.isoformat(timespec="seconds")
        click.echo(f"{letter.id:<10}{letter.kind:<16}{at}  {letter.attempts} attempts  {letter.error}")
    if not letters:
        click.echo("no dead letters")


@group.command("retry")
@click.argument("entry", type=int)
@says_one_line
def retry(entry: int) -> None:
    """Give the dead letter ENTRY another 72 hours."""
    with database.transaction():
        revived = outbox_ledger.retry(entry, clock.now())
    if not revived:
        raise click.ClickException(f"there is no dead letter {entry}")
    click.echo(f"{entry} is due now")


@group.command("run")
@says_one_line
def run() -> None:
    """Do what is due, once (where cron is preferred to a process)."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # the app itself, not the proxy
    done = relay.run(app)
    for line in done:
        click.echo(line)
    if not done:
        click.echo("nothing was due")
