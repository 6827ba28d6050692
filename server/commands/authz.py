"""`flask authz …`: the table of who may call what, generated from the routes."""

import csv
import io
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from models.enums import Role
from server.rules.permissions import EVERYONE, GRANTS

group = AppGroup("authz", help="Who may call what (docs/authz.csv).")
TABLE = Path(__file__).parents[2] / "docs" / "authz.csv"


def table(app: Flask) -> str:
    """CSV: method, route, permission, then one column for "nobody signed in", "anybody signed in" and each role."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["method", "route", "permission", "anonymous", "signed_in", *Role])
    for rule in sorted(app.url_map.iter_rules(), key=lambda r: (r.rule, r.endpoint)):
        if rule.endpoint == "static" or rule.endpoint.endswith(".static"):
            continue
        view = app.view_functions[rule.endpoint]
        needs = getattr(view, "__needs__", None)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            if needs is None:
                marks = ["yes"] * (2 + len(Role))
            else:
                every = needs in EVERYONE
                marks = ["", "yes" if every else "", *("yes" if every or needs in GRANTS[r] else "" for r in Role)]
            why = getattr(view, "__open_to_all__", "")
            writer.writerow([method, rule.rule, str(needs) if needs else f"open: {why}", *marks])
    return out.getvalue()


@group.command("write")
def write() -> None:
    """Write docs/authz.csv."""
    TABLE.write_text(table(current_app), encoding="utf-8")
    click.echo("docs/authz.csv written")


@group.command("check")
def check() -> None:
    """Fail when docs/authz.csv is not what the routes say."""
    if not TABLE.exists() or TABLE.read_text(encoding="utf-8") != table(current_app):
        raise click.ClickException("docs/authz.csv is out of date: run `flask authz write`")
