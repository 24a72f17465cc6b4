"""The key as commands take it."""

from __future__ import annotations

import click

from threadruns._http.secrets import Secret


def hidden(_: click.Context, __: click.Parameter, value: str | None) -> Secret:
    """Return the key so that no variable of a command shows it."""
    return Secret(value)
