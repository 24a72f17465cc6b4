"""``threadruns document``: print the OpenAPI document or its path."""

from __future__ import annotations

import sys

import click

from threadruns import _document
from threadruns._cli._output import standard_output


@click.command()
@click.option(
    "--format",
    "output_format",
    default="yaml",
    show_default=True,
    type=click.Choice(["yaml", "json"]),
    help="Format of the document.",
)
@click.option("--path", is_flag=True, help="Print the path of the file instead of its content.")
def command(output_format: str, path: bool) -> None:
    """Print the OpenAPI document that this version implements.

    \b
    threadruns document --format json > openapi.json
    schemathesis run "$(threadruns document --path)" --url http://127.0.0.1:8000/v1
    """
    if path:
        click.echo(_document.path(output_format))
        return
    with standard_output():
        # Bytes, so that the output is the file, whatever the encoding of the terminal.
        sys.stdout.buffer.write(_document.path(output_format).read_bytes())
