"""`flask people …`: the first people of an installation, closing accounts, new passwords.

A password is never an argument: arguments are seen by everybody on the machine and stay in the shell's history.
"""

import sys

import click
from flask.cli import AppGroup
from marshmallow import ValidationError

from models.enums import OFFICE_ROLES, Role
from server.commands import says_one_line
from server.core import clock, database
from server.core.schemas import clean
from server.heads import service as heads
from server.identity import service as identity

group = AppGroup("people", help="People who sign in to the console.")
ROLES = {role.value: role for role in Role if role in OFFICE_ROLES}

_from_stdin = click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")


@group.command("create-staff")
@click.option("--name", required=True, help="As the office knows them.")
@click.option("--username", required=True)
@click.option("--role", type=click.Choice(list(ROLES)), required=True)
@click.option("--place", required=True, metavar="CODE", help="Code of the place the role covers.")
@click.option("--department", metavar="NAME", help="Which department of that district; for the role department.")
@_from_stdin
@says_one_line
def create_staff(name: str, username: str, role: str, place: str, department: str | None, password_stdin: bool) -> None:
    """Make somebody who signs in to the console, and appoint them to their first post."""
    try:
        name = clean(name)
    except ValidationError as error:
        raise click.ClickException(str(error.messages[0])) from None
    if not 1 <= len(name) <= 40:
        raise click.ClickException("姓名应为 1 到 40 个字。")
    password = _password(password_stdin)
    now = clock.now()
    with database.transaction():
        person_id = identity.create_staff(name, username, password, now)
        heads.appoint_by_operator(person_id, ROLES[role], place, now, department=department)
    click.echo(f"{username.strip().lower()} 可以登录了，任职：{ROLES[role].zh}。")


@group.command("disable")
@click.argument("username")
@says_one_line
def disable(username: str) -> None:
    """Close an account at once. Its appointments stay on record and give nothing."""
    with database.transaction():
        identity.disable(username, clock.now())
    click.echo("账号已停用，所有登录都已失效。")


@group.command("enable")
@click.argument("username")
@says_one_line
def enable(username: str) -> None:
    """Open a closed account again."""
    with database.transaction():
        identity.enable(username, clock.now())
    click.echo("账号已恢复。")


@group.command("reset-password")
@click.argument("username")
@_from_stdin
@says_one_line
def reset_password(username: str, password_stdin: bool) -> None:
    """Give an account a new password; whoever is signed in with the old one is signed out."""
    password = _password(password_stdin)
    with database.transaction():
        identity.reset_password(username, password, clock.now())
    click.echo("密码已更换，所有登录都已失效。")


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    entered: str = click.prompt("密码", hide_input=True, confirmation_prompt="再输一次")
    return entered
