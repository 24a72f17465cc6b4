"""Options of a command for the query parameters of the document."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

import click

from threadruns._document import resolve

Command = Callable[..., Any]


def parameter_options(
    specs: Mapping[str, Mapping[str, Any]], *, own: Collection[str] = ()
) -> Callable[[Command], Command]:
    """Return a decorator that adds an option for each query parameter.

    Args:
        specs: The parameters of the document by name.
        own: The parameters for which the command has options of its own.
    """
    options = [_option(name, spec) for name, spec in specs.items() if name not in own]

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def _option(name: str, spec: Mapping[str, Any]) -> Callable[[Command], Command]:
    schema = spec["schema"]
    is_list = schema.get("type") == "array"
    argument = re.sub(r"\W", "_", name)
    flag = argument.replace("_", "-")
    described = re.match(r"[^.]*\.?", spec.get("description") or schema.get("description") or "")
    # click takes a default of None for the value of a required option.
    presence: dict[str, Any] = {"required": True} if spec.get("required") else {"default": () if is_list else None}
    return click.option(
        f"--{flag}/--no-{flag}" if schema.get("type") == "boolean" else f"--{flag}",
        argument,
        type=_type(resolve(schema.get("items", {})) if is_list else schema),
        multiple=is_list,
        help=described[0] if described else None,
        **presence,
    )


def _type(schema: Mapping[str, Any]) -> Any:
    """Return the type of click for the values of a schema."""
    if "enum" in schema:
        return click.Choice(schema["enum"])
    low, high = schema.get("minimum"), schema.get("maximum")
    match schema.get("type"):
        case "integer":
            return click.IntRange(low, high)
        case "number":
            return click.FloatRange(low, high)
        case "boolean":
            return click.BOOL
        case _:
            return click.STRING
