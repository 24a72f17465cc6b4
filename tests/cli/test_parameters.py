"""Tests of the options that commands have for the query parameters of the document."""

from __future__ import annotations

from typing import Any

import click
import pytest
from click.testing import CliRunner

from threadruns._cli._parameters import parameter_options
from threadruns._cli.list import command as list_command
from threadruns._document import parameter, parameters

SPECS: dict[str, dict[str, Any]] = {
    "limit": {"schema": {"type": "integer"}},
    "status": {"description": "Only these. More.", "schema": {"type": "array", "items": {"enum": ["a", "b"]}}},
    "created[gte]": {"schema": {"type": "integer", "minimum": 1}},
    "archived": {"schema": {"type": "boolean"}},
    "model": {"schema": {"type": "string"}, "required": True},
}


def run(*arguments: str) -> tuple[int, dict[str, Any], str]:
    """Run a command with the options; return its exit code, its arguments and its output."""
    received: dict[str, Any] = {}

    @click.command()
    @parameter_options(SPECS, own=["limit"])
    def command(**given: Any) -> None:
        received.update(given)

    result = CliRunner().invoke(command, arguments)
    return result.exit_code, received, result.output


def test_options_have_the_types_of_the_parameters() -> None:
    """Each parameter is an option with its type; a list is an option that can be repeated."""
    code, received, _ = run("--status", "a", "--status", "b", "--created-gte-", "7", "--archived", "--model", "m")
    assert code == 0
    assert received == {"status": ("a", "b"), "created_gte_": 7, "archived": True, "model": "m"}
    assert run("--model", "m")[1] == {"status": (), "created_gte_": None, "archived": None, "model": "m"}


@pytest.mark.parametrize(
    "arguments", [["--status", "c"], ["--created-gte-", "0"], ["--created-gte-", "x"], [], ["--limit", "1"]]
)
def test_invalid_options(arguments: list[str]) -> None:
    """A value outside of the schema, a missing required option and an option of the command itself are refused."""
    more = ["--model", "m"] if arguments else []
    assert run(*arguments, *more)[0] == 2


def test_help_is_the_first_sentence() -> None:
    """The help of an option is the first sentence of the description."""
    assert "Only these." in run("--help")[2]
    assert "More." not in run("--help")[2]


def test_list_has_an_option_for_each_parameter() -> None:
    """``threadruns list`` has an option for every query parameter, with the order's values and default."""
    options = {option.name: option for option in list_command.params}
    assert set(parameters("query")) <= set(options)
    assert list(options["order"].type.choices) == parameter("order")["enum"]  # type: ignore[attr-defined]
    assert options["order"].default == parameter("order")["default"]
