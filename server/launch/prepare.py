"""`python -m server.launch.prepare`: what `up` does before it starts anything, in one process to be quick.

The same as `flask database upgrade`, `flask demo load --if-empty` and `flask demo show`. What it prints is for people.
"""

import os
import sys

import click
from flask import Flask
from flask.cli import ScriptInfo

from server.app import create_app
from server.config import Settings


def main() -> int:
    """Migrate; outside production also load the demo community into an empty database and say how to sign in."""
    settings = Settings.from_env()
    app = create_app(settings)
    try:
        _run(app, "database", "upgrade", quiet=True)
        if not settings.is_production:
            _run(app, "demo", "load", "--if-empty")
            _run(app, "demo", "show")
    except click.ClickException as refusal:
        sys.stdout.write(refusal.format_message() + "\n")
        return 1
    return 0


def _run(app: Flask, *words: str, quiet: bool = False) -> None:
    """One `flask` command, as if typed."""
    out = sys.stdout
    try:
        if quiet:
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115 -- closed below
        app.cli.main(list(words), prog_name="flask", standalone_mode=False, obj=ScriptInfo(create_app=lambda: app))
    finally:
        if quiet:
            sys.stdout.close()
        sys.stdout = out


if __name__ == "__main__":
    sys.exit(main())
