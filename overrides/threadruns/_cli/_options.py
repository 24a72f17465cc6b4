"""Options that several commands have: the API key, and the database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from threadruns._http.secrets import Secret


def hidden(_: click.Context, __: click.Parameter, value: str | None) -> Secret:
    """Wrap the key in a Secret, so that no variable of a command shows it."""
    return Secret(value)


F = TypeVar("F", bound=Callable[..., Any])


def persistent(_: click.Context, __: click.Parameter, db: str | None) -> str | None:
    """Refuse a database in memory, for a command that only fills or reads it."""
    if db == ":memory:":
        raise click.BadParameter("A database in memory ends with the command; give the name of a file.")
    return db


def database_option(text: str, *, required: bool = False) -> Callable[[F], F]:
    """Return the option ``--db``, whose value may also be in the environment, where other users cannot read it.

    Args:
        text: The help.
        required: The command needs a database that outlives it.
    """
    return click.option(
        "--db",
        required=required,
        callback=persistent if required else None,
        type=click.Path(dir_okay=False),
        metavar="FILE|URL",
        envvar="THREADRUNS_DB",
        show_envvar=True,
        help=text,
    )
