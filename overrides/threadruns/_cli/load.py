"""``threadruns load``: load runs from files into a database."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from threadruns._cli._options import database_option
from threadruns._cli._output import Failure
from threadruns._text import printable
from threadruns.server.store import Store, open_store
from threadruns.server.store.errors import StoreError
from threadruns.server.store.loading import FileRejected, Invalid, Reported, load


def loading_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that decide what is done with the runs of a file."""
    invalid = click.option(
        "--invalid",
        type=click.Choice(["keep", "skip", "raise"]),
        default="keep",
        show_default=True,
        help="Keep runs that break the document, skip them, or refuse their file.",
    )
    replace = click.option(
        "--replace", is_flag=True, help="Store a run in place of an earlier version, such as one that was queued then."
    )
    return invalid(replace(function))


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(dir_okay=False, allow_dash=True), metavar="FILE...")
@database_option("SQLite file, created if it is missing, or URL of a PostgreSQL database.", required=True)
@loading_options
@click.option("--skip-bad", is_flag=True, help="If a file has bad runs, load the other ones, and exit with 1.")
def command(files: tuple[str, ...], db: str, invalid: Invalid, replace: bool, skip_bad: bool) -> None:
    """Load runs from FILEs into a database that `threadruns serve --db` serves.

    A file has JSON lines, an array or list responses, with or without gzip; - is standard input. A file is loaded
    completely or not at all; loading it again changes nothing.

    Every run that has an id, a thread_id and a created_at is stored; those that break the document are reported. A bad
    run cannot be stored, or its id is stored already with other content. The exit code is 1 if a file has bad runs or
    cannot be read, and 4 if the database cannot be used.

    \b
    threadruns load archive.jsonl.gz --db runs.db
    threadruns load today.jsonl --db runs.db --replace
    threadruns serve --db runs.db
    """
    try:
        with closing(open_store(db, notify=notify)) as store:
            complete = [load_file(store, path, invalid=invalid, replace=replace, skip_bad=skip_bad) for path in files]
    except StoreError as error:
        raise Failure(str(error)) from error
    if not all(complete):
        raise SystemExit(1)


def notify(sentence: str) -> None:
    """Show what was found when a database was opened."""
    click.echo(sentence, err=True)


def load_file(
    store: Store, path: str, *, invalid: Invalid = "keep", replace: bool = False, skip_bad: bool = False
) -> bool:
    """Load one file, and show the progress and the result.

    Returns:
        Whether the file has no bad run and could be read.

    Raises:
        StoreError: The database cannot be used.
    """
    if "://" in path:  # Its password must not be shown, as the name of a file would be.
        raise click.UsageError("A URL is not a file of runs; copy a database with threadruns convert.")
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    try:
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task(os.path.basename(path), total=os.stat(0 if path == "-" else path).st_size or None)
            loaded = load(
                store,
                path,
                invalid=invalid,
                replace=replace,
                skip_bad=skip_bad,
                progress=lambda size: bar.advance(task, size),
            )
    except OSError as error:
        click.echo(f"Error: Cannot read {path!r}: {error.strerror or error}.", err=True)
        return False
    except FileRejected as rejected:
        _report(path, rejected.loaded.bad)
        advice = "Correct the file, or load the other runs with threadruns load --skip-bad."
        click.echo(f"Error: {printable(str(rejected))} {advice}", err=True)
        return False
    _report(path, loaded.bad)
    _report(path, loaded.invalid)
    if (broken := loaded.invalid.runs) > 0:
        one = broken == 1
        what = "skipped" if invalid == "skip" else "kept as it is" if one else "kept as they are"
        text = "run breaks the document and is" if one else "runs break the document and are"
        click.echo(f"{path}: {broken} {text} {what}", err=True)
    counts = {"new": loaded.new, "unchanged": loaded.unchanged, "replaced": loaded.replaced if replace else None}
    skipped = loaded.bad.runs + (loaded.invalid.runs if invalid == "skip" else 0)
    shown = [f"{number} {name}" for name, number in (counts | {"skipped": skipped}).items() if number is not None]
    click.echo(f"{path}: {', '.join(shown)}")
    return not loaded.bad.runs


def _report(path: str, reported: Reported) -> None:
    for run in reported.first:
        click.echo(f"{path}:{run.line}: {printable(run.reason)}", err=True)
    if reported.runs > len(reported.first):
        click.echo(f"... and {reported.runs - len(reported.first)} more", err=True)
