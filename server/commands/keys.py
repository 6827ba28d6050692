"""`flask keys make`: the first API key of an installation (docs/open311.md). The district makes the others at the console."""

import click
from flask.cli import AppGroup
from marshmallow import ValidationError

from server.commands import says_one_line
from server.core import clock, database
from server.open311 import service
from server.open311.schemas import NewKeySchema

group = AppGroup("keys", help="API keys of other systems (docs/open311.md).")


@group.command("make")
@click.option("--place", required=True, metavar="CODE", help="Code of the district, street or community it files for.")
@click.option("--jurisdiction", required=True, metavar="NAME", help="jurisdiction_id in Open311's words.")
@click.option("--name", required=True, help="Which system, and who answers for it.")
@says_one_line
def make(place: str, jurisdiction: str, name: str) -> None:
    """Make a key and print it: the only time it is seen."""
    try:
        body = NewKeySchema(only=("jurisdiction", "name")).load({"jurisdiction": jurisdiction, "name": name})
    except ValidationError as error:
        raise click.ClickException(
            "；".join(word for words in error.messages_dict.values() for word in words)
        ) from None
    with database.transaction():
        made = service.make_key_by_operator(place, **body, now=clock.now())
    click.echo(made.key)
