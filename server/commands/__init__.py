"""The terminal's door: `flask month close`, `flask issues import` … One file for each group of words.

A command says one clear line when something is wrong and exits with 1; never a traceback.
"""

import importlib
import pkgutil
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import click
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from server.core.errors import Problem

P = ParamSpec("P")
R = TypeVar("R")


def says_one_line(command: Callable[P, R]) -> Callable[P, R]:
    """Turn refusals and database trouble into one line on standard error and exit code 1."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except Problem as problem:
            raise click.ClickException(
                "；".join([problem.detail or "", *(e.message for e in problem.errors)])
            ) from None
        except SQLAlchemyError as error:
            cause = getattr(error, "orig", None) or error
            raise click.ClickException(f"数据库不可用：{str(cause).splitlines()[0][:200]}") from None

    return run


def init_app(app: Flask) -> None:
    """Register the `group` of every file in this folder."""
    for found in pkgutil.iter_modules(__path__):
        app.cli.add_command(importlib.import_module(f"{__name__}.{found.name}").group)
