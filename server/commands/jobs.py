"""`flask jobs …`: look at the background work, or do what is due once (where cron is preferred to a process)."""

import click
from flask import current_app
from flask.cli import AppGroup

from server.commands import says_one_line
from server.core import database
from server.jobs import ledger, runner

group = AppGroup("jobs", help="Background work.")


@group.command("status")
@says_one_line
def status() -> None:
    """The newest slot of every job, and how it stands."""
    with database.transaction(reads_only=True):
        states = ledger.newest()
    for state in states:
        how = f"done {state.done_at.isoformat(timespec='seconds')}" if state.done_at else "not done"
        trouble = f", {state.attempts} attempts, last failed with {state.error}" if state.error else ""
        click.echo(f"{state.name:<26}{state.slot:<18}{how}{trouble}")
    if not states:
        click.echo("nothing ran yet")


@group.command("tick")
@says_one_line
def tick() -> None:
    """Run what is due and not done, once."""
    done = runner.tick(current_app._get_current_object())  # type: ignore[attr-defined]  # the app itself, not the proxy
    for line in done:
        click.echo(f"done: {line}")
    if not done:
        click.echo("nothing was due")
