"""`flask privacy …`: what personal data is kept, generated from the models."""

from pathlib import Path

import click
from flask.cli import AppGroup

from server.core import retention

group = AppGroup("privacy", help="What personal data is kept (docs/personal-data.md).")
PAGE = Path(__file__).parents[2] / "docs" / "personal-data.md"


@group.command("write")
def write() -> None:
    """Write docs/personal-data.md."""
    PAGE.write_text(retention.table(), encoding="utf-8")
    click.echo("docs/personal-data.md written")
