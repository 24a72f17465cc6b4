"""``threadruns list``: the runs of a thread."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from threadruns import ArgumentError, Client, Run, ThreadrunsError, write_csv, write_json_lines
from threadruns._cli._key import hidden
from threadruns._http.secrets import KEY_VARIABLE, Secret

if TYPE_CHECKING:
    from collections.abc import Iterable

PAGE = 100


@click.command()
@click.argument("thread_id")
@click.option("--limit", type=click.IntRange(min=1), help="Largest number of runs; all by default.")
@click.option("--order", type=click.Choice(["asc", "desc"]), default="desc", show_default=True, help="Order by time.")
@click.option("--after", metavar="RUN_ID", help="Start after this run.")
@click.option("--before", metavar="RUN_ID", help="List the runs before this one, the nearest first.")
@click.option("--format", "form", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)
@click.option("--api-key", callback=hidden, envvar=KEY_VARIABLE, metavar="KEY", show_envvar=True, help="API key.")
@click.option("--base-url", metavar="URL", envvar="OPENAI_BASE_URL", show_envvar=True, help="Base URL of the API.")
@click.option("--beta", default="assistants=v1", show_default=True, help="Value of the OpenAI-Beta header.")
@click.option("--azure-api-version", metavar="VERSION", help="Use Azure's form of the API, in this version.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=60,
    show_default=True,
    help="Timeout per response, in seconds.",
)
def command(
    thread_id: str,
    limit: int | None,
    order: Any,
    after: str | None,
    before: str | None,
    form: str,
    api_key: Secret,
    base_url: str | None,
    beta: str,
    azure_api_version: str | None,
    timeout: float,
) -> None:
    """List the runs of THREAD_ID.

    The format "json" has one run per line with everything that the server sent, "csv" one row per run.

    \b
    threadruns list thread_abc123 --limit 10
    threadruns list thread_abc123 --format json | jq .status
    """
    cursors: dict[str, Any] = {key: value for key, value in {"after": after, "before": before}.items() if value}
    page_size = min(limit or PAGE, PAGE)
    try:
        with Client(
            api_key=api_key.reveal(),
            base_url=base_url,
            beta=beta,
            azure_api_version=azure_api_version,
            timeout=timeout,
        ) as client:
            runs = client.runs.list(thread_id, limit=page_size, order=order, max_items=limit, **cursors)
            match form:
                case "json":
                    write_json_lines(runs, sys.stdout.buffer)
                case "csv":
                    write_csv(runs, sys.stdout)
                case _:
                    show(runs)
    except ArgumentError as error:
        raise click.UsageError(str(error)) from None
    except ThreadrunsError as error:
        raise click.ClickException(str(error)) from None


def show(runs: Iterable[Run]) -> None:
    """Print runs as a table, and the number of each status; runs before an error are printed, too."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("run", "status", "created (UTC)", "model", "tokens", box=None, pad_edge=False, header_style="bold")
    for column in table.columns[:3]:
        column.no_wrap = True
    table.columns[4].justify = "right"
    statuses: Counter[str] = Counter()
    try:
        for run in runs:
            table.add_row(*(Text(printable(cell)) for cell in row(run)))
            statuses[run.status] += 1
    finally:
        console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
        if statuses:
            console.print(table)
        total = statuses.total()
        counts = ", ".join(f"{count} {status}" for status, count in statuses.most_common())
        console.print(Text(f"{total} {'run' if total == 1 else 'runs'}" + (f": {counts}" if counts else "")))


def printable(text: str) -> str:
    """Replace control characters in a text from the server."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def row(run: Run) -> tuple[str, ...]:
    """Return the cells of a run."""
    try:
        created = datetime.fromtimestamp(run.created_at, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        created = str(run.created_at)
    tokens = str(run.usage.total_tokens) if run.usage else ""
    return (run.id, run.status, created, run.model, tokens)
