"""`flask departments …`: the departments of a district that whistles call."""

import click
from flask.cli import AppGroup
from marshmallow import ValidationError

from server.commands import says_one_line
from server.core import clock, database
from server.departments import service
from server.departments.schemas import NewDepartmentSchema

group = AppGroup("departments", help="Departments of a district (docs/whistle.md).")


@group.command("add")
@click.option("--district", required=True, metavar="CODE", help="Code of the district.")
@click.option("--name", required=True)
@click.option("--duty", default="", help="What it is called for, in words.")
@says_one_line
def add(district: str, name: str, duty: str) -> None:
    """Register a department, so that people can be appointed to it and it can be called."""
    try:
        body = NewDepartmentSchema().load({"name": name, "duty": duty})
    except ValidationError as error:
        messages = [message for found in error.messages_dict.values() for message in found]
        raise click.ClickException("；".join(messages)) from None
    with database.transaction():
        service.register_by_operator(district, body["name"], body["duty"], clock.now())
    click.echo(f"已登记：{body['name']}。")
