"""The API key as an option of commands."""

from __future__ import annotations

import click

from threadruns._http.secrets import Secret


def hidden(_: click.Context, __: click.Parameter, value: str | None) -> Secret:
    """Wrap the key in a Secret, so that no variable of a command shows it."""
    return Secret(value)
